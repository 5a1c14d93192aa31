"""Long texts wait for each other, short ones for nobody."""

import asyncio
import threading

import pytest

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
