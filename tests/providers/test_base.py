"""The driver and the pump, with a scripted provider: what holds for every provider alike."""

import asyncio

import pytest

from playground.errors import ProviderError
from playground.providers.base import Deadlines, Pump, drive
from playground.providers.scripted import ScriptedProvider, answer
from playground.types import Finished, Started, TextDelta, ThinkingDelta, Waiting

from .wires import OPENAI_CHAT

REQUEST = OPENAI_CHAT.request()


async def collected(provider, **options):
    return [event async for event in drive(provider, REQUEST, **options)]


async def test_events_pass_through_in_order():
    events = await collected(ScriptedProvider(answer("Hello", piece=2)))
    assert events[0] == Started()
    assert [event.text for event in events[1:-1]] == ["He", "ll", "o"]


async def test_nothing_is_read_after_the_end():
    events = await collected(ScriptedProvider([TextDelta("a"), Finished("stop"), TextDelta("b")]))
    assert events[-1] == Finished("stop")


async def test_a_retry_shows_one_start():
    attempts = iter([[ProviderError("overloaded", "busy")], answer("Hello")])
    provider = ScriptedProvider(lambda _: next(attempts))
    events = await collected(provider, sleep=lambda _: asyncio.sleep(0))
    assert [type(event) for event in events].count(Started) == 1
    assert len(provider.requests) == 2


async def test_thinking_counts_as_the_first_token():
    provider = ScriptedProvider([ThinkingDelta("Hmm"), ProviderError("overloaded", "busy")])
    with pytest.raises(ProviderError):
        await collected(provider)
    assert len(provider.requests) == 1


async def test_waiting_for_a_provider_to_be_ready_is_not_held_against_it():
    class Slow:
        async def stream(self, request, key=None):
            yield Waiting("loading")
            await asyncio.sleep(0.1)
            yield Started()
            yield Finished("stop")

    events = await collected(Slow(), deadlines=Deadlines(first_token_s=0.05, total_s=0.05))
    assert events == [Waiting("loading"), Started(), Finished("stop")]


async def test_the_idle_deadline_starts_anew_with_every_token():
    steps = [step for _ in range(5) for step in (0.03, TextDelta("a"))]
    events = await collected(ScriptedProvider([*steps, Finished("stop")]), deadlines=Deadlines(idle_s=0.1))
    assert events[-1] == Finished("stop")


async def test_a_slow_reader_gets_everything_that_came_meanwhile_at_once():
    pieces = [step for at in range(10) for step in (0.005, TextDelta(str(at)))]
    async with Pump(drive(ScriptedProvider([*pieces, Finished("stop")]), REQUEST)) as pump:
        batches = []
        async for batch in pump:
            batches.append(batch)
            await asyncio.sleep(0.2)
    assert len(batches) <= 3
    text = "".join(event.text for batch in batches for event in batch if isinstance(event, TextDelta))
    assert text == "0123456789"


async def test_times_are_taken_when_events_arrive_not_when_they_are_read():
    script = [0.05, TextDelta("a"), 0.05, Finished("stop")]
    async with Pump(drive(ScriptedProvider(script), REQUEST)) as pump:
        await asyncio.sleep(0.5)
        async for _ in pump:
            pass
    assert 0.04 < pump.ttft_s < 0.4
    assert pump.ttft_s < pump.duration_s < 0.45


async def test_an_error_comes_after_what_came_before_it():
    script = [TextDelta("Hel"), ProviderError("connection", "gone")]
    seen = []
    async with Pump(drive(ScriptedProvider(script), REQUEST)) as pump:
        with pytest.raises(ProviderError):
            async for batch in pump:
                seen += batch
    assert TextDelta("Hel") in seen


async def test_leaving_the_pump_cancels_the_stream():
    closed = asyncio.Event()

    class Endless:
        async def stream(self, request, key=None):
            yield Started()
            try:
                while True:
                    yield TextDelta("a")
                    await asyncio.sleep(0.001)
            finally:
                closed.set()

    async with Pump(drive(Endless(), REQUEST)) as pump:
        await anext(pump)
    assert closed.is_set()
