"""Rates by the clock on the wall, which may be set: a jump locks nobody out and opens no window twice."""

import asyncio
import time

import pytest

from playground.ops.rates import Rates, RatesUnknownError, in_words

DAY_S = 86400.0


@pytest.fixture
def clock(monkeypatch):
    """The library that counts reads the wall clock itself."""
    now = [1_700_000_010.0]
    monkeypatch.setattr(time, "time", lambda: now[0])
    return now


async def asked(rates, times):
    return [await rates.wait_s("3/1minute", "asked", "1.1.1.1") for _ in range(times)]


async def test_a_clock_that_jumps_locks_nobody_out_and_opens_no_window_twice(clock):
    rates = Rates()
    began = clock[0]
    assert [bool(wait) for wait in await asked(rates, 4)] == [False, False, False, True]
    for jump in (-DAY_S, DAY_S, 3650 * DAY_S):
        clock[0] = began + jump
        waits = await asked(rates, 4)
        assert [bool(wait) for wait in waits] == [False, False, False, True]
        assert 1 <= waits[-1] <= 60, "nobody waits for longer than the rate says"
        clock[0] = began
        assert all(await asked(rates, 2)), "what was asked before the jump still counts"
    clock[0] = began + 120
    assert not any(await asked(rates, 3))


async def test_a_part_counts_as_a_part():
    rates = Rates()
    waits = [await rates.wait_s("2/1hour", "local", "1.1.1.1", parts=20, of=50) for _ in range(6)]
    assert [bool(wait) for wait in waits] == [False] * 5 + [True]
    assert await rates.own_wait_s("2/1hour", "local", "1.1.1.1", parts=50, of=50) == 0


async def test_the_wait_is_long_enough_for_what_was_asked(clock):
    rates = Rates()
    assert not await rates.wait_s("2/1minute", "local", "1.1.1.1", parts=95, of=50)
    clock[0] += 60
    waits = [await rates.wait_s("2/1minute", "local", "1.1.1.1", parts=parts, of=50) for parts in (90, 60)]
    assert waits == [54, 36]


@pytest.mark.parametrize(
    ("rate", "said"),
    [
        ("30/minute", "30 a minute"),
        ("30/1minute", "30 a minute"),
        ("5/2hour", "5 in 2 hours"),
        ("1000/day", "1,000 a day"),
    ],
)
def test_a_rate_is_said_in_words(rate, said):
    assert in_words(rate) == said


async def test_a_redis_that_was_restarted_refuses_nobody_on_the_lines_of_before(redis):
    rates = Rates(redis.url)

    async def ask(times):
        return await asyncio.gather(*(rates.wait_s("100/1minute", "asked", str(at)) for at in range(times)))

    assert await ask(8) == [0.0] * 8, "each on a line of its own"
    redis.stop()
    redis.start()
    for _ in range(8):  # one after the other: each finds another line that was cut
        assert await ask(1) == [0.0]
    assert await ask(8) == [0.0] * 8


async def test_a_redis_that_is_gone_is_said_to_be_gone(redis):
    rates = Rates(redis.url)
    assert await rates.reachable()
    redis.stop()
    with pytest.raises(RatesUnknownError):
        await rates.wait_s("100/1minute", "asked", "1.1.1.1")
    assert not await rates.reachable()
    redis.start()
