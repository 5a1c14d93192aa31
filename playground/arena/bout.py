"""Streams one turn of a battle: two answers at once, released as the blinding allows. Knows no store and no page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping

from ..conversation.growing import Reply
from ..conversation.together import Together
from .blinding import Pane, Release, Seen, settled
from .records import SEATS, Answer, Seat

# How long a page may hear nothing: only when something is sent does the server notice that the reader has gone.
HEARTBEAT_S = 1.0
# How long it may hear nothing of its own question, which nobody notices: both sides are asked before that is drawn.
OPENING_S = 0.05

Panes = dict[Seat, Pane]


class Bout:
    """The turn of two sides. `replies` are those that answer now, `kept` answers that were there before;
    both are looked at every `tick_s()` seconds."""

    def __init__(
        self, replies: Mapping[Seat, AsyncGenerator[Reply]], kept: Mapping[Seat, Answer], tick_s: Callable[[], float]
    ) -> None:
        # Twice a tick, so that what is shown is not far behind what is there.
        self._sides = Together(replies, lambda: tick_s() / 2)
        self._tick_s = tick_s
        self._kept = kept
        self._release = Release(frozenset(kept))
        self._panes: Panes = {seat: Pane() for seat in SEATS}

    async def panes(self, stop: asyncio.Event) -> AsyncGenerator[Panes]:
        """The panes as they change, at most once a tick, until both are whole or `stop` is set.

        Neither side waits for the other: each is read in a task of its own, and only what is shown keeps step.
        Ends both upstream calls when it is closed.
        """
        clock = asyncio.get_running_loop().time
        due_s = clock() + OPENING_S
        async with self._sides:
            while not stop.is_set():
                before, self._panes = self._panes, self._release.panes(clock(), self._seen())
                if before != self._panes or clock() >= due_s:
                    due_s = clock() + HEARTBEAT_S
                    yield self._panes
                if settled(self._panes):
                    return
                await _wait(stop, min(self._tick_s(), self._release.left_s, max(due_s - clock(), 0.0)))

    def replies(self) -> dict[Seat, tuple[Reply, str]]:
        """By seat that answered: the reply as it is, and how much of its text has been shown."""
        return {seat: (reply, self._panes[seat].text) for seat, reply in self._sides.latest.items()}

    def _seen(self) -> dict[Seat, Seen]:
        return {seat: self._seen_of(seat) for seat in SEATS}

    def _seen_of(self, seat: Seat) -> Seen:
        if seat in self._kept:
            return Seen(self._kept[seat].text, ended=True, failed=self._kept[seat].failed)
        reply = self._sides.latest.get(seat)
        if reply is None:
            return Seen()
        return Seen(reply.text, reply.done, reply.done and Answer.of(reply, reply.text).failed)


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass
