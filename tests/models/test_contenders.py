"""Who may fight: from the catalog and the owner's own file, identified by what shapes their answers."""

import pytest

from playground.errors import ConfigError
from playground.models.catalog import load_catalog
from playground.models.contenders import contender_id
from playground.settings import load_settings
from playground.types import Contender, SamplingParams

LOCAL = "smollm2-135m-instruct"


def contenders(tmp_path, toml="", **environ):
    (tmp_path / "own.toml").write_text(toml)
    return load_catalog(load_settings({"PLAYGROUND_CONFIG": str(tmp_path / "own.toml"), **environ})).contenders


def problems(tmp_path, toml):
    with pytest.raises(ConfigError) as caught:
        contenders(tmp_path, toml)
    return caught.value.problems


def test_without_keys_the_embedded_model_fights_itself_in_four_ways(tmp_path):
    listed = contenders(tmp_path)
    assert [one.contender.model for one in listed] == [LOCAL] * 4
    assert all(one.available and not one.retired for one in listed)
    temperatures = sorted(one.contender.sampling.temperature for one in listed)
    assert temperatures[0] == 0 and temperatures[-1] >= 1.2
    assert sum(bool(one.contender.system_prompt) for one in listed) == 1
    assert len({one.id for one in listed}) == len({one.name for one in listed}) == 4


def test_with_a_key_every_available_model_fights_at_its_defaults(tmp_path):
    listed = contenders(tmp_path, OPENAI_API_KEY="sk-x")
    catalog = load_catalog(load_settings({"OPENAI_API_KEY": "sk-x"}))
    assert {one.contender for one in listed} == {
        Contender(model.id) for model in catalog.models.values() if model.available
    }
    assert len(listed) > 2


def test_the_owner_adds_contenders(tmp_path):
    listed = contenders(
        tmp_path, f'[contenders.poet]\nmodel = "{LOCAL}"\nsystem_prompt = "Rhyme."\ntop_k = 5\nweight = 2\n'
    )
    [poet] = [one for one in listed if one.name == "poet"]
    assert poet.contender == Contender(LOCAL, "Rhyme.", SamplingParams(top_k=5))
    assert poet.weight == 2
    assert len(listed) == 5


def test_editing_makes_another_contender_and_renaming_does_not(tmp_path):
    row = f'[contenders.poet]\nmodel = "{LOCAL}"\n'
    ids = {
        more: next(one.id for one in contenders(tmp_path, row + more) if one.name in {"poet", "Poet"})
        for more in ("", 'name = "Poet"', "weight = 3", "top_k = 5", "top_k = 6", 'system_prompt = "Rhyme."')
    }
    assert ids[""] == ids['name = "Poet"'] == ids["weight = 3"]
    assert len(set(ids.values())) == 4


def test_one_and_one_point_zero_are_the_same_setting():
    model = load_catalog(load_settings({})).get(LOCAL)
    once, again = (Contender(LOCAL, "", SamplingParams(temperature=value)) for value in (1, 1.0))
    assert contender_id(once, model) == contender_id(again, model)
    assert contender_id(once, model) != contender_id(Contender(LOCAL, "", SamplingParams(top_p=1)), model)


def test_a_retired_contender_stays_listed(tmp_path):
    listed = contenders(tmp_path, f'[contenders.poet]\nmodel = "{LOCAL}"\nretired = true\n')
    assert [one.retired for one in listed if one.name == "poet"] == [True]


@pytest.mark.parametrize(
    ("row", "word"),
    [
        ('model = "nobody"', "nobody"),
        (f'model = "{LOCAL}"\ntemprature = 1', "temprature"),
        (f'model = "{LOCAL}"\ntemperature = 9', "temperature"),
        (f'model = "{LOCAL}"\ntemperature = "hot"', "temperature"),
        (f'model = "{LOCAL}"\neffort = "high"', "effort"),
        (f'model = "{LOCAL}"\nweight = 0', "weight"),
        (f'model = "{LOCAL}"\ntemperature = 0.0\nmax_tokens = 320', "same"),
    ],
)
def test_a_row_that_cannot_be_used_is_named_with_the_reason(tmp_path, row, word):
    [problem] = problems(tmp_path, f"[contenders.poet]\n{row}\n")
    assert "contenders.poet" in problem
    assert word in problem


def test_a_row_that_is_no_table_is_named(tmp_path):
    [problem] = problems(tmp_path, "[contenders]\npoet = 3\n")
    assert "contenders.poet" in problem
