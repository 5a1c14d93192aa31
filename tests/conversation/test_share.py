"""Links that carry model, system prompt and parameters, also when somebody has edited them."""

from urllib.parse import parse_qsl

from playground.conversation.share import query_of, read_query
from playground.models.catalog import load_catalog
from playground.settings import load_settings
from playground.types import Contender, SamplingParams

CATALOG = load_catalog(load_settings({}))
EVERYTHING = SamplingParams(0.2, 0.9, 40, 0.05, 100, ("a&b", "c d"), 7, -1.0, 1.5)


def read(**query):
    return read_query(query, CATALOG)


def test_a_link_is_read_as_it_was_made():
    thinking = SamplingParams(effort="low")
    for model, sampling in (("smollm2-135m-instruct", EVERYTHING), ("gpt-5.5", thinking)):
        contender = Contender(model, "Say “yes”.\nOnly & always.", sampling)
        query, lost = query_of(contender)
        assert lost == []
        assert read_query(dict(parse_qsl(query)), CATALOG) == (contender, [])
    assert query_of(Contender("gpt-4o-mini")) == ("model=gpt-4o-mini", [])


def test_a_page_without_such_a_link_asks_for_nothing():
    assert read(__theme="dark", utm_source="x") == (None, [])


def test_what_was_edited_wrongly_is_left_out_and_said_and_the_rest_holds():
    contender, problems = read(model="gpt-99", temperature="warm", top_k="40.0", seed="inf", temprature="1", __sign="x")
    assert contender == Contender("", "", SamplingParams(top_k=40))
    assert len(problems) == 4
    assert any("temprature" in problem for problem in problems)
    assert any("'gpt-99'" in problem and "another model" in problem for problem in problems)
    assert any("temperature in the link is 'warm'" in problem for problem in problems)
    assert not any("__sign" in problem for problem in problems)


def test_values_that_the_model_does_not_take_become_the_nearest_and_that_is_said():
    contender, problems = read(model="gpt-4o-mini", temperature="9", max_tokens="1e12", seed="1e300")
    assert contender.sampling == SamplingParams(
        temperature=2.0, max_tokens=CATALOG.get("gpt-4o-mini").max_output_tokens
    )
    assert [problem.split(" in the link")[0] for problem in problems] == ["seed", "temperature", "max_tokens"]


def test_a_prompt_without_end_is_cut_and_said():
    contender, problems = read(system="x" * 100_000)
    assert len(contender.system_prompt) == 8000
    assert "cut" in problems[0]


def test_a_link_that_cannot_carry_the_whole_prompt_says_so_and_is_read_without_a_complaint():
    query, lost = query_of(Contender("gpt-4o-mini", "x" * 8_001))
    assert lost == ["The system prompt is longer than 8,000 characters: the link carries only its beginning."]
    contender, problems = read_query(dict(parse_qsl(query)), CATALOG)
    assert (len(contender.system_prompt), problems) == (8_000, [])


def test_what_the_model_refuses_is_left_out_and_said_with_the_reason():
    contender, problems = read(model="gpt-5.5", temperature="0.5", top_k="7", effort="high")
    assert contender.sampling == SamplingParams(effort="high")
    assert problems == [
        "temperature in the link was left out for GPT-5.5: accepted only at effort none.",
        "top_k in the link was left out for GPT-5.5: not accepted by this model.",
    ]
    assert read(model="gpt-5.5", temperature="0.5", effort="none")[1] == []
    contender, problems = read(model="gpt-5.5", effort="enormous")
    assert contender.sampling == SamplingParams()
    assert problems == [
        "effort in the link is 'enormous'; GPT-5.5 accepts none, low, medium, high, xhigh: it was left out."
    ]
    assert read(model="gpt-4o-mini", effort="low")[1] == [
        "effort in the link was left out for GPT-4o mini: not accepted by this model."
    ]


def test_what_the_provider_has_refused_before_is_said_too():
    learned = {"gpt-4o": {"seed": "OpenAI refused it: not sent again until a restart"}}
    contender, problems = read_query({"model": "gpt-4o", "seed": "7"}, CATALOG, lambda model: learned.get(model, {}))
    assert contender.sampling == SamplingParams()
    assert problems == ["seed in the link was left out for GPT-4o: OpenAI refused it: not sent again until a restart."]
