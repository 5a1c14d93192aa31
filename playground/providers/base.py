"""The Provider protocol and the driver all providers share. Knows no wire format and no SDK.

An adapter only turns one wire format into events. Everything that must be the same for
all of them lives here: deadlines, the single retry, the end-marker check, the pump task.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from importlib import import_module
from typing import Protocol, Self

from ..errors import ProviderError
from ..types import Event, Finished, Request, Started, TextDelta, ThinkingDelta, Waiting
from .watch import Watch


class Provider(Protocol):
    """Who serves a model. One file per wire protocol."""

    def stream(self, request: Request, key: str | None = None) -> AsyncGenerator[Event]:
        """Any number of Waiting, exactly one Started, deltas, exactly one Finished; or ProviderError.

        `key` replaces the owner's key for this call alone. Cancelling the task that iterates
        closes the upstream socket.
        """
        ...


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a provider is reached, and how its errors name it to people.

    `key_name` is the environment variable that holds the key. `api_key` stays out of every repr.
    """

    label: str
    key_name: str | None = None
    api_key: str | None = field(default=None, repr=False)
    base_url: str | None = None


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Our own limits in seconds: keep-alive pings reset every read time-out, these they do not."""

    first_token_s: float = 120.0
    idle_s: float = 60.0
    total_s: float = 900.0


async def load_sdk(module: str) -> None:
    """Imports an SDK before its first use, off the loop: in the 2 s that takes every other answer would stand still."""
    if module not in sys.modules:
        await asyncio.to_thread(import_module, module)


LONGEST_PAUSE_S = 10.0
DEFAULT_PAUSE_S = 0.5
RETRIED = frozenset({"connection", "overloaded", "rate_limit", "server", "truncated"})


async def drive(
    provider: Provider,
    request: Request,
    key: str | None = None,
    deadlines: Deadlines = Deadlines(),
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> AsyncGenerator[Event]:
    """One call, made good: retried once before the first delta and never after, bounded in time.

    What fails before Started never went out: its provider is not ready, and asking again would not make it so.

    Raises ProviderError; what was yielded before it stands.
    """
    started = answered = retried = False
    while True:
        try:
            async with aclosing(_attempt(provider, request, key, deadlines)) as events:
                async for event in events:
                    if isinstance(event, Started):
                        if started:
                            continue
                        started = True
                    elif isinstance(event, TextDelta | ThinkingDelta):
                        answered = True
                    yield event
            return
        except ProviderError as error:
            pause_s = _pause_before_retry(error)
            if retried or answered or not started or pause_s is None:
                raise
        retried = True
        await sleep(pause_s)


def _pause_before_retry(error: ProviderError) -> float | None:
    """Seconds to wait before asking again, None when asking again is no use or too far off."""
    if error.kind not in RETRIED:
        return None
    pause_s = DEFAULT_PAUSE_S if error.retry_after_s is None else error.retry_after_s
    return pause_s if pause_s <= LONGEST_PAUSE_S else None


async def _attempt(
    provider: Provider, request: Request, key: str | None, deadlines: Deadlines
) -> AsyncGenerator[Event]:
    clock = asyncio.get_running_loop().time
    overall = 0.0
    wrote = False
    async with aclosing(provider.stream(request, key)) as events:
        with Watch() as watch:
            while True:
                try:
                    event = await watch.wait(anext(events))
                except StopAsyncIteration:
                    raise ProviderError(
                        "truncated",
                        f"{request.model.name}: the answer broke off before its end. What arrived is kept; try again.",
                    ) from None
                except TimeoutError:
                    raise _timed_out(request, deadlines, clock() >= overall, wrote) from None
                match event:
                    case Waiting():
                        pass
                    case Started():
                        overall = clock() + deadlines.total_s
                        watch.limit = min(overall, clock() + deadlines.first_token_s)
                    case TextDelta() | ThinkingDelta():
                        wrote = wrote or isinstance(event, TextDelta)
                        watch.limit = min(overall, clock() + deadlines.idle_s)
                    case Finished():
                        if event.reason == "content_filter" and not wrote:
                            raise _blocked(request, event.detail)
                        yield event
                        return
                yield event


def _timed_out(request: Request, deadlines: Deadlines, overall: bool, wrote: bool) -> ProviderError:
    if overall:
        what = f"did not finish within {deadlines.total_s:g} s"
    elif wrote:
        what = f"stopped writing for {deadlines.idle_s:g} s"
    else:
        what = f"sent nothing for {deadlines.first_token_s:g} s"
    return ProviderError("timeout", f"{request.model.name} {what}. Try again, or choose another model.")


def _blocked(request: Request, detail: str) -> ProviderError:
    why = f" ({detail})" if detail else ""
    return ProviderError(
        "blocked", f"{request.model.name} declined to answer this{why}. Rephrase it, or choose another model."
    )


@dataclass
class Load:
    """How many streams run in this process, and how long each of them rests between two looks at its socket.

    Waking up costs more than what is read then. A reader sees an answer a few times a second, and where many run it
    makes no difference to anyone whether tokens were fetched one by one; while a socket is not read, they wait there.
    Who wakes late finds the loop with more to do than it can: all rest longer then, or a question that comes to it now
    would wait behind all that is read, once for each step of its start.
    """

    active: int = 0
    late_s: float = 0.0  # how late they wake, of late

    def rest_s(self) -> float:
        if self.active <= FEW:
            return 0.0
        usual = min((self.active - FEW) * REST_PER_STREAM_S, LONGEST_REST_S)
        return usual + min(REST_PER_LATE_S * self.late_s, LONGEST_MORE_S)

    async def rest(self) -> None:
        if rest_s := self.rest_s():
            due = time.perf_counter() + rest_s
            await asyncio.sleep(rest_s)
            self.woke(time.perf_counter() - due)

    def woke(self, late_s: float) -> None:
        bounded = min(max(late_s, 0.0), LONGEST_MORE_S)  # a machine may have slept
        self.late_s += (bounded - self.late_s) * NEWEST_SHARE


FEW = 8
REST_PER_STREAM_S, LONGEST_REST_S = 0.0005, 0.15
REST_PER_LATE_S, LONGEST_MORE_S = 2.0, 0.3
NEWEST_SHARE = 0.1  # of one waking in `late_s`
# Events that follow each other this fast had arrived together.
TOGETHER_S = 0.005


class Pump:
    """Runs one event stream in a task of its own and hands over whatever has arrived since last asked.

    The reader sets the pace, the stream never waits for the reader: a slow page costs nothing upstream
    and falls behind by nothing. Leaving the `async with` cancels the task, which closes the socket
    (google-genai closes it in no other way).

    `ended`, if given, is set when the stream is over. `ttft_s`, `thinking_s` (the first text after thinking) and
    `duration_s` are seconds since Started, taken when events arrive, not when they are read. Where many streams run an
    event arrives at the end of a rest of theirs.
    """

    def __init__(
        self, events: AsyncGenerator[Event], load: Load | None = None, ended: asyncio.Event | None = None
    ) -> None:
        self._events = events
        self._load = load or Load()
        self._ended = ended or asyncio.Event()
        self._arrived: list[Event] = []
        self._wake = asyncio.Event()
        self._over = False
        self._error: Exception | None = None
        self._started_at: float | None = None
        self.ttft_s: float | None = None
        self.thinking_s: float | None = None
        self._thought = self._wrote = False
        self._ended_at: float | None = None

    @property
    def duration_s(self) -> float:
        if self._started_at is None:
            return 0.0
        return (self._ended_at or time.perf_counter()) - self._started_at

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> list[Event]:
        """Everything new, at least one event. Raises the stream's own error after its last event."""
        await self._wake.wait()
        if self._arrived:
            batch, self._arrived = self._arrived, []
            if not self._over:
                self._wake.clear()
            return batch
        if self._error is not None:
            raise self._error
        raise StopAsyncIteration

    async def _run(self) -> None:
        looked = time.perf_counter()
        self._load.active += 1
        try:
            async with aclosing(self._events) as events:
                async for event in events:
                    self._note_time(event)
                    self._arrived.append(event)
                    self._wake.set()
                    if self.ttft_s is not None and time.perf_counter() - looked > TOGETHER_S:
                        await self._load.rest()
                        looked = time.perf_counter()
        except Exception as error:  # handed to the reader, who asked for this stream
            self._error = error
        finally:
            self._load.active -= 1
            self._ended_at = time.perf_counter()
            self._over = True
            self._wake.set()
            self._ended.set()

    def _note_time(self, event: Event) -> None:
        if isinstance(event, Started):
            self._started_at = time.perf_counter()
        elif isinstance(event, TextDelta | ThinkingDelta):
            if self.ttft_s is None:
                self.ttft_s = self.duration_s
            if isinstance(event, ThinkingDelta):
                self._thought = True
            elif not self._wrote:
                self._wrote = True
                self.thinking_s = self.duration_s if self._thought else None
