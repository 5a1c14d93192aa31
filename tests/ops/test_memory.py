"""When the collector looks: at what is young by itself, at everything only when nothing streams or it must be."""

import asyncio
import gc
import weakref

import pytest

from playground.ops import memory


class Knot:
    """Garbage that only the collector finds."""

    def __init__(self):
        self.itself = self


@pytest.mark.parametrize(
    "young, streams, looks",
    [
        (memory.AT_REST - 1, 0, False),
        (memory.AT_REST, 0, True),
        (memory.AT_REST, 1, False),
        (memory.AT_LAST - 1, 1, False),
        (memory.AT_LAST, 1, True),
    ],
)
async def test_all_is_looked_through_at_rest_and_under_load_at_last(young, streams, looks):
    left = weakref.ref(Knot())
    gc.disable()
    try:
        tidying = memory.Tidying(asyncio.get_running_loop(), lambda: streams)
        assert tidying.tidy(young) is looks
        assert (left() is None) is looks
    finally:
        gc.enable()


async def test_it_looks_again_and_again(monkeypatch):
    looked = []
    monkeypatch.setattr(memory, "LOOKED_EVERY_S", 0)
    again = asyncio.Event()

    def streams():
        looked.append(1)
        if len(looked) == 3:
            again.set()
        return 0

    loop = asyncio.get_running_loop()
    tidying = memory.Tidying(loop, streams)
    tidying.begin()
    await asyncio.wait_for(again.wait(), 30)
    monkeypatch.setattr(tidying, "begin", lambda: None)


def test_once_settled_the_collector_does_not_look_through_everything_by_itself():
    before = gc.get_threshold()
    try:
        memory.settle()
        assert gc.isenabled()
        left = weakref.ref(Knot())
        kept = [[] for _ in range(400_000)]
        assert left() is None, "what is young is looked at"
        assert gc.get_count()[2] >= 3, "several times, and not at what is old"
        del kept
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
