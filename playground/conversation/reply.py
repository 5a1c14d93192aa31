"""Contender + history -> a growing Reply. Knows neither wire formats nor pages."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..errors import ProviderError
from ..models import tokens
from ..models.catalog import Catalog
from ..models.pricing import cost
from ..providers.base import Deadlines, Provider, Pump, drive
from ..types import (
    Contender,
    Event,
    Finished,
    FinishReason,
    Message,
    ModelSpec,
    Request,
    Started,
    TextDelta,
    ThinkingDelta,
    Usage,
    Waiting,
)
from .allowance import Allowance, Free, Grant, bill
from .prepare import Count, Limits, prepare

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer so far. It is done once `finish_reason` or `error` is set; text that came before an error stays.

    Seconds count from the moment the request went out. `cost` is in USD, None when the price is unknown.
    `dropped` names parameters that were set and not sent, `left_out` counts messages that did not fit the window,
    `status` says what is being waited for before the request can go out.
    """

    model: str
    text: str = ""
    thinking: str = ""
    usage: Usage | None = None
    finish_reason: FinishReason | None = None
    detail: str = ""
    ttft_s: float | None = None
    thinking_s: float | None = None
    duration_s: float = 0.0
    cost: float | None = None
    error: ProviderError | None = None
    dropped: tuple[str, ...] = ()
    left_out: int = 0
    status: str = ""

    @property
    def done(self) -> bool:
        return self.finish_reason is not None or self.error is not None


@dataclass(frozen=True)
class Backends:
    """What a reply needs of the world: the catalog, who serves it, exact counters where there are any, and who may ask.

    `counters` maps a provider to a function that returns the tokens of each message, its overhead included.
    """

    catalog: Catalog
    providers: Mapping[str, Provider]
    counters: Mapping[str, Count] = field(default_factory=dict[str, Count])
    deadlines: Deadlines = field(default_factory=Deadlines)
    limits: Limits = field(default_factory=Limits)
    allowance: Allowance = field(default_factory=Free)

    async def reply(
        self,
        contender: Contender,
        history: Sequence[Message],
        *,
        key: str | None = None,
        json_schema: Mapping[str, Any] | None = None,
    ) -> AsyncGenerator[Reply]:
        """Yields the latest Reply each time it is asked and something is new; the last one is `done`.

        The reader sets the pace: between two looks the answer goes on growing in a task of its own.
        Closing the generator cancels that task, which closes the upstream socket. A failure is a Reply
        with `error`, never an exception.
        """
        shown = Reply(contender.model)
        key = (key and key.strip()) or None
        try:
            model = self.catalog.get(contender.model)
            count = self.counters.get(model.provider)
            prepared = await prepare(model, contender, history, self.limits, count, key=key, json_schema=json_schema)
            grant = await self.allowance.grant(prepared.request, key)
        except Exception as error:
            yield replace(shown, error=_as_provider_error(error))
            return
        request = prepared.request
        answer = _Growing(replace(shown, left_out=prepared.left_out))
        last: Reply | None = None
        pump = Pump(drive(self.providers[model.provider], request, key, self.deadlines))
        try:
            async with pump:
                try:
                    async for batch in pump:
                        for event in batch:
                            answer.take(event)
                        if answer.finished is None:
                            yield answer.now(pump)
                    last = self._ended(answer.now(pump), request, finished=answer.finished)
                except Exception as error:
                    last = self._ended(answer.now(pump), request, error=_as_provider_error(error))
                # What it came to is written down before its end is told: whoever asks next finds it taken.
                await _settled(grant, request, last)
                yield last
        finally:
            if last is None:  # stopped, or its reader has gone
                await _settled(grant, request, answer.now(pump))

    def cut_off(self, contender: Contender, history: Sequence[Message], reply: Reply) -> Reply:
        """A reply that somebody stopped, with what it has cost so far as nearly as it can be counted here."""
        if reply.usage is not None or not (reply.text or reply.thinking):
            return reply
        model = self.catalog.get(contender.model)
        usage = _estimated(model, (Message("system", contender.system_prompt), *history), reply)
        return replace(reply, usage=usage, cost=cost(model, usage), status="")

    async def refusal(self, contender: Contender, history: Sequence[Message]) -> ProviderError | None:
        """Why this cannot be asked, found without asking; None if it can."""
        try:
            model = self.catalog.get(contender.model)
            await prepare(model, contender, history, self.limits, self.counters.get(model.provider))
        except Exception as error:
            return _as_provider_error(error)
        return None

    def _ended(
        self,
        reply: Reply,
        request: Request,
        *,
        finished: Finished | None = None,
        error: ProviderError | None = None,
    ) -> Reply:
        usage = finished.usage if finished else None
        if usage is None and (reply.text or reply.thinking or finished):
            usage = _estimated(request.model, request.messages, reply)
        return replace(
            reply,
            usage=usage,
            cost=cost(request.model, usage) if usage else None,
            finish_reason=finished.reason if finished else None,
            detail=finished.detail if finished else "",
            error=error,
            status="",
        )


async def _settled(grant: Grant, request: Request, reply: Reply) -> None:
    """Settles even if this task is cancelled a second time; a failure to settle costs nobody the answer."""

    async def settle() -> None:
        try:
            await grant.settle(bill(request, reply))
        except Exception as error:
            log.error("a bill could not be settled", exc_info=error)

    task = asyncio.ensure_future(settle())
    _SETTLING.add(task)
    task.add_done_callback(_SETTLING.discard)
    await asyncio.shield(task)


# A loop holds its tasks weakly.
_SETTLING: set[asyncio.Task[None]] = set()


class _Growing:
    """Folds events into a Reply; text is kept in pieces and joined only when somebody looks."""

    def __init__(self, start: Reply) -> None:
        self._start = start
        self._text = _Joined()
        self._thinking = _Joined()
        self.finished: Finished | None = None

    def take(self, event: Event) -> None:
        match event:
            case TextDelta():
                self._text.add(event.text)
            case ThinkingDelta():
                self._thinking.add(event.text)
            case Started():
                self._start = replace(self._start, dropped=event.dropped, status="")
            case Waiting():
                self._start = replace(self._start, status=event.status)
            case Finished():
                self.finished = event

    def now(self, pump: Pump) -> Reply:
        ended = self.finished is not None
        return replace(
            self._start,
            text=self._text.whole(ended),
            thinking=self._thinking.whole(ended),
            ttft_s=pump.ttft_s,
            thinking_s=pump.thinking_s,
            duration_s=pump.duration_s,
        )


class _Joined:
    """Pieces of a text. A server that cuts its JSON between the two halves of an escaped character
    sends each half alone: the first waits for the second, and one that stays alone is replaced."""

    def __init__(self) -> None:
        self.pieces: list[str] = []

    def add(self, piece: str) -> None:
        self.pieces.append(piece)

    def whole(self, ended: bool) -> str:
        text = "".join(self.pieces)
        self.pieces = [text] if text else []
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            half = "" if ended or not "\ud800" <= text[-1] <= "\udbff" else text[-1]
            text = text[: len(text) - len(half)].encode("utf-16", "surrogatepass").decode("utf-16", "replace")
            self.pieces = [text, half]
        return text


def _as_provider_error(error: Exception) -> ProviderError:
    """A failure of our own is told like any other, so that nobody loses what had arrived; the log has the rest."""
    if isinstance(error, ProviderError):
        return error
    log.error("a reply failed", exc_info=error)
    text = f"The playground itself failed on this answer ({type(error).__name__}). What had arrived is kept; try again."
    return ProviderError("server", text)


def _estimated(model: ModelSpec, messages: Sequence[Message], reply: Reply) -> Usage:
    """What the provider did not report, counted here; thinking is part of the output."""
    text, thinking = (tokens.count_for(model, part).tokens for part in (reply.text, reply.thinking))
    asked = tokens.count_messages(model, messages).tokens
    return Usage(asked, text + thinking, 0, thinking, estimated=True)
