"""JSON mode: what is no schema, what does not fit one, and schemas that are meant to hurt."""

import pytest

from playground.conversation.jsonmode import parse_schema, repair_prompt, violations
from playground.conversation.output import MASK
from playground.errors import ProviderError

PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "tags": {"type": "array", "items": {"type": "integer"}}},
    "required": ["name"],
    "additionalProperties": False,
}


def refusal(text):
    with pytest.raises(ProviderError) as caught:
        parse_schema(text)
    assert (caught.value.kind, caught.value.param) == ("bad_request", "json_schema")
    return caught.value.message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{type: object}", "not JSON (Expecting property name enclosed in double quotes, line 1, column 2)"),
        ("[1]", "must be a JSON object"),
        ('"object"', "must be a JSON object"),
        ('{"type": "objekt"}', "type: 'objekt' is not valid"),
        ('{"properties": {"a": {"minLength": "two"}}}', "properties.a.minLength"),
        ('{"patternProperties": {"(a+)+$": {}}}', "patternProperties is not supported"),
        ("[" * 40_000, "nested too deeply"),
        ('{"maximum": ' + "1" * 5_000 + "}", "a number too long"),
        ('{"a": "' + "x" * 60_000 + '"}', "longer than 50,000"),
    ],
)
def test_a_schema_that_is_none_is_refused_with_the_place(text, said):
    assert said in refusal(text)


def test_an_empty_field_is_no_schema():
    assert parse_schema("  \n") is None
    assert parse_schema('{"type": "object"}') == {"type": "object"}


def test_every_violation_is_named_with_its_place():
    wrong = violations('{"tags": [1, "x"], "more": 1}', PERSON)
    assert "tags[1]: 'x' is not of type 'integer'." in wrong
    assert "The whole: 'name' is a required property." in wrong
    assert any("'more' was unexpected" in each for each in wrong)
    assert violations('{"name": "Ada", "tags": []}', PERSON) == ()


def test_what_is_not_json_says_where_it_stops_being_it():
    assert violations('{"name": "Ada",}', PERSON)[0].startswith("The answer is not JSON: ")
    assert violations("Sure! {}", None)[0].startswith("The answer is not JSON: ")
    assert violations("[1]", None) == ("The answer is JSON, but not an object.",)


def test_a_fence_around_the_whole_answer_is_forgiven():
    assert violations('```json\n{"name": "Ada"}\n```\n', PERSON) == ()
    assert violations('Here:\n```json\n{"name": "Ada"}\n```', PERSON) != ()


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({"pattern": "(a+)+$"}, '"' + "a" * 40 + 'b"'),
        ({"pattern": "(a|aa)+$"}, '"' + "a" * 5_000 + 'b"'),
        ({"$ref": "#"}, "1"),
        ({"$ref": "http://127.0.0.1:9/schema.json"}, "1"),
        ({"pattern": "("}, '"x"'),
        (
            {
                "$defs": {
                    **{f"d{n}": {"anyOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(40)},
                    "d40": {"type": "string"},
                },
                "$ref": "#/$defs/d0",
            },
            "1",
        ),
    ],
    ids=["pattern", "another pattern", "refers to itself", "refers outside", "broken pattern", "doubles 40 times"],
)
def test_a_schema_meant_to_hurt_ends_with_a_sentence(schema, text):
    (said,) = violations(text, schema)
    assert said.startswith(("The answer could not be checked: ", "The whole: "))


def test_the_repair_names_what_was_wrong():
    asked = repair_prompt(("a: 1 is not of type 'string'.", "The whole: 'b' is a required property."))
    assert "- a: 1 is not of type 'string'.\n- The whole: 'b'" in asked


KEY = "AIza" + "Sy0123456789abcdefghijklmnopqrstuvw"


@pytest.mark.parametrize(
    ("text", "schema"),
    [
        (f'"{"x " * 140}{KEY}"', {"type": "number"}),
        (f'"first\\n{KEY}"', {"type": "number"}),
        (f'"{KEY}"', {"pattern": "^b"}),
        (f'{{"{KEY}": 1}}', {"additionalProperties": {"type": "string"}}),
    ],
    ids=["cut", "after a line break", "pattern", "name of a field"],
)
def test_the_repair_holds_no_key_and_no_part_of_one_and_says_where_it_is(text, schema):
    wrong = violations(text, schema)
    assert "AIza" not in repair_prompt(wrong)
    assert MASK in repair_prompt(wrong)
    assert "What is hidden above, take from that answer." in repair_prompt(wrong)
    assert "hidden" not in repair_prompt(("a: 1 is not of type 'string'.",))
