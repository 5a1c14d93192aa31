"""Long texts wait for each other, short ones for nobody."""

import asyncio
import threading

import pytest

from playground.conversation.allowance import ASKING, Visitor
from playground.errors import ProviderError
from playground.lab.long_texts import LONG, LongTexts


async def test_long_texts_are_worked_on_one_after_the_other_and_short_ones_meanwhile():
    texts, go, running, most = LongTexts(), threading.Event(), [], []

    def step(name):
        running.append(name)
        most.append(len(running))
        go.wait(10)
        running.remove(name)
        return name

    long = [asyncio.ensure_future(texts.work(LONG + 1, lambda at=at: step(at))) for at in range(3)]
    while not running:
        await asyncio.sleep(0.001)
    assert await texts.work(LONG, lambda: "short") == "short"
    assert not any(one.done() for one in long)
    go.set()
    assert await asyncio.gather(*long) == [0, 1, 2]
    assert most == [1, 1, 1]


async def test_too_many_long_texts_are_refused_and_their_places_are_given_back():
    texts, go = LongTexts(most_waiting=2), threading.Event()
    taken = [asyncio.ensure_future(texts.work(LONG + 1, lambda: go.wait(10))) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(ProviderError) as caught:
        await texts.work(LONG + 1, lambda: None)
    assert (caught.value.kind, caught.value.retry_after_s) == ("overloaded", 5.0)
    go.set()
    await asyncio.gather(*taken)

    def fails():
        raise ValueError

    for _ in range(3):
        with pytest.raises(ValueError):
            await texts.work(LONG + 1, fails)
    assert await texts.work(LONG + 1, lambda: "again") == "again"


async def test_one_address_cannot_take_all_places():
    texts, go = LongTexts(most_waiting=3, most_each=2), threading.Event()

    async def ask(address):
        ASKING.set(Visitor(address))
        return await texts.work(LONG + 1, lambda: go.wait(10))

    greedy = [asyncio.ensure_future(ask("1.1.1.1")) for _ in range(3)]
    other = asyncio.ensure_future(ask("2.2.2.2"))
    await asyncio.wait(greedy, return_when=asyncio.FIRST_COMPLETED)
    assert [one.done() for one in (*greedy, other)] == [False, False, True, False]
    assert isinstance(greedy[2].exception(), ProviderError)
    go.set()
    assert await asyncio.gather(*greedy[:2], other) == [True] * 3
    assert not texts._taken
