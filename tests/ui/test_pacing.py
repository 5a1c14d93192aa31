"""The pace of page updates."""

import asyncio
from itertools import pairwise

from playground.ui import pacing
from playground.ui.pacing import Pace


async def latest(values, every_s):
    for value in values:
        await asyncio.sleep(every_s)
        yield value


def test_the_rate_falls_as_streams_are_added_within_its_bounds():
    assert Pace(0).interval_s() == Pace(1).interval_s() == 1 / 15
    assert Pace(120).interval_s() == 1 / 5
    assert Pace(1000).interval_s() == 1 / 3


def test_a_page_that_has_ended_waits_for_the_last_words_of_as_many_as_there_are_and_not_longer():
    assert Pace(6).courtesy_s() == 6 / pacing.UPDATES_PER_S
    assert Pace(1000).courtesy_s() == pacing.LONGEST_COURTESY_S


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


async def test_the_source_begins_before_anybody_has_looked_at_more_than_the_opening():
    begun = asyncio.Event()

    async def source():
        begun.set()
        yield 1

    following = Pace().follow(source(), opening=0)
    assert await anext(following) == 0
    async with asyncio.timeout(10):
        await begun.wait()
    assert [value async for value in following] == [1]


async def test_who_looks_at_the_opening_alone_leaves_nothing_running():
    closed = asyncio.Event()

    async def source():
        try:
            await asyncio.sleep(3600)
            yield 1
        finally:
            closed.set()

    pace = Pace()
    following = pace.follow(source(), opening=0)
    await anext(following)
    await asyncio.sleep(0)
    await following.aclose()
    assert closed.is_set()
    assert pace.active == 0


async def test_the_end_is_shown_at_once_however_long_the_rest(monkeypatch):
    monkeypatch.setattr(pacing, "SLOWEST_HZ", 1 / 3600)
    ended = asyncio.Event()

    pace = Pace(active=10**9)
    assert pace.interval_s() == 3600
    following = pace.follow(latest([1, 2], 0), ended=ended)
    async with asyncio.timeout(10):
        assert await anext(following) == 1
        ended.set()
        assert [value async for value in following] == [2]


def test_those_who_begin_together_are_spread_over_the_first_interval():
    pace = Pace()
    parts = sorted(pace.phase() for _ in range(20))
    assert parts[0] >= 0.3 and parts[-1] <= 1
    assert all(0 < later - earlier < 0.1 for earlier, later in pairwise(parts))
