"""How the process keeps its memory. Knows nothing of what is in it."""

from __future__ import annotations

import contextlib
import ctypes
import gc

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
    objects, of which one update of a page makes some hundreds."""
    gc.freeze()
    gc.enable()
    import os; gc.set_threshold(*map(int, os.environ.get("GCT", "5000,10,5").split(",")))
