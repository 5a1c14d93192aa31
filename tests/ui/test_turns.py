"""The functions of a page at the gate: one answer at a time for a session, whether a function streams or not."""

import asyncio
from types import SimpleNamespace

import gradio as gr
import pytest

from playground.errors import ProviderError
from playground.ops.gate import BUSY, DRAINING, Gate
from playground.ops.guard import Guard, Rules
from playground.ops.rates import Rates
from playground.ui.gate import guard


class Page:
    """Three functions as Gradio keeps them; what works goes on until `go`."""

    def __init__(self, gate, **rules):
        self.allowance = Guard(Rules(**rules), Rates())
        self.go = asyncio.Event()
        functions = (self.streams, self.works, self.looks)
        self.fns = {at: SimpleNamespace(fn=fn) for at, fn in enumerate(functions)}
        guard(self, gate)
        self.streams, self.works, self.looks = (one.fn for one in self.fns.values())

    async def streams(self):
        await self.allowance.admit(1)
        yield "begun"
        await self.go.wait()

    async def works(self):
        await asyncio.gather(*(self.allowance.admit(1) for _ in range(3)))
        await self.go.wait()
        return "worked"

    async def looks(self):
        return "looked"


async def begun(gate, call):
    task = asyncio.ensure_future(call)
    while not gate.active:
        await asyncio.sleep(0)
    return task


async def collected(stream):
    return [one async for one in stream]


async def test_what_makes_a_model_work_has_one_turn_whatever_it_asks_and_gives_it_back():
    gate = Gate(one_each=True)
    page = Page(gate)
    working = await begun(gate, page.works())
    assert gate.active == 1
    assert await page.looks() == "looked", "what asks no model needs no turn"
    page.go.set()
    assert await working == "worked"
    assert gate.active == 0
    assert await page.works() == "worked"


@pytest.mark.parametrize(("first", "second"), [("works", "works"), ("streams", "works"), ("works", "streams")])
async def test_a_second_answer_of_a_session_is_refused_in_words_that_the_page_shows(first, second):
    gate = Gate(one_each=True, patience_s=0)
    page = Page(gate)
    calls = {"works": page.works, "streams": lambda: collected(page.streams())}
    working = await begun(gate, calls[first]())
    with pytest.raises((ProviderError, gr.Error)) as caught:
        await calls[second]()
    assert BUSY in str(caught.value)
    page.go.set()
    await working
    assert gate.active == 0
    await calls[second]()


async def test_once_the_process_is_to_end_no_function_begins_to_work():
    gate = Gate()
    page = Page(gate)
    gate.draining = True
    with pytest.raises(ProviderError, match=DRAINING[:30]) as caught:
        await page.works()
    assert caught.value.kind == "overloaded"
    assert await page.looks() == "looked"


async def test_what_does_not_stream_counts_towards_the_embedded_models_rate():
    page = Page(Gate(), local_rate="1/1hour")
    page.go.set()
    for _ in range(16):
        await page.works()
    with pytest.raises(ProviderError, match="wait"):
        await page.works()


async def test_what_goes_on_in_the_background_holds_no_turn():
    gate = Gate(one_each=True)
    page = Page(gate)
    behind = []

    async def begins():
        behind.append(asyncio.ensure_future(page.allowance.admit(1)))

    page.fns = {0: SimpleNamespace(fn=begins)}
    guard(page, gate)
    await page.fns[0].fn()
    await behind[0]
    assert gate.active == 0
