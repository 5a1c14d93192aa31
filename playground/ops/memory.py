"""How the process keeps its memory. Knows nothing of what is in it."""

from __future__ import annotations

import contextlib
import ctypes
import gc

# glibc's malloc.h
M_ARENA_MAX = -8
ARENAS = 2


def share_arenas() -> None:
    """Few arenas for all threads (glibc; elsewhere nothing happens). To be called before there are threads.

    Gradio's functions run in threads, of which there may be hundreds; with an arena for each, what one of them has
    freed helps no other, and the process grows by a quarter.
    """
    with contextlib.suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, ARENAS)


def settle() -> None:
    """What the start has made stays: the collector need not look through it again, nor look as often as after every 700
    objects, of which one update of a page makes some hundreds."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(5_000, 10, 5)
