"""What is sent, what is dropped, what is refused: rules as data."""

import pytest

from playground.errors import ProviderError
from playground.models.capabilities import PARAMS, fit, refusals
from playground.models.catalog import load_catalog
from playground.settings import load_settings
from playground.types import SamplingParams

MODELS = load_catalog(load_settings({}))


def fitted(model_id, **sampling):
    return fit(MODELS.get(model_id), SamplingParams(**sampling))


def test_nothing_set_is_nothing_sent():
    for model in MODELS.models.values():
        assert fit(model, SamplingParams()) == (SamplingParams(), ())


@pytest.mark.parametrize(
    ("model_id", "effort", "sent"),
    [
        ("gpt-4o", None, True),
        ("gpt-5.4", None, True),
        ("gpt-5.4", "none", True),
        ("gpt-5.4", "high", False),
        ("gpt-5.5", None, False),
        ("gpt-5.5", "none", True),
        ("gpt-6-luna", None, False),
        ("gpt-6-luna", "none", True),
        ("gpt-6-astra", None, False),
        ("gpt-5-mini", "low", False),
        ("claude-sonnet-4-6", None, True),
        ("claude-opus-5-5", None, False),
        ("gemini-2.5-flash", None, True),
        ("gemini-4-argon", None, False),
        ("smollm2-135m-instruct", None, True),
    ],
)
def test_temperature_is_sent_only_where_the_family_takes_it(model_id, effort, sent):
    kept, dropped = fitted(model_id, temperature=0.5, effort=effort)
    assert (kept.temperature == 0.5) is sent
    assert ("temperature" in dropped) is not sent


def test_of_an_exclusive_pair_the_second_is_dropped():
    kept, dropped = fitted("claude-haiku-4-5", temperature=0.5, top_p=0.9)
    assert (kept.temperature, kept.top_p, dropped) == (0.5, None, ("top_p",))
    assert fitted("claude-haiku-4-5", top_p=0.9)[1] == ()


def test_the_embedded_model_takes_everything_but_effort():
    assert set(refusals(MODELS.get("smollm2-135m-instruct").family, None)) == {"effort"}


def test_an_unknown_model_is_sent_nothing_optional(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text('[models]\n"gpt-99" = { provider = "openai" }')
    model = load_catalog(load_settings({"PLAYGROUND_CONFIG": str(path)})).get("gpt-99")
    assert set(refusals(model.family, None)) == set(PARAMS)


@pytest.mark.parametrize(
    ("model_id", "sampling"),
    [
        ("smollm2-135m-instruct", {"max_tokens": 0}),
        ("smollm2-135m-instruct", {"max_tokens": 4097}),
        ("smollm2-135m-instruct", {"temperature": float("nan")}),
        ("smollm2-135m-instruct", {"temperature": -0.1}),
        ("smollm2-135m-instruct", {"top_p": 1.1}),
        ("smollm2-135m-instruct", {"stop": ("",)}),
        ("claude-haiku-4-5", {"temperature": 1.5}),
        ("gpt-5.5", {"effort": "enormous"}),
        ("gpt-4o", {"max_tokens": 16385}),
    ],
)
def test_a_value_out_of_range_is_refused_with_the_range(model_id, sampling):
    with pytest.raises(ProviderError) as caught:
        fitted(model_id, **sampling)
    assert caught.value.kind == "bad_request"
    assert caught.value.param == next(iter(sampling))
    assert next(iter(sampling)) in caught.value.message


def test_a_dropped_value_is_not_checked():
    assert fitted("gpt-6-astra", temperature=99)[1] == ("temperature",)
