"""How often a page is updated. Knows nothing of what is shown.

A page update costs the server far more than a token does, so the rate falls as more answers stream at once
and the text of several tokens travels together.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

UPDATES_PER_S = 400
SLOWEST_HZ, FASTEST_HZ = 3, 15
HEARTBEAT_S = 1.0


@dataclass
class Pace:
    """Shares the update budget of one process among the streams that run in it."""

    active: int = 0

    def interval_s(self) -> float:
        return 1 / min(max(UPDATES_PER_S / max(self.active, 1), SLOWEST_HZ), FASTEST_HZ)

    @contextmanager
    def sharing(self) -> Generator[None]:
        """Counts one more stream for as long as it lasts."""
        self.active += 1
        try:
            yield
        finally:
            self.active -= 1

    async def follow(self, latest: AsyncGenerator[T]) -> AsyncGenerator[T]:
        """The newest value of `latest` at the current rate, and its last one at once.

        Repeats the value after a second of silence: only when something is sent does Gradio notice
        that the reader has gone, and only then is the answer stopped.
        """
        with self.sharing():
            async with aclosing(latest):
                shown: T | None = None
                while True:
                    task = asyncio.ensure_future(anext(latest))
                    try:
                        while not (await asyncio.wait({task}, timeout=HEARTBEAT_S))[0]:
                            if shown is not None:
                                yield shown
                    finally:
                        if not task.done():
                            task.cancel()
                            await asyncio.wait({task})
                    try:
                        shown = task.result()
                    except StopAsyncIteration:
                        return
                    yield shown
                    await asyncio.sleep(self.interval_s())
