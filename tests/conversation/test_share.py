"""Links that carry model, system prompt and parameters, also when somebody has edited them."""

from urllib.parse import parse_qsl

from playground.conversation.share import query_of, read_query
from playground.models.catalog import load_catalog
from playground.settings import load_settings
from playground.types import Contender, SamplingParams

CATALOG = load_catalog(load_settings({}))
EVERYTHING = SamplingParams(0.2, 0.9, 40, 0.05, 100, ("a&b", "c d"), 7, -1.0, 1.5, "low")


def read(**query):
    return read_query(query, CATALOG)


def test_a_link_is_read_as_it_was_made():
    contender = Contender("gpt-4o-mini", "Say “yes”.\nOnly & always.", EVERYTHING)
    assert read_query(dict(parse_qsl(query_of(contender))), CATALOG) == (contender, [])
    unset = Contender("gpt-4o-mini")
    assert query_of(unset) == "model=gpt-4o-mini"


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
