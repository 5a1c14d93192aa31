"""The accordion's values: read into SamplingParams, fitted to a model."""

from playground.conversation.share import read_query
from playground.models.catalog import load_catalog
from playground.settings import load_settings
from playground.types import SamplingParams
from playground.ui.sampling import FIELDS, Sampling

CATALOG = load_catalog(load_settings({}))
EVERY = Sampling(dict.fromkeys(FIELDS), dict.fromkeys(FIELDS))


def read(**on):
    return EVERY.read([field in on for field in FIELDS] + [on.get(field) for field in FIELDS])


def by_field(changes):
    switches, values = changes[: len(FIELDS)], changes[len(FIELDS) :]
    return dict(zip(FIELDS, switches, strict=True)), dict(zip(FIELDS, values, strict=True))


def test_every_sampling_parameter_has_a_control():
    assert set(FIELDS) == set(SamplingParams.__slots__)


def test_what_is_off_is_unset_and_zero_is_a_value():
    assert read() == SamplingParams()
    assert read(temperature=0, top_k=0) == SamplingParams(temperature=0, top_k=0)


def test_stop_is_one_string_a_line_and_a_typed_break_is_a_line_break():
    assert read(stop="END\n\\n\\n\n\nfin").stop == ("END", "\n\n", "fin")
    assert read(stop="  ").stop == ("  ",)
    assert read(stop="").stop is None


def test_what_is_put_into_the_controls_stays_within_the_limits_that_they_are_given():
    given = SamplingParams(temperature=9.0, top_k=100_000, max_tokens=10_000, effort="enormous")
    switches, values = by_field(EVERY.preset(given, CATALOG.get("smollm2-135m-instruct")))
    assert (values["temperature"]["value"], values["top_k"]["value"]) == (2.0, 1000)
    assert values["max_tokens"]["maximum"] == values["max_tokens"]["value"] < 10_000
    assert switches["effort"]["value"] is False
    assert "value" not in values["effort"]


def test_what_a_model_does_not_take_is_not_put_into_the_controls():
    switches, values = by_field(EVERY.preset(SamplingParams(temperature=0.5), CATALOG.get("claude-opus-5-5")))
    assert (switches["temperature"]["value"], switches["temperature"]["interactive"]) == (False, False)
    assert values["temperature"]["visible"] is False
    given = SamplingParams(temperature=0.5, effort="none")
    switches, _ = by_field(EVERY.preset(given, CATALOG.get("gpt-5.5")))
    assert switches["temperature"]["value"] is True


def test_the_controls_hold_exactly_what_a_link_was_read_as():
    """One truth for the limits: what a link is said to be read as is what is sent."""
    asked = {"temperature": "1.9", "top_p": "0.3", "top_k": "700", "min_p": "0.2", "max_tokens": "1e9", "seed": "1e300"}
    asked |= {"presence_penalty": "-9", "frequency_penalty": "1", "effort": "low", "stop": "END"}
    for model in CATALOG.models.values():
        contender, _ = read_query({"model": model.id, **asked}, CATALOG)
        wanted = contender.sampling.sent()
        switches, values = by_field(EVERY.preset(contender.sampling, model))
        assert {field for field in FIELDS if switches[field]["value"]} == wanted.keys()
        assert {field: values[field]["value"] for field in wanted} == wanted
        limited = [field for field in wanted if "maximum" in values[field]]
        assert all(values[field]["minimum"] <= wanted[field] <= values[field]["maximum"] for field in limited)


def test_an_emptied_field_counts_as_unset():
    assert read(seed=None, effort=None) == SamplingParams()


def test_a_refused_parameter_is_switched_off_and_says_why():
    switches, values = by_field(EVERY.updates(CATALOG.get("claude-opus-5-5"), [True] * len(FIELDS), None))
    assert switches["temperature"]["interactive"] is False
    assert switches["temperature"]["value"] is False
    assert switches["temperature"]["info"] == "Not accepted by this model."
    assert values["temperature"]["visible"] is False
    assert switches["effort"]["interactive"] is True
    assert "value" not in switches["effort"]


def test_a_parameter_that_hangs_on_the_effort_says_at_which():
    switches, _ = by_field(EVERY.updates(CATALOG.get("gpt-5.5"), [False] * len(FIELDS), "high"))
    assert switches["temperature"]["info"] == "Accepted only at effort none."
    switches, _ = by_field(EVERY.updates(CATALOG.get("gpt-5.5"), [False] * len(FIELDS), "none"))
    assert switches["temperature"]["interactive"] is True


def test_ranges_and_choices_are_the_models():
    _, values = by_field(EVERY.updates(CATALOG.get("claude-haiku-4-5"), [True] * len(FIELDS), None))
    assert values["temperature"]["maximum"] == 1
    assert values["max_tokens"]["maximum"] == 64_000
    _, values = by_field(EVERY.updates(CATALOG.get("gpt-5.5"), [True] * len(FIELDS), None))
    assert values["effort"]["choices"] == ["none", "low", "medium", "high", "xhigh"]
