"""Rates by the clock on the wall, which may be set: a jump locks nobody out and opens no window twice."""

import time

import pytest

from playground.ops.rates import Rates, in_words

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
