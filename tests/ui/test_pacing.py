"""The pace of page updates."""

import asyncio

from playground.ui import pacing
from playground.ui.pacing import Pace


async def latest(values, every_s):
    for value in values:
        await asyncio.sleep(every_s)
        yield value


def test_the_rate_falls_as_streams_are_added_within_its_bounds():
    assert Pace(0).interval_s() == Pace(1).interval_s() == 1 / 15
    assert Pace(110).interval_s() == 1 / 5
    assert Pace(1000).interval_s() == 1 / 3


async def test_the_first_and_the_last_value_are_shown():
    pace = Pace()
    seen = [value async for value in pace.follow(latest(range(5), 0))]
    assert seen == [0, 1, 2, 3, 4]
    assert pace.active == 0


async def test_silence_repeats_the_value_so_that_a_closed_tab_is_noticed(monkeypatch):
    monkeypatch.setattr(pacing, "HEARTBEAT_S", 0.02)
    seen = [value async for value in Pace().follow(latest([1, 2], 0.3))]
    assert seen[0] == 1
    assert seen[-1] == 2
    assert len(seen) > 4


async def test_leaving_closes_the_source():
    closed = asyncio.Event()

    async def endless():
        try:
            while True:
                yield 1
                await asyncio.sleep(0.01)
        finally:
            closed.set()

    pace = Pace()
    following = pace.follow(endless())
    await anext(following)
    assert pace.active == 1
    await following.aclose()
    assert closed.is_set()
    assert pace.active == 0


async def test_cancelling_the_reader_closes_the_source():
    closed = asyncio.Event()

    async def silent():
        try:
            yield 1
            await asyncio.Event().wait()
        finally:
            closed.set()

    async def read():
        async for _ in Pace().follow(silent()):
            pass

    task = asyncio.create_task(read())
    await asyncio.sleep(0.2)
    task.cancel()
    await asyncio.wait({task})
    assert closed.is_set()
