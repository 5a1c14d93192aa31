"""A link that carries model, system prompt and parameters, and reading one that somebody has edited. Pure text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from urllib.parse import urlencode

from ..errors import ProviderError
from ..models.capabilities import clamped, refusals
from ..models.catalog import Catalog
from ..models.learned import NOTHING
from ..types import Contender, ModelSpec, SamplingParams

FIELDS = tuple(field.name for field in fields(SamplingParams))
WHOLE = ("top_k", "max_tokens", "seed")
WORDS = ("effort",)
LONGEST_PROMPT = 8_000
SEPARATOR = "\n"
LARGEST = 2**53  # beyond it a browser cannot hold a whole number


def query_of(contender: Contender) -> tuple[str, list[str]]:
    """(the link's query, without the question mark; what of it the link cannot carry, one sentence each).

    Only what is set is in it.
    """
    pairs: list[tuple[str, str]] = [("model", contender.model)] if contender.model else []
    if contender.system_prompt:
        pairs.append(("system", contender.system_prompt[:LONGEST_PROMPT]))
    for name, value in contender.sampling.sent().items():
        pairs.append((name, SEPARATOR.join(value) if name == "stop" else str(value)))
    lost = f"The system prompt is longer than {LONGEST_PROMPT:,} characters: the link carries only its beginning."
    return urlencode(pairs), [lost] if len(contender.system_prompt) > LONGEST_PROMPT else []


def read_query(
    query: Mapping[str, str], catalog: Catalog, learned: Callable[[str], Mapping[str, str]] = lambda _: NOTHING
) -> tuple[Contender | None, list[str]]:
    """(what a link asks for, what of it could not be used, one sentence each); None if it asks for nothing.

    What is wrong is left out and said, the rest holds. Names that begin with two underscores are the page's own.
    `learned` says what a model's provider has refused before.
    """
    given = {name: value for name, value in query.items() if name in ("model", "system", *FIELDS)}
    if not given:
        return None, []
    problems: list[str] = []
    strange = [name for name in query if name not in given and not name.startswith("__")]
    if strange:
        problems.append(f"The link says {', '.join(strange[:5])}, which is not a parameter: it was left out.")
    model = given.pop("model", "")
    try:
        model = catalog.get(model).id if model else ""
    except ProviderError as error:
        problems.append(f"{error.message.split(': GET')[0]}: another model is chosen.")
        model = ""
    system = given.pop("system", "")
    if len(system) > LONGEST_PROMPT:
        problems.append(f"The system prompt in the link is longer than {LONGEST_PROMPT:,} characters: it was cut off.")
        system = system[:LONGEST_PROMPT]
    values: dict[str, object] = {}
    for name, text in given.items():
        try:
            values[name] = _value(name, text.strip("\r\n") if name == "stop" else text.strip())
        except ValueError:
            problems.append(
                f"{name} in the link is {text[:40]!r}, which is not a number that can be sent: it was left out."
            )
    asked = catalog.get(model) if model else catalog.default()
    problems += _brought_within(values, asked, learned(asked.id))
    return Contender(model, system, SamplingParams(**values)), problems  # pyright: ignore[reportArgumentType]


def _brought_within(values: dict[str, object], model: ModelSpec, learned: Mapping[str, str]) -> list[str]:
    """Makes each value one that the model takes; a sentence for each that was none."""
    problems: list[str] = []
    if (effort := values.get("effort")) and "effort" in model.family.accepts and effort not in model.family.efforts:
        del values["effort"]
        known = ", ".join(model.family.efforts)
        problems.append(f"effort in the link is {str(effort)[:40]!r}; {model.name} accepts {known}: it was left out.")
    effort = str(values.get("effort") or "") or None
    for name, why in refusals(model.family, effort, learned).items():
        if values.pop(name, None) is not None:
            problems.append(f"{name} in the link was left out for {model.name}: {why}.")
    for name, value in list(values.items()):
        if isinstance(value, int | float) and (nearest := clamped(model, name, value)) != value:
            values[name] = nearest
            problems.append(
                f"{name} in the link is {value:g}, which {model.name} does not accept: {nearest:g} is used."
            )
    return problems


def _value(name: str, text: str) -> object:
    """Raises ValueError for what is no number where one is wanted."""
    if name == "stop":
        return tuple(line for line in text.splitlines() if line) or None
    if name in WORDS:
        return text or None
    number = float(text)
    if not abs(number) <= LARGEST:
        raise ValueError(text)
    if name in WHOLE:
        return int(number)
    return number
