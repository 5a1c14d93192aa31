"""How the process keeps its memory. Knows nothing of what is in it."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
from collections.abc import Callable

# glibc's malloc.h
M_ARENA_MAX = -8
ARENAS = 2


def begin() -> None:
    """To be called before there are threads, and before what stays is made.

    Few arenas for all threads (glibc; elsewhere nothing happens): Gradio's functions run in threads, of which there may
    be hundreds; with an arena for each, what one of them has freed helps no other, and the process grows by a quarter.
    And no collection: what a start makes is no garbage, and looking for some takes a seventh of it.
    """
    with contextlib.suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, ARENAS)
    gc.disable()


def settle() -> None:
    """What the start has made stays: the collector need not look through it again, nor look at the rest after every 700
    objects, of which one update of a page makes some hundreds.

    Nor does it look through all that has grown old whenever that may be: it takes a tenth of a second, and would come
    just when many ask at once, because that is when most is made. `Tidying` does it.
    """
    gc.freeze()
    gc.enable()
    gc.set_threshold(5_000, 10, NEVER)


NEVER = 2**31 - 1
# Of all that is old, once so many collections of what is young have been: at rest, or else whatever goes on.
AT_REST, AT_LAST = 10, 200
LOOKED_EVERY_S = 5.0


class Tidying:
    """Looks through everything while nothing streams; where something always does, seldom enough."""

    def __init__(self, loop: asyncio.AbstractEventLoop, streams: Callable[[], int]) -> None:
        self._loop, self._streams = loop, streams

    def begin(self) -> None:
        """In the loop's own thread."""
        self._loop.call_later(LOOKED_EVERY_S, self._look)

    def _look(self) -> None:
        self.tidy(gc.get_count()[2])
        self.begin()

    def tidy(self, young: int) -> bool:
        """Whether it was time, after so many collections of what is young."""
        due = young >= (AT_LAST if self._streams() else AT_REST)
        if due:
            gc.collect()
        return due
