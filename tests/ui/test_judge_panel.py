"""The judge's panel called as anybody can call it, and what it says."""

import gradio as gr
import pytest
from pydantic import SecretStr

from playground.arena.judge import Estimate, Progress
from playground.ui import judge_panel
from playground.ui.judge_panel import ANEW, WRONG
from playground.ui.judge_view import ended_text, estimate_text, progress_text

from ..arena.arenas import an_arena
from ..arena.records import Answer, Turn, battle

TURNS = (Turn("Why?", Answer("So.", "stop"), Answer("Because.", "stop")),)


@pytest.fixture
def panel(tmp_path):
    """(handlers by name, the arena's provider, its store)."""
    with an_arena(tmp_path, charlie="") as (arena, provider):
        store = arena._opened.result()
        with gr.Blocks() as page:
            judge_panel.build(arena._backends, arena, SecretStr("owner"))
        first, second, *_ = arena.listed
        store.add_battle(battle(a=first.id, b=second.id, turns=TURNS))
        store.cast("b1", "a", "me")
        yield {each.fn.__name__: each.fn for each in page.fns.values() if each.fn}, provider, store


def said(shown):
    return " ".join(str(value) for value in shown.values())


async def test_nothing_is_told_or_asked_without_the_owners_token(panel):
    handlers, provider, store = panel
    for token in ("", "guess", None, "owner2"):
        assert WRONG.split("(")[0].replace("'", "&#x27;") in said(await handlers["look"](token, "alpha", 5))
        steps = [said(step) async for step in handlers["run"](token, "alpha", 5, ("alpha", 5))]
        assert len(steps) == 1 and "battles" not in steps[0]
    assert provider.requests == [] and store.count_unjudged(9) == 1


async def test_only_what_was_estimated_can_be_started(panel):
    handlers, provider, store = panel
    for asked in (None, ("alpha", 6), ("bravo", 5)):
        assert ANEW in said([step async for step in handlers["run"]("owner", "alpha", 5, asked)][-1])
    assert provider.requests == []
    assert "would judge 1 battle in both orders: 2 calls" in said(await handlers["look"]("owner", "alpha", 5))
    *_, last = [said(step) async for step in handlers["run"]("owner", "alpha", 5, ("alpha", 5))]
    assert "Finished: 1 of 1 battle · 0 judged · 1 left unjudged" in last
    assert len(provider.requests) == 2 and store.count_unjudged(9) == 1


@pytest.mark.parametrize("limit", [float("nan"), float("inf"), -3, 0, None, "many"])
async def test_a_number_that_means_nothing_is_bounded(panel, limit):
    assert "would judge 1 battle" in said(await panel[0]["look"]("owner", "alpha", limit))


async def test_a_model_that_is_not_there_is_named(panel):
    assert "There is no model" in said(await panel[0]["look"]("owner", "nobody", 5))


def test_an_unknown_price_is_never_zero_and_an_own_answer_is_said():
    assert "price unknown" in estimate_text(Estimate("M", 3, 6, 100, 20, None, 0.0))
    assert "cost ≈ $0.0500" in estimate_text(Estimate("M", 3, 6, 100, 20, 0.05, 0.0))
    assert "is a contender itself in 50%" in estimate_text(Estimate("M", 3, 6, 100, 20, 0.0, 0.5))
    assert "Nothing to judge" in estimate_text(Estimate("M", 0, 0, 0, 0, 0.0, 0.0))
    assert "price unknown" in progress_text(Progress(4, judged=1, cost=None))


def test_the_end_says_what_is_left_and_why():
    ended = ended_text(Progress(4, judged=1, unjudged=1, cost=0.0, error="Down."), stopped=False)
    assert ended.startswith("Stopped: 2 of 4 battles · 1 judged · 1 left unjudged") and "Down." in ended
    assert ended_text(Progress(4, 4), stopped=False).startswith("Finished: 4 of 4")
