"""What a provider refuses while an experiment runs: said before the next one, and told of every answer without it."""

import csv
import io
import json
import re
from dataclasses import replace

import pytest

from playground.conversation.reply import Backends
from playground.errors import ProviderError
from playground.lab.export import run_csv, run_json
from playground.lab.prompts import Prompt
from playground.lab.running import Sweeps
from playground.lab.runs import Runs
from playground.lab.summary import summarize
from playground.lab.sweep import Sweep
from playground.models.catalog import load_catalog
from playground.providers.scripted import ScriptedProvider, answer
from playground.settings import load_settings
from playground.ui import experiments_view as view
from playground.ui.experiments_figures import figures_table, plots

CATALOG = load_catalog(load_settings({"OPENAI_API_KEY": "sk-x"}))
LOCAL = "smollm2-135m-instruct"
PICKY = "gpt-4o"
PROMPTS = (Prompt("One?"), Prompt("Two?"))
SWEEP = Sweep(PROMPTS, (PICKY,), temperature=(0.0, 0.7, 1.0), max_tokens=20)
BOTH = replace(SWEEP, models=(LOCAL, PICKY))


def spoken(request):
    if request.model.id == PICKY and request.sampling.temperature is not None:
        return [ProviderError("unsupported_param", "It does not accept temperature.", param="temperature")]
    return answer(f"{request.messages[-1].content} at {request.sampling.temperature}")


def sweeps(folder, **more):
    provider = ScriptedProvider(spoken)
    backends = Backends(CATALOG, {"local": provider, "openai": provider}, **more)
    # One call at a time, so that one refusal is all it takes to know.
    return provider, Sweeps(backends, Runs(folder), at_once={"local": 1, "openai": 1})


async def run(lab, sweep, **more):
    return await finished(lab, await lab.start(sweep, "me", confirmed=True, **more))


async def finished(lab, run_id):
    return [shown async for shown in lab.follow(run_id, lambda: 0.05)][-1]


def of_picky(shown):
    """(temperature of its setting, result) of every cell, in order."""
    plan = shown.plan
    settings = [(plan.settings[cell.setting], shown.results[cell.key]) for cell in plan.cells]
    return [(one.values["temperature"], result) for one, result in settings if one.contender.model == PICKY]


async def test_what_a_provider_refused_is_said_before_the_next_run_and_its_settings_are_one(tmp_path):
    provider, lab = sweeps(tmp_path)
    assert not lab.plan(SWEEP).notes
    await run(lab, SWEEP)
    planned = lab.plan(SWEEP)
    assert len(planned.settings) == 1
    assert planned.notes == (
        "GPT-4o will not be sent temperature (OpenAI has refused it). Of its 3 settings 1 is left.",
    )
    provider.requests.clear()
    shown = await run(lab, SWEEP)
    assert len(provider.requests) == len(shown.results) == 2
    assert not any(result.failed or result.dropped for result in shown.results.values())


async def test_a_run_comes_to_the_same_cells_after_a_restart_that_forgets_what_was_refused(tmp_path):
    _, lab = sweeps(tmp_path)
    await run(lab, SWEEP)
    before = await run(lab, SWEEP)
    provider, restarted = sweeps(tmp_path)
    after = await restarted.look(before.id)
    assert (after.results, after.plan.notes) == (before.results, before.plan.notes)
    assert after.progress.done == after.progress.total == 2
    await restarted.resume(before.id, "me")
    await finished(restarted, before.id)
    assert not provider.requests


async def test_an_answer_without_a_parameter_of_its_setting_says_so(tmp_path):
    _, lab = sweeps(tmp_path)
    shown = await run(lab, BOTH)
    first, *rest = of_picky(shown)
    assert (first[1].error, first[1].dropped) == ("unsupported_param", ())
    assert [(result.error, result.dropped) for _, result in rest] == [(None, ("temperature",))] * 5
    assert Runs(tmp_path).read(shown.id).results == shown.results
    html = view.grid(shown)
    assert html.count("temperature not sent") == 5
    assert "GPT-4o was not sent temperature in 5 answers" in html
    assert "So 3 of its settings are the same" in html
    assert "not sent" not in view.grid(await run(lab, replace(SWEEP, models=(LOCAL,))))


async def test_figures_and_plots_count_an_answer_for_what_was_sent(tmp_path):
    _, lab = sweeps(tmp_path)
    shown = await run(lab, BOTH)
    figures = summarize(shown.plan, shown.results)
    assert [(one.label, one.done, one.failed) for one in figures] == [
        ("SmolLM2 135M · temperature 0", 2, 0),
        ("SmolLM2 135M · temperature 0.7", 2, 0),
        ("SmolLM2 135M · temperature 1", 2, 0),
        ("GPT-4o · temperature 0", 1, 1),
        ("GPT-4o · temperature default", 5, 0),
    ]
    drawn = plots(shown.plan, figures)
    assert drawn.count('class="key') == 2 and "<title>temperature default: 3</title>" in drawn
    assert re.findall('<em style="left:[^>]*>([^<]*)<', drawn)[:4] == ["0", "0.7", "1", "default"]
    assert "GPT-4o · temperature 0.7" not in figures_table(shown.plan, figures)


async def test_files_hold_what_was_sent_and_what_was_not(tmp_path):
    _, lab = sweeps(tmp_path)
    shown = await run(lab, SWEEP)
    content = json.loads(run_json(shown))
    rows = [(row["temperature"], row["not_sent"]) for row in content["cells"]]
    assert rows[:3] == [(0.0, {}), (None, {"temperature": 0.7}), (None, {"temperature": 1.0})]
    assert "GPT-4o was not sent temperature in 5 answers" in content["notes"][0]
    assert content["settings"][-1]["sampling"] == {"max_tokens": 20}
    table = list(csv.DictReader(io.StringIO(run_csv(shown))))
    assert [(row["temperature"], row["not_sent"]) for row in table][:2] == [("0.0", ""), ("", "temperature=0.7")]


async def test_an_answer_without_a_parameter_is_not_taken_over_as_one_with_it(tmp_path):
    _, lab = sweeps(tmp_path)
    first = await run(lab, SWEEP)
    provider, restarted = sweeps(tmp_path)
    expected = await restarted.forecast(restarted.plan(SWEEP), [first.id])
    assert (expected.calls, expected.reused) == (6, 0)
    shown = await run(restarted, SWEEP, reuse=[first.id])
    assert len(provider.requests) == 6 and not any(result.reused for result in shown.results.values())


@pytest.mark.parametrize("temperature", [(0.7,), (None, 0.7)])
async def test_a_parameter_that_does_not_vary_is_named_where_it_was_not_sent(tmp_path, temperature):
    _, lab = sweeps(tmp_path)
    shown = await run(lab, replace(SWEEP, temperature=temperature, samples=2))
    labels = [one.label for one in summarize(shown.plan, shown.results)]
    alone = ["GPT-4o", "GPT-4o · temperature not sent"]
    assert labels == (alone if len(temperature) == 1 else ["temperature default", "temperature 0.7"])
