"""How often a page is updated. Knows nothing of what is shown.

A page update costs the server far more than a token does, so the rate falls as more answers stream at once
and the text of several tokens travels together.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import aclosing, contextmanager, suppress
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

UPDATES_PER_S = 600
SLOWEST_HZ, FASTEST_HZ = 3, 15
HEARTBEAT_S = 1.0
LONGEST_COURTESY_S = 0.25
# Of the first interval, at least; and a step that spreads any number of followers evenly over the rest of it.
FIRST_PART, GOLDEN = 0.3, 0.618034


@dataclass
class Pace:
    """Shares the update budget of one process among the streams that run in it."""

    active: int = 0
    _begun: int = 0

    def interval_s(self) -> float:
        return 1 / min(max(UPDATES_PER_S / max(self.active, 1), SLOWEST_HZ), FASTEST_HZ)

    def courtesy_s(self) -> float:
        """How long a page whose last words are told stays as it is: drawn at rest it takes as long as the last words
        of another, and where many end at once those come first."""
        return min(self.active / UPDATES_PER_S, LONGEST_COURTESY_S)

    @contextmanager
    def sharing(self) -> Generator[None]:
        """Counts one more stream for as long as it lasts."""
        self.active += 1
        try:
            yield
        finally:
            self.active -= 1

    def phase(self) -> float:
        """The part of an interval after which the next follower's second update comes: where many begin at once, their
        updates then come one after the other instead of all in a crowd that waits for itself."""
        self._begun += 1
        return FIRST_PART + (1 - FIRST_PART) * (self._begun * GOLDEN % 1)

    async def follow(
        self, latest: AsyncGenerator[T], *, opening: T | None = None, ended: asyncio.Event | None = None
    ) -> AsyncGenerator[T]:
        """The newest value of `latest` at the current rate, and its last one as soon as `ended` is set.

        `opening` is shown while the first value is already being waited for. Repeats the value (the same object) after
        a second of silence: only when something is sent does Gradio notice that the reader has gone, and only then is
        the answer stopped.
        """
        with self.sharing():
            async with aclosing(latest):
                shown, part = opening, self.phase()
                task = asyncio.ensure_future(anext(latest))
                try:
                    if opening is not None:
                        yield opening
                    while True:
                        while not (await asyncio.wait({task}, timeout=HEARTBEAT_S))[0]:
                            if shown is not None:
                                yield shown
                        try:
                            shown = task.result()
                        except StopAsyncIteration:
                            return
                        yield shown
                        await _rested(self.interval_s() * part, ended)
                        part = 1.0
                        task = asyncio.ensure_future(anext(latest))
                finally:
                    if not task.done():
                        task.cancel()
                        await asyncio.wait({task})


async def _rested(seconds: float, ended: asyncio.Event | None) -> None:
    if ended is None:
        await asyncio.sleep(seconds)
        return
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await ended.wait()
