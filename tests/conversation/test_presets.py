"""System prompts with variables: found, asked for, filled in; templates that are broken or meant to hurt; files."""

import json

import pytest

from playground.conversation.presets import (
    MOST_TOGETHER,
    added,
    exported,
    fill,
    imported,
    optional,
    together,
    variables,
)
from playground.errors import ProviderError
from playground.models.catalog import load_catalog
from playground.settings import load_settings
from playground.types import Preset


def refusal(call, *arguments):
    with pytest.raises(ProviderError) as caught:
        call(*arguments)
    assert caught.value.kind == "bad_request"
    return caught.value.message


def test_variables_are_found_in_the_order_of_the_text():
    prompt = "You teach {{ subject }} to {{learner}}{% if level %} at level {{ level }}{% endif %}. {{ subject|upper }}"
    assert variables(prompt) == ("subject", "learner", "level")
    assert variables("No braces, 100 % plain { x }") == ()
    assert variables("{% raw %}{{ x }}{% endraw %}") == ()


def test_values_go_in_as_they_are():
    assert fill("Say {{ what }}.\n", {"what": "<b>{{ x }}</b>"}) == "Say <b>{{ x }}</b>.\n"
    assert fill("{% raw %}{{ x }}{% endraw %}", {}) == "{{ x }}"
    assert fill("no template { at all }", {"x": "y"}) == "no template { at all }"


def test_a_default_holds_for_a_blank_value():
    prompt = '{{ tone | default("plain") }} {{ name }}'
    assert optional(prompt) == {"tone"}
    assert fill(prompt, {"tone": " ", "name": "Ada"}) == "plain Ada"


def test_missing_values_are_named():
    said = refusal(fill, "{{ a }} {{ b }} {{ c }}", {"b": "x", "c": "  "})
    assert "a value for a, c" in said


@pytest.mark.parametrize("broken", ["{{ a", "{% foo %}", "{% if a %}", "{{ a b }}", "{{ }}", "{# x"])
def test_broken_templates_say_the_line_and_how_to_send_braces(broken):
    said = refusal(variables, f"First line\n{broken}")
    assert "line 2" in said
    assert "{% raw %}" in said


@pytest.mark.parametrize(
    "template",
    [
        "{% for i in x %}{% for j in x %}a{% endfor %}{% endfor %}",
        "{{ 'a' * 10 ** 9 }}",
        "{{ 9 ** 9 ** 9 }}",
        "{{ range(10 ** 9) | list }}",
        "{{ lipsum(10 ** 6) }}",
        "{{ x | center(10 ** 9) }}",
        "{{ x | replace('', 'aaaaaaaa') }}",
        "{{ '%999999999d' % 1 }}",
        "{{ x.__class__.__mro__ }}",
        "{{ x['__class__'] }}",
        "{% set y = x ~ x %}",
        "{% include 'secrets' %}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{{" + "(" * 5_000 + "x" + ")" * 5_000 + "}}",
        "{{ x }}" * 3_000,
    ],
)
def test_templates_meant_to_hurt_are_refused_at_once(template):
    assert (
        "cannot be used here" in (said := refusal(fill, template, {"x": "a"}))
        or "too deeply" in said
        or "parts" in said
    )


def test_a_filled_prompt_has_a_limit():
    assert "longer than 100,000" in refusal(fill, "{{ x }}" * 500, {"x": "a" * 1_000})


def test_the_library_has_the_presets_people_expect_and_all_can_be_filled():
    presets = {preset.name: preset.prompt for preset in load_catalog(load_settings({})).presets}
    assert {"General assistant", "Expert coder", "Patient teacher"} <= presets.keys()
    for prompt in presets.values():
        filled = fill(prompt, dict.fromkeys(set(variables(prompt)) - optional(prompt), "VALUE"))
        assert "{{" not in filled
        assert filled.strip()


def test_the_owners_presets_are_merged_over_ours(tmp_path):
    config = tmp_path / "own.toml"
    config.write_text('[presets]\n"General assistant" = "Ours."\n"House style" = { prompt = "Use {{ tone }}." }\n')
    presets = {p.name: p.prompt for p in load_catalog(load_settings({"PLAYGROUND_CONFIG": str(config)})).presets}
    assert presets["General assistant"] == "Ours."
    assert presets["House style"] == "Use {{ tone }}."


def test_what_was_exported_can_be_imported():
    own = (Preset("A", "Say {{ x }} 🦥"), Preset("B", ""))
    assert imported(exported(own)) == own
    assert imported('[{"name": " C ", "prompt": "p"}]') == (Preset("C", "p"),)
    assert together(own, [Preset("B", "new"), Preset("C", "c")]) == (own[0], Preset("B", "new"), Preset("C", "c"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nonsense", "not JSON"),
        ("1" * 5_000, "not JSON"),
        ('[{"name": "a", "prompt": "half \\ud83d"}]', "Preset 1: it contains half a character"),
        ("{}", 'needs a list "presets"'),
        ('[{"name": "A", "prompt": "x"}, {"name": "B"}]', "Preset 2"),
        ('[{"name": "", "prompt": "x"}]', "Preset 1"),
        ("[1]", "Preset 1"),
        (json.dumps([{"name": "A", "prompt": "x"}] * 501), "at most 500"),
        (json.dumps([{"name": "A", "prompt": "x" * 100_001}]), "Preset 1"),
    ],
)
def test_a_broken_file_says_what_is_wrong_and_nothing_is_taken(text, said):
    assert said in refusal(imported, text)


def test_of_ones_own_as_many_are_taken_as_a_browser_keeps():
    own = tuple(Preset(f"P{at}", "x" * 90_000) for at in range(11))
    kept = added(own[:10], own[10:])
    assert kept == own
    assert len(exported(kept)) <= MOST_TOGETHER < 5_000_000 / 4
    assert "would take 1.1 MB, and a browser keeps at most 1 MB of them" in refusal(
        added, own, [Preset("P11", own[0].prompt)]
    )
    assert added(own, [Preset("P3", "short")])[3] == Preset("P3", "short"), "one in the place of another needs no room"


def test_signs_of_several_bytes_count_as_what_they_take():
    refused = refusal(added, (), [Preset(str(at), "🦥" * 100_000) for at in range(3)])
    assert "1.2 MB" in refused


def test_more_than_are_read_again_are_not_taken():
    own = tuple(Preset(f"P{at}", "x") for at in range(500))
    assert len(added(own[:499], own[499:])) == 500
    assert "You would have 501 presets, and at most 500 are kept" in refusal(added, own, [Preset("one more", "x")])
    assert "at most 100,000 characters" in refusal(added, (), [Preset("long", "x" * 100_001)])
