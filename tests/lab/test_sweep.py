"""What a sweep comes to before anybody is asked: settings, refusals, counts, cost, and what is refused."""

import math
from dataclasses import replace

import pytest

from playground.lab.forecast import admit, asks_for_confirmation, forecast
from playground.lab.prompts import Prompt
from playground.lab.sweep import MOST_CELLS, Sweep, SweepError, plan, read_values
from playground.models.catalog import load_catalog
from playground.settings import load_settings

CATALOG = load_catalog(load_settings({"OPENAI_API_KEY": "sk-x", "ANTHROPIC_API_KEY": "sk-y"}))
LOCAL = "smollm2-135m-instruct"
SWEEP = Sweep((Prompt("One?"), Prompt("Two?")), (LOCAL,), temperature=(0.0, 1.0), max_tokens=50, samples=3)


def planned(**changes):
    return plan(replace(SWEEP, **changes), CATALOG)


def test_every_prompt_meets_every_setting_as_often_as_asked():
    found = planned(system_prompts=("", "Be brief."))
    assert len(found.settings) == 4
    assert len(found.cells) == 2 * 4 * 3 == found.sweep.cells
    assert len({cell.key for cell in found.cells}) == 24
    assert found.varied == ("system_prompt", "temperature")
    assert found.axis == "temperature"
    assert found.label(found.settings[-1]) == "“Be brief.” · temperature 1"


def test_every_axis_multiplies():
    found = planned(top_p=(0.5, 0.9), top_k=(1, 5, 40), system_prompts=("", "Be brief."))
    assert len(found.settings) == 2 * 2 * 3 * 2
    assert {setting.contender.sampling.top_k for setting in found.settings} == {1, 5, 40}
    assert planned(models=("gpt-5.5",), temperature=(None,), effort=("low", "high")).axis == "effort"


def test_a_parameter_that_a_model_refuses_is_said_and_its_settings_are_one():
    found = planned(models=(LOCAL, "claude-sonnet-5-5"), temperature=(0.0, 0.5, 1.0))
    assert [setting.contender.model for setting in found.settings] == [LOCAL] * 3 + ["claude-sonnet-5-5"]
    assert found.settings[-1].contender.sampling.sent() == {"max_tokens": 50}
    assert found.notes == (
        "Claude Sonnet 5.5 will not be sent temperature (not accepted by this model). Of its 3 settings 1 is left.",
    )


def test_a_condition_on_the_effort_is_said():
    found = planned(models=("gpt-5.5",), effort=("none", "high"), temperature=(0.5,))
    assert "temperature (accepted only at effort none)" in found.notes[0]
    assert [setting.contender.sampling.temperature for setting in found.settings] == [0.5, None]


def test_the_same_question_has_the_same_key_in_every_sweep():
    one, other = planned(), planned(temperature=(1.0, 0.3), prompts=(Prompt("Two?", "2"),), samples=1)
    keys = {cell.key for cell in one.cells}
    assert [cell.key in keys for cell in other.cells] == [True, False]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"prompts": ()}, "There is no prompt"),
        ({"models": ()}, "Choose at least one model"),
        ({"temperature": ()}, "Temperature has no value"),
        ({"temperature": (math.nan,)}, "Temperature: nan is not a number"),
        ({"temperature": (2.5,)}, "temperature must be between 0 and 2"),
        ({"models": ("nobody",)}, "no model 'nobody'"),
        ({"models": ("gemini-2.5-flash",)}, "Gemini 2.5 Flash cannot be asked: needs GOOGLE_API_KEY"),
        ({"models": ("claude-sonnet-5-5",), "effort": ("fast",)}, "effort must be one of"),
        ({"system_prompts": ("Be\ud800 brief.",)}, "System prompt: it contains half a character"),
        ({"effort": ("\ud800",)}, "Effort: it contains half a character"),
        ({"samples": 0}, "1 to 100 samples"),
        ({"samples": 101}, "1 to 100 samples"),
        ({"max_tokens": 0}, "Max tokens must be at least 1"),
        ({"temperature": tuple(at / 10_000 for at in range(20_000)), "samples": 3}, "120,000 calls"),
    ],
)
def test_what_cannot_be_run_is_refused_in_words(changes, said):
    with pytest.raises(SweepError, match=said):
        planned(**changes)


def test_a_sweep_of_astronomic_size_is_refused_before_it_is_listed():
    many = tuple(at / 1e5 for at in range(100_000))
    with pytest.raises(SweepError, match="is the most"):
        planned(temperature=many, top_p=many, top_k=tuple(range(100_000)))


def test_values_are_read_from_a_line():
    assert read_values("temperature", "0, 0.5; 1,") == (0.0, 0.5, 1.0)
    assert read_values("temperature", "1, 1.0, default") == (1.0, None)
    assert read_values("top_k", "1, 40") == (1, 40)
    assert read_values("effort", "low, High") == ("low", "high")
    assert read_values("top_p", "  ") == (None,)


@pytest.mark.parametrize(
    ("axis", "text", "said"),
    [
        ("temperature", "0.2, nan", "Temperature: 'nan' is not a number"),
        ("temperature", "inf", "'inf' is not a number"),
        ("top_p", "0.2 0.3", "Top-p: '0.2 0.3' is not a number"),
        ("top_k", "1.5", "Top-k: 1.5 is not a whole number"),
    ],
)
def test_values_that_are_none_are_named(axis, text, said):
    with pytest.raises(SweepError, match=said):
        read_values(axis, text)


def test_the_forecast_counts_calls_tokens_and_cost():
    one = planned(models=("gpt-4o",), temperature=(0.5,), prompts=(Prompt("How many tokens?"),), samples=4)
    expected = forecast(one, CATALOG)
    assert (expected.calls, expected.output_tokens) == (4, 200)
    assert expected.input_tokens == 4 * (4 + 1 + 3 + 3)  # text, role, around the message, the reply's start
    assert expected.cost == pytest.approx((44 * 2.5 + 200 * 10) / 1e6)
    less = forecast(one, CATALOG, {one.cells[0].key, one.cells[1].key})
    assert (less.calls, less.reused) == (2, 2)
    assert less.cost == pytest.approx(expected.cost / 2)
    assert forecast(planned(), CATALOG).free


def test_an_unknown_price_is_not_a_price_of_nothing():
    catalog = replace(CATALOG, models={LOCAL: replace(CATALOG.get("gpt-4o"), provider="x", id=LOCAL, input_price=None)})
    assert forecast(plan(SWEEP, catalog), catalog).cost is None


def expecting(calls, cost):
    return replace(forecast(planned(), CATALOG), calls=calls, cost=cost, charged=cost)


@pytest.mark.parametrize(
    ("calls", "cost", "confirmed", "usd_left", "said"),
    [
        (40, 0.0, False, None, None),
        (501, 0.0, False, None, "This makes 501 calls: confirm it first"),
        (501, 0.0, True, None, None),
        (40, 1.5, False, None, r"40 calls for about \$1.50: confirm"),
        (21, None, False, None, "at an unknown price: confirm"),
        (9_999, 3.0, True, None, None),
        (9_999, None, True, 4.0, None),
        (10_000, 0.0, True, None, None),
        (10_000, 0.0, False, None, "10,000 calls"),
        (10_000, 3.0, False, 4.0, "10,000 calls for about .* confirm"),
        (10_000, 3.0, True, None, "10,000 calls for about .* within a budget"),
        (10_000, 3.0, True, 2.0, "10,000 calls for about .* left of the budget"),
        (10_000, 3.0, True, 4.0, None),
        (10_000, None, True, 4.0, "10,000 calls at an unknown price"),
        (40, 0.5, True, 0.4, r"more than is left of the budget \(\$0.40\)|are more than is left"),
    ],
)
def test_what_is_much_needs_a_yes_and_what_is_too_much_a_budget(calls, cost, confirmed, usd_left, said):
    expected = expecting(calls, cost)
    if said is None:
        admit(expected, confirmed=confirmed, usd_left=usd_left)
        return
    with pytest.raises(SweepError, match=said):
        admit(expected, confirmed=confirmed, usd_left=usd_left)


def test_small_sweeps_run_at_one_press():
    assert not asks_for_confirmation(expecting(40, 0.0))
    assert planned().sweep.cells <= MOST_CELLS
