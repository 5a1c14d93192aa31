"""JSON answers: the schema a reader writes, what is wrong with an answer, how to ask again. Pure; asks no model.

A schema comes from whoever has the page open, so nothing in it may fetch an address or keep the processor busy:
references reach no further than the schema, their number is bounded, and patterns have a time limit.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator, Mapping
from importlib import import_module
from itertools import count, islice
from typing import Any, cast

from ..errors import PlaygroundError, ProviderError
from .output import MASK, mask_keys

MOST_SCHEMA = 50_000
MOST_SHOWN = 20
MOST_REFERENCES = 5_000
PATTERN_S = 0.2
FENCE = "```"


class _TooCostlyError(PlaygroundError):
    """The schema cannot be checked in reasonable time; the message says why."""


def parse_schema(text: str) -> dict[str, Any] | None:
    """The JSON schema in `text`, None for an empty field.

    Raises ProviderError `bad_request` that says what is wrong and where, for what is no JSON or no schema.
    """
    if not text.strip():
        return None
    if len(text) > MOST_SCHEMA:
        raise _refused(f"it is longer than {MOST_SCHEMA:,} characters")
    try:
        schema: object = json.loads(text)
    except json.JSONDecodeError as error:
        raise _refused(f"it is not JSON ({error.msg}, line {error.lineno}, column {error.colno})") from None
    except (RecursionError, ValueError):
        raise _refused("it is nested too deeply, or contains a number too long to read") from None
    return check_schema(schema)


def check_schema(schema: object) -> dict[str, Any]:
    """`schema` itself, once it is known to be one. Raises as `parse_schema` does."""
    if not isinstance(schema, dict):
        raise _refused('it must be a JSON object, such as {"type": "object"}')
    library = _jsonschema()
    try:
        library.Draft202012Validator.check_schema(schema)
    except library.SchemaError as error:
        raise _refused(f"{_place(error.absolute_path)}: {_short(error.message)}") from None
    except RecursionError:
        raise _refused("it is nested too deeply") from None
    table = cast(dict[str, Any], schema)
    if _holds(table, "patternProperties"):
        raise _refused("patternProperties is not supported here, because its patterns cannot be given a time limit")
    return table


def instruction(schema: Mapping[str, Any] | None) -> str:
    """What the system prompt says where the wire itself has no way to ask for this JSON."""
    if schema is None:
        return "Answer with one JSON object and nothing else: no words around it, no code fence."
    shape = json.dumps(schema, ensure_ascii=False)
    return f"Answer with JSON and nothing else, no words around it, no code fence. It must fit this schema:\n{shape}"


def violations(text: str, schema: Mapping[str, Any] | None) -> tuple[str, ...]:
    """What is wrong with an answer that should be JSON of that schema, one sentence each; nothing if it is right.

    A code fence around the whole answer is forgiven. Blocks for as long as the check takes.
    """
    try:
        value: object = json.loads(unfenced(text))
    except json.JSONDecodeError as error:
        return (f"The answer is not JSON: {error.msg}, line {error.lineno}, column {error.colno}.",)
    except (RecursionError, ValueError):
        return ("The answer is nested too deeply, or contains a number too long to read.",)
    if schema is None:
        return () if isinstance(value, dict) else ("The answer is JSON, but not an object.",)
    try:
        return tuple(islice(_sentences(value, schema), MOST_SHOWN))
    except _TooCostlyError as error:
        return (f"The answer could not be checked: {error}.",)
    except RecursionError:
        return ("The answer could not be checked: the schema refers to itself endlessly.",)


def repair_prompt(wrong: tuple[str, ...]) -> str:
    """The question that asks for the answer once more, with what was wrong with it.

    Keys are masked in it, not only where it is drawn: it is a message like any other, which is shown, edited and
    exported as it is sent. The model misses nothing: its own answer, which goes along, has them as they were.
    """
    listed = "\n".join(f"- {mask_keys(each)[0]}" for each in wrong)
    hidden = "\n\nWhat is hidden above, take from that answer." if MASK in listed else ""
    ask = "Give the whole answer again, corrected, as JSON and nothing else."
    return f"That answer does not fit:\n{listed}{hidden}\n\n{ask}"


def unfenced(text: str) -> str:
    """`text` without a code fence around all of it."""
    stripped = text.strip()
    if not (stripped.startswith(FENCE) and stripped.endswith(FENCE) and len(stripped) > 2 * len(FENCE)):
        return stripped
    _, _, rest = stripped.partition("\n")
    return rest.removesuffix(FENCE).strip()


def _sentences(value: object, schema: Mapping[str, Any]) -> Iterator[str]:
    from referencing.exceptions import Unresolvable
    from referencing.jsonschema import EMPTY_REGISTRY

    # An empty registry, because the default one would fetch any address that a reference names.
    validator = _guarded(count())(schema, registry=EMPTY_REGISTRY)
    try:
        for error in validator.iter_errors(value):
            yield f"{_place(error.absolute_path)}: {_short(error.message)}."
    except Unresolvable as error:
        raise _TooCostlyError(f"the schema refers to {str(error.ref)[:80]!r}, which it does not contain") from None


def _guarded(followed: Iterator[int]) -> Any:
    """The validator of draft 2020-12 with bounds on what takes time: references (`followed` numbers them), patterns."""
    import regex

    library = _jsonschema()
    stock: Any = library.Draft202012Validator.VALIDATORS

    def found(pattern: str, text: str) -> bool:
        try:
            return regex.search(pattern, text, timeout=PATTERN_S) is not None
        except TimeoutError:
            raise _TooCostlyError(f"the pattern {pattern[:80]!r} takes too long") from None
        except regex.error as error:
            raise _TooCostlyError(f"the pattern {pattern[:80]!r} is broken ({error})") from None

    def pattern(_: Any, expected: str, value: object, __: Any) -> Generator[Any]:
        if isinstance(value, str) and not found(expected, value):
            yield library.ValidationError(f"{_short(repr(value))} does not match {expected!r}")

    def counted(keyword: str) -> Callable[..., Generator[Any]]:
        def check(validator: Any, reference: Any, value: object, schema: Any) -> Generator[Any]:
            if next(followed) >= MOST_REFERENCES:
                raise _TooCostlyError("the schema's references take too long to follow")
            yield from stock[keyword](validator, reference, value, schema) or ()

        return check

    return library.validators.extend(
        library.Draft202012Validator,
        {
            "pattern": pattern,
            "$ref": counted("$ref"),
            "$dynamicRef": counted("$dynamicRef"),
        },
    )


def _jsonschema() -> Any:
    """The library as a value without types: its own are partial. Late: it takes 0.2 s to load."""
    return import_module("jsonschema")


def _holds(value: object, keyword: str) -> bool:
    if isinstance(value, dict):
        table = cast(dict[str, Any], value)
        return keyword in table or any(_holds(each, keyword) for each in table.values())
    return isinstance(value, list) and any(_holds(each, keyword) for each in cast(list[Any], value))


def _place(path: Any) -> str:
    """Where in the JSON, as people write it: items[2].name."""
    written = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return written.removeprefix(".") or "The whole"


def _short(text: str) -> str:
    """Not cut through a key: no pattern would know the part that is left."""
    text, _ = mask_keys(text)
    return text if len(text) <= 300 else f"{text[:300]}…"


def _refused(why: str) -> ProviderError:
    return ProviderError("bad_request", f"The JSON schema cannot be used: {why}.", param="json_schema")
