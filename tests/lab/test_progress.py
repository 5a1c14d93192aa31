"""How far a run is: what is done, what is left, at what pace, and what nobody will ask any more."""

import asyncio
from contextlib import suppress

import pytest

from playground.lab.progress import Active
from playground.lab.prompts import Prompt
from playground.lab.runs import Result, Run
from playground.lab.sweep import Sweep, plan
from playground.models.catalog import load_catalog
from playground.settings import load_settings
from playground.types import Usage

CATALOG = load_catalog(load_settings({"OPENAI_API_KEY": "sk-x"}))
LOCAL, PAID = "smollm2-135m-instruct", "gpt-4o"
PLAN = plan(Sweep(tuple(Prompt(f"Question {at}") for at in range(5)), (LOCAL, PAID)), CATALOG)


@pytest.fixture
async def active():
    """A run of ten cells that began at second 100, of which three are done after 12 seconds."""
    run = Run("r" * 24, PLAN.sweep, 0.0)
    task = asyncio.create_task(asyncio.Event().wait())
    active = Active(run, PLAN, "me", PLAN.cells, began=100.0, task=task)
    for cell in PLAN.cells[:3]:
        run.results[cell.key] = Result("x", "stop", usage=Usage(5, 8), cost=0.0)
        active.finished.add(cell.key)
        active.tokens += 8
    yield active
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_the_time_left_is_the_calls_left_at_the_pace_so_far(active):
    now = active.shown(112.0).progress
    assert (now.done, now.total, now.tokens) == (3, 10, 24)
    assert now.tokens_per_s == pytest.approx(24 / 12)
    assert now.eta_s == pytest.approx(7 * 12 / 3)


async def test_calls_that_nobody_will_make_take_no_time(active):
    active.hopeless.add(PAID)
    left = [cell for cell in PLAN.cells[3:] if PLAN.settings[cell.setting].contender.model == LOCAL]
    assert active.left == len(left) == 3
    shown = active.shown(112.0)
    assert shown.progress.eta_s == pytest.approx(3 * 12 / 3)
    assert shown.left == 7, "resuming asks them again"


async def test_a_run_that_was_resumed_goes_by_the_pace_of_now(active):
    earlier = PLAN.cells[3:5]
    active.run.results.update({cell.key: Result("old", "stop", usage=Usage(5, 100), cost=0.0) for cell in earlier})
    active.todo = tuple(cell for cell in PLAN.cells if cell not in earlier)
    now = active.shown(112.0).progress
    assert (now.done, now.tokens) == (5, 224)
    assert (now.tokens_per_s, now.eta_s) == (pytest.approx(24 / 12), pytest.approx(5 * 12 / 3))


async def test_what_failed_before_and_is_asked_again_counts_as_left(active):
    active.run.results[PLAN.cells[3].key] = Result(error="server")
    assert active.left == 7
    assert active.shown(112.0).progress.failed == 1


async def test_before_the_first_answer_and_after_the_end_no_time_is_said(active):
    active.finished.clear()
    assert (active.shown(112.0).progress.eta_s, active.shown(112.0).progress.tokens_per_s) == (None, None)
    active.finished.add(PLAN.cells[0].key)
    active.task = None
    assert active.shown(112.0).progress.eta_s is None
