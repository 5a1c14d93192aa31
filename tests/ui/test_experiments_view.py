"""An experiment as values: its form, its button, its grid, figures and plots."""

import math
import re
from dataclasses import replace

import pytest

from playground.lab.forecast import Forecast
from playground.lab.progress import Progress, Shown
from playground.lab.prompts import Prompt
from playground.lab.runs import Result
from playground.lab.summary import FIGURES, summarize
from playground.lab.sweep import Sweep, SweepError, plan
from playground.models.catalog import load_catalog
from playground.settings import load_settings
from playground.types import Usage
from playground.ui import experiments_form, format
from playground.ui import experiments_view as view
from playground.ui.battle_queue import BattleQueue, banner
from playground.ui.experiments_figures import figures_table, plots
from playground.ui.experiments_form import EMPTY, PRESETS, Form, button, preset

CATALOG = load_catalog(load_settings({}))
LOCAL = "smollm2-135m-instruct"
SWEEP = Sweep((Prompt("One <b>?", "a cat sat"),), (LOCAL,), temperature=(0.0, 1.0), max_tokens=9, samples=2)


def shown(*texts, sweep=SWEEP, running=False, **changes):
    """A run whose cells, in order, came to `texts`; an exception is a failure, None is not done."""
    planned = plan(sweep, CATALOG)
    results = {}
    for cell, text in zip(planned.cells, texts, strict=False):
        if isinstance(text, Exception):
            results[cell.key] = Result(error="server", error_message=str(text))
        elif text is not None:
            results[cell.key] = Result(text, "stop", usage=Usage(5, 7), cost=0.0, ttft_s=0.1, duration_s=0.4)
    failed = sum(result.failed for result in results.values())
    progress = Progress(len(planned.cells), len(results), failed, 7 * len(results))
    return Shown("r" * 24, 0.0, planned, results, replace(progress, **changes), running)


def words(html):
    return re.sub("<[^>]*>", "", html)


def a_form(**changes):
    return Form(**{**EMPTY, "models": [LOCAL], **changes})


def test_a_form_becomes_a_sweep():
    sweep = a_form(
        prompts="One?\n\nTwo?", references="1\n2", temperature="0, 1", system_prompts="none\nBe brief.", samples=2
    ).sweep()
    assert sweep.prompts == (Prompt("One?", "1"), Prompt("Two?", "2"))
    assert (sweep.temperature, sweep.top_p, sweep.system_prompts) == ((0.0, 1.0), (None,), ("", "Be brief."))
    assert (sweep.samples, sweep.max_tokens) == (2, 80)
    assert a_form(max_tokens=None, system_prompts="").sweep().max_tokens is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"samples": None}, "Samples: write a number"),
        ({"samples": math.nan}, "Samples: 'nan' is not a whole number"),
        ({"samples": math.inf}, "Samples: 'inf' is not a whole number"),
        ({"samples": 2.5}, "Samples: '2.5' is not a whole number"),
        ({"max_tokens": {"forged": 1}}, "Max tokens: .* is not a whole number"),
    ],
)
def test_numbers_that_are_none_are_said(changes, said):
    with pytest.raises(SweepError, match=said):
        a_form(**changes).sweep()


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_can_be_run_with_no_key(name):
    fields = preset(name, CATALOG)
    assert fields["models"] == [LOCAL]
    planned = plan(Form(**fields).sweep(), CATALOG)
    assert not planned.notes
    assert planned.axis == {"Temperature": "temperature", "Top-p": "top_p", "Models": None}[name]


def test_the_models_preset_takes_every_model_that_can_answer():
    catalog = load_catalog(load_settings({"OPENAI_API_KEY": "sk-x"}))
    models = preset("Models", catalog)["models"]
    assert len(models) == experiments_form.MOST_MODELS and models[0] == LOCAL
    assert preset("Temperature", catalog)["models"] == [LOCAL]


def test_the_button_says_calls_tokens_and_cost():
    assert button(Forecast(15, 0, 100, 1200, 0.0)) == "Run 15 calls · ≈ 1,300 tokens, free"
    assert button(Forecast(1, 4, 10, 20, None)) == "Run 1 call · ≈ 30 tokens, price unknown · 4 reused"
    assert button(Forecast(40, 0, 10, 20, 0.0312)) == "Run 40 calls · ≈ 30 tokens, ≈ $0.0312"
    assert "there already" in button(Forecast(0, 4, 0, 0, 0.0))


def test_progress_says_what_is_done_spent_and_left():
    said = words(view.progress(shown("a", "b", running=True, eta_s=8.2, tokens_per_s=41.0)))
    assert "2 of 4 done · 14 tokens · free · 41 tok/s · about 8 s left" in said
    assert "price unknown" in view.progress(shown("a", cost=None))
    assert "1 failed" in view.progress(shown("a", ValueError("x")))
    assert "stopped" in view.progress(shown("a"))


def test_every_number_of_the_progress_says_what_it_counts():
    for run in (shown("a", ValueError("x"), running=True, eta_s=8.2, tokens_per_s=41.0), shown("a")):
        line = view.progress(run).partition("<p>")[2].partition("</p>")[0]
        assert len(re.findall(r'<span title="[^"]+">[^<]+</span>', line)) == len(words(line).split(format.DOT))
    assert "3 calls have not been made" in view.progress(shown("a"))


def test_the_grid_escapes_marks_differences_and_shows_failures():
    html = view.grid(shown("The <cat> sat", "The dog sat", "Hi", ValueError("The server <failed>.")))
    assert "One &lt;b&gt;?" in html and "a cat sat" in html
    assert "The &lt;cat&gt; sat" in html
    assert "The <mark>dog</mark> sat" in html
    assert "The server &lt;failed&gt;." in html
    assert "To ask it again" in html and "To ask it again" not in view.grid(shown(ValueError("x"), running=True))
    assert "<mark>" not in view.grid(shown("The cat sat", "The dog sat"), marked=False)
    assert "not asked" in view.grid(shown("x")) and "…" in view.grid(shown("x", running=True))


def test_long_runs_are_shown_in_pages():
    sweep = replace(SWEEP, prompts=tuple(Prompt(f"Number {at}!") for at in range(30)))
    pages = view.pages(plan(sweep, CATALOG))
    assert pages == ["Prompts 1 to 12 of 30", "Prompts 13 to 24 of 30", "Prompts 25 to 30 of 30"]
    last = view.grid(shown(sweep=sweep), 2)
    assert "Number 24!" in last and "Number 29!" in last and "Number 23!" not in last


def test_figures_stand_in_a_row_for_each_setting():
    run = shown("a cat sat", "a cat sat", "a cat sat", ValueError("no"))
    first, second = summarize(run.plan, run.results)
    assert first.spreads["self_bleu"].mean == pytest.approx(100)
    assert first.spreads["rouge_l"].mean == first.spreads["exact"].mean == 1.0
    assert (second.done, second.failed, second.spreads["self_bleu"]) == (2, 1, None)
    html = figures_table(run.plan, [first, second])
    assert "ROUGE-L" in html and "1 failed" in html and "JSON" not in html and "100%" in html


def test_every_figure_of_a_setting_has_its_column_and_of_an_answer_its_words():
    run = shown(
        "a cat sat", '{"a": 1}', "a dog ran", "a cat", sweep=replace(SWEEP, prompts=(Prompt("JSON?", "a cat"),))
    )
    html = figures_table(run.plan, summarize(run.plan, run.results))
    for figure in FIGURES:
        assert f">{figure.label}</th>" in html
    title = re.findall('<small title="([^"]*)"', view.grid(run))[1]
    assert "20 tok/s" in title and "7 out" in title
    for said in ("Words 3", "Distinct-1 1.00", "Distinct-2 1.00", "ROUGE-L 0.80", "Exact 0%", "JSON 0%", "BLEU "):
        assert said in title


def test_what_a_provider_did_not_count_is_marked_as_an_estimate():
    run = shown("a cat", "a dog", "a cow", "a pig")
    assert "≈" not in figures_table(run.plan, summarize(run.plan, run.results))
    key = run.plan.cells[0].key
    run.results[key] = replace(run.results[key], usage=Usage(5, 7, estimated=True), cost=0.5)
    rows = figures_table(run.plan, summarize(run.plan, run.results)).split("<tr>")
    assert "≈ 7" in rows[2] and "≈ $0.25" in rows[2] and "≈ 20" in rows[2] and "≈" not in rows[3]
    said = words(view.progress(shown("a", "b", estimated=True, cost=0.5)))
    assert "≈ 14 tokens · ≈ $0.50" in said


def test_a_price_is_unknown_only_where_something_was_used():
    run = shown("a cat", None, ValueError("no"))
    row = figures_table(run.plan, summarize(run.plan, run.results)).split("<tr>")
    assert "free" in row[2] and "price unknown" not in row[3]
    key = run.plan.cells[1].key
    run.results[key] = Result("a", "stop", usage=Usage(5, 7), cost=None)
    row = figures_table(run.plan, summarize(run.plan, run.results)).split("<tr>")
    assert "price unknown" in row[3]


def test_json_is_counted_where_it_is_asked_for():
    run = shown('{"a": 1}', "no", sweep=replace(SWEEP, prompts=(Prompt("Answer in JSON"),)))
    assert "JSON" in figures_table(run.plan, summarize(run.plan, run.results))


def test_plots_are_drawn_against_the_axis_that_varies():
    run = shown("a cat", "a b c d", "a cat sat here", "a")
    html = plots(run.plan, summarize(run.plan, run.results))
    assert "Words by temperature" in html and "temperature 1: 2.5 ± 2.12" in html
    assert 'class="reach"' in html, "the spread is drawn"
    assert "Cost by" not in html
    alone = replace(SWEEP, temperature=(0.0,))
    run = shown("a", "b", sweep=alone)
    assert plots(run.plan, summarize(run.plan, run.results)) == ""


def test_another_axis_beside_the_first_has_lines_of_its_own():
    run = shown(*["some words"] * 8, sweep=replace(SWEEP, system_prompts=("", "Be brief.")))
    html = plots(run.plan, summarize(run.plan, run.results))
    assert html.count('class="key') == 2 and "series s1" in html


def test_speed_is_told_as_in_the_chat():
    assert shown("a").results[plan(SWEEP, CATALOG).cells[0].key].tokens_per_s == pytest.approx(20)
    assert format.money(0.0) == "free"


def test_a_queue_offers_the_next_prompt_after_a_vote_on_the_last():
    queue = BattleQueue.of(["One?", "Two?", "One?"])
    assert queue.prompts == ("One?", "Two?") and queue.offered == "One?"
    assert queue.voted(["Something else"]) == queue
    queue = queue.voted(["One?", "and more"])
    assert queue.offered == "Two?" and "Prompt 2 of 2" in banner(queue)
    assert queue.voted(["Two?"]).offered == "" and "All 2 prompts" in banner(queue.voted(["Two?"]))
    assert BattleQueue.of(["One?"]) != BattleQueue.of(["One?"])
    assert banner(None) == ""
