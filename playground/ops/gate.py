"""Who is being answered now: one answer per session, and none any more once the process is to end. Knows no route."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from ..errors import PlaygroundError

# A reader who stops and asks again at once meets the answer that is still being put away.
PATIENCE_S = 2.0
LOOK_S = 0.05
DRAINING = "The playground is being restarted: try again in a minute."
BUSY = "An answer is still being written for you: wait for it, or stop it first."


class ClosedError(PlaygroundError):
    """No answer can begin now. `draining` says whether that is for everyone."""

    def __init__(self, message: str, *, draining: bool) -> None:
        super().__init__(message)
        self.message = message
        self.draining = draining


class Turn:
    """A call that may make a model work: it waits for its turn when the first does, and has it until `end`."""

    def __init__(self, gate: Gate, session: str) -> None:
        self._gate = gate
        self._session = session
        self._once = asyncio.Lock()
        self._taken = False
        self._over = False

    async def take(self) -> None:
        """Raises ClosedError. What goes on after the end (an experiment in the background) needs no turn."""
        async with self._once:
            if not self._taken and not self._over:
                await self._gate.enter(self._session)
                self._taken = True

    def end(self) -> None:
        if self._taken and not self._over:
            self._gate.leave(self._session)
        self._over = True


class Gate:
    """Counts what is being answered. `one_each`: each session has one answer at a time."""

    def __init__(self, *, one_each: bool = False, patience_s: float = PATIENCE_S) -> None:
        self.draining = False
        self.begun = 0
        self.refused = 0
        self._one_each = one_each
        self._patience_s = patience_s
        self._running: dict[str, int] = {}

    @property
    def active(self) -> int:
        return sum(self._running.values())

    @asynccontextmanager
    async def running(self, session: str) -> AsyncGenerator[None]:
        """Around one answer of `session`. Raises ClosedError instead of beginning it."""
        await self.enter(session)
        try:
            yield
        finally:
            self.leave(session)

    def leave(self, session: str) -> None:
        self._running[session] -= 1
        if not self._running[session]:
            del self._running[session]

    async def enter(self, session: str) -> None:
        """As `running`, for whoever sees to it that `leave` follows."""
        until = time.monotonic() + self._patience_s
        while self._one_each and self._running.get(session) and not self.draining:
            if time.monotonic() >= until:
                self.refused += 1
                raise ClosedError(BUSY, draining=False)
            await asyncio.sleep(LOOK_S)
        if self.draining:
            self.refused += 1
            raise ClosedError(DRAINING, draining=True)
        self.begun += 1
        self._running[session] = self._running.get(session, 0) + 1
