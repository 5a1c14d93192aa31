"""The driver and the pump, with a scripted provider: what holds for every provider alike."""

import asyncio
import time
from contextlib import aclosing

import pytest

from playground.errors import ERROR_KINDS, ProviderError
from playground.providers.base import (
    FEW,
    LONGEST_MORE_S,
    LONGEST_PAUSE_S,
    LONGEST_REST_S,
    RETRIED,
    Deadlines,
    Load,
    Pump,
    drive,
)
from playground.providers.scripted import ScriptedProvider, answer
from playground.types import Finished, Started, TextDelta, ThinkingDelta, Waiting

from .wires import OPENAI_CHAT

REQUEST = OPENAI_CHAT.request()
FOREVER = 3600.0


async def collected(provider, **options):
    return [event async for event in drive(provider, REQUEST, **options)]


class Naps:
    """Sleeps for no time and notes how long it should have been."""

    def __init__(self):
        self.seconds = []

    async def __call__(self, seconds):
        self.seconds.append(seconds)


def failing_first(error, *before):
    """A provider whose first attempt ends in `error` and whose second answers."""
    attempts = iter([[*before, error], answer("Hello")])
    return ScriptedProvider(lambda _: next(attempts))


async def failed(provider, **options):
    with pytest.raises(ProviderError) as told:
        await collected(provider, **options)
    return told.value


# What comes through


async def test_events_pass_through_in_order():
    events = await collected(ScriptedProvider(answer("Hello", piece=2)))
    assert events[0] == Started()
    assert [event.text for event in events[1:-1]] == ["He", "ll", "o"]


async def test_nothing_is_read_after_the_end():
    events = await collected(ScriptedProvider([TextDelta("a"), Finished("stop"), TextDelta("b")]))
    assert events[-1] == Finished("stop")


async def test_the_readers_key_reaches_the_provider():
    provider = ScriptedProvider(answer("Hello"))
    await collected(provider, key="own")
    assert provider.keys == ["own"]


async def test_a_refusal_with_nothing_written_is_blocked_and_says_why():
    error = await failed(ScriptedProvider([ThinkingDelta("Hmm"), Finished("content_filter", detail="bio")]))
    assert error.kind == "blocked"
    assert "(bio)" in error.message


async def test_no_end_is_truncated():
    provider = ScriptedProvider([TextDelta("Hel")])
    assert (await failed(provider)).kind == "truncated"


# Asking again


@pytest.mark.parametrize("kind", ERROR_KINDS)
async def test_what_may_get_better_is_asked_again_once(kind):
    provider, naps = failing_first(ProviderError(kind, "no")), Naps()
    if kind in RETRIED:
        events = await collected(provider, sleep=naps)
        assert [type(event) for event in events].count(Started) == 1
        assert events[-1].reason == "stop"
    else:
        assert (await failed(provider, sleep=naps)).kind == kind
    assert len(provider.requests) == 1 + len(naps.seconds) == (2 if kind in RETRIED else 1)


def test_what_may_get_better_is_this():
    assert {"connection", "overloaded", "rate_limit", "server", "truncated"} == RETRIED


async def test_it_is_asked_again_only_once():
    attempts = iter([[ProviderError("server", "no")], [ProviderError("server", "no")], answer("Hello")])
    provider = ScriptedProvider(lambda _: next(attempts))
    assert (await failed(provider, sleep=Naps())).kind == "server"
    assert len(provider.requests) == 2


@pytest.mark.parametrize("delta", [TextDelta("Hel"), ThinkingDelta("Hmm")], ids=lambda delta: type(delta).__name__)
async def test_after_the_first_token_it_is_not_asked_again(delta):
    provider = failing_first(ProviderError("overloaded", "busy"), delta)
    assert (await failed(provider, sleep=Naps())).kind == "overloaded"
    assert len(provider.requests) == 1


async def test_what_never_went_out_is_not_asked_again():
    class Unready:
        asked = 0

        async def stream(self, request, key=None):
            self.asked += 1
            yield Waiting("loading")
            raise ProviderError("server", "no weights")

    provider = Unready()
    assert (await failed(provider, sleep=Naps())).kind == "server"
    assert provider.asked == 1


@pytest.mark.parametrize("seconds", [0.2, LONGEST_PAUSE_S])
async def test_a_short_pause_is_kept(seconds):
    naps = Naps()
    await collected(failing_first(ProviderError("rate_limit", "slow", retry_after_s=seconds)), sleep=naps)
    assert naps.seconds == [seconds]


async def test_a_long_pause_is_told_instead_of_kept():
    provider, naps = failing_first(ProviderError("rate_limit", "slow", retry_after_s=LONGEST_PAUSE_S + 1)), Naps()
    assert (await failed(provider, sleep=naps)).retry_after_s == LONGEST_PAUSE_S + 1
    assert naps.seconds == []


# Deadlines


@pytest.mark.parametrize(
    ("steps", "deadlines", "said"),
    [
        ([FOREVER], Deadlines(first_token_s=0.02), "sent nothing"),
        ([TextDelta("a"), FOREVER], Deadlines(idle_s=0.02), "stopped writing"),
        ([TextDelta("a"), FOREVER], Deadlines(total_s=0.02), "did not finish"),
        ([FOREVER], Deadlines(total_s=0.02), "did not finish"),
    ],
)
async def test_each_deadline_ends_the_wait_and_says_which_it_was(steps, deadlines, said):
    provider = ScriptedProvider(steps)
    error = await failed(provider, deadlines=deadlines)
    assert error.kind == "timeout"
    assert said in error.message
    assert len(provider.requests) == 1


async def test_waiting_for_a_provider_to_be_ready_is_not_held_against_it():
    class Slow:
        async def stream(self, request, key=None):
            yield Waiting("loading")
            await asyncio.sleep(0.2)
            yield Started()
            yield Finished("stop")

    events = await collected(Slow(), deadlines=Deadlines(first_token_s=0.1, total_s=0.1))
    assert events == [Waiting("loading"), Started(), Finished("stop")]


async def test_the_idle_deadline_starts_anew_with_every_token():
    steps = [step for _ in range(8) for step in (0.1, TextDelta("a"))]
    events = await collected(ScriptedProvider([*steps, Finished("stop")]), deadlines=Deadlines(idle_s=0.6))
    assert events[-1] == Finished("stop")


# The pump


class Gated:
    """Writes one piece, and the rest once the gate is open."""

    def __init__(self, *rest):
        self.gate, self.closed = asyncio.Event(), asyncio.Event()
        self.rest = rest

    async def stream(self, request, key=None):
        try:
            yield Started()
            yield TextDelta("first")
            await self.gate.wait()
            for step in self.rest:
                if isinstance(step, Exception):
                    raise step
                yield step
        finally:
            self.closed.set()


async def test_a_slow_reader_gets_everything_that_came_meanwhile_at_once():
    provider = Gated(TextDelta("a"), TextDelta("b"), Finished("stop"))
    async with Pump(drive(provider, REQUEST)) as pump:
        seen = []
        while TextDelta("first") not in seen:
            seen += await anext(pump)
        provider.gate.set()
        await provider.closed.wait()  # the stream is over; nobody has read since
        assert await anext(pump) == [TextDelta("a"), TextDelta("b"), Finished("stop")]
        with pytest.raises(StopAsyncIteration):
            await anext(pump)


async def test_times_are_taken_when_events_arrive_not_when_they_are_read():
    provider = Gated(Finished("stop"))
    provider.gate.set()
    async with Pump(drive(provider, REQUEST)) as pump:
        await provider.closed.wait()
        await asyncio.sleep(0)
        ttft_s, duration_s = pump.ttft_s, pump.duration_s
        await asyncio.sleep(0.05)
        async for _ in pump:
            pass
    assert 0 < ttft_s <= duration_s
    assert (pump.ttft_s, pump.duration_s) == (ttft_s, duration_s)


async def test_an_error_comes_after_what_came_before_it():
    provider = Gated(TextDelta("Hel"), ProviderError("connection", "gone"))
    provider.gate.set()
    seen = []
    async with Pump(drive(provider, REQUEST)) as pump:
        with pytest.raises(ProviderError):
            async for batch in pump:
                seen += batch
    assert seen == [Started(), TextDelta("first"), TextDelta("Hel")]


async def test_leaving_the_pump_cancels_the_stream():
    provider = Gated()
    async with Pump(drive(provider, REQUEST)) as pump:
        await anext(pump)
        assert not provider.closed.is_set()
    assert provider.closed.is_set()


async def test_leaving_the_driver_closes_the_stream():
    provider = Gated()
    async with aclosing(drive(provider, REQUEST)) as events:
        await anext(events)
    assert provider.closed.is_set()


def test_a_stream_rests_the_longer_the_more_there_are_within_its_bound():
    rests = [Load(active).rest_s() for active in (0, 1, FEW, FEW + 1, 100, 100_000)]
    assert rests[:3] == [0, 0, 0]
    assert 0 < rests[3] < rests[4] < rests[5] == LONGEST_REST_S


async def test_a_stream_notes_how_late_it_woke():
    load = Load(FEW + 1)
    resting = asyncio.ensure_future(load.rest())
    await asyncio.sleep(0)
    time.sleep(load.rest_s() + 0.2)  # the loop is busy with something else
    await resting
    assert load.late_s > 0.01


def test_streams_that_wake_late_rest_longer_within_a_bound_until_they_wake_in_time():
    load = Load(FEW + 1)
    usual_s = load.rest_s()
    load.woke(0.2)
    assert load.rest_s() > usual_s + 0.02
    for _ in range(100):
        load.woke(3600)
    assert load.rest_s() == usual_s + LONGEST_MORE_S
    for _ in range(100):
        load.woke(-1)
    assert load.rest_s() == pytest.approx(usual_s, abs=0.001)
    assert Load(100_000, late_s=1000).rest_s() == LONGEST_REST_S + LONGEST_MORE_S
    assert Load(FEW, late_s=1000).rest_s() == 0


async def test_a_stream_that_rests_loses_nothing_and_is_no_longer_counted_once_it_is_over():
    load, ended = Load(active=FEW + 20), asyncio.Event()
    steps = [step for at in range(12) for step in (0.01, TextDelta(f"{at} "))]
    read = []
    async with Pump(drive(ScriptedProvider([*steps, Finished("stop", None)]), REQUEST), load, ended) as pump:
        async for batch in pump:
            assert load.active == FEW + 21 or ended.is_set()
            read += batch
    assert "".join(event.text for event in read if isinstance(event, TextDelta)).split() == [
        str(at) for at in range(12)
    ]
    assert isinstance(read[-1], Finished)
    assert ended.is_set()
    assert load.active == FEW + 20
