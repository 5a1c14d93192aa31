"""System prompts with {{variables}}: what they ask for, how they are filled in, how they travel. Pure; knows no page.

Templates come from whoever has the page open. So only what is bounded is taken: values, tests, conditions and a few
filters; no loops, calls or arithmetic, with which a line of text could ask for an hour or a gigabyte.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, cast

from jinja2 import StrictUndefined, Template, TemplateError, nodes
from jinja2.meta import find_undeclared_variables
from jinja2.sandbox import ImmutableSandboxedEnvironment

from ..errors import ProviderError
from ..models.tokens import half_character
from ..types import Preset

MOST_CHARACTERS = 100_000
MOST_NODES = 2_000
MOST_PRESETS = 500
# A reader's own together, in bytes of JSON. A browser keeps about 5 MB for a page, conversations apart; what it keeps
# is encrypted and a third larger, and a write that fails is told to nobody.
MOST_TOGETHER = 1_000_000
MARKS = ("{{", "{%", "{#")
FILTERS = frozenset(
    {"default", "d", "upper", "lower", "title", "capitalize", "trim", "length", "count", "int", "float", "round"}
    | {"first", "last", "abs", "wordcount", "string"}
)
TAKEN = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.If, nodes.CondExpr),
    *(nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Test, nodes.Filter, nodes.Keyword),
    *(nodes.List, nodes.Tuple, nodes.Neg, nodes.Pos),
)
KIND, VERSION = "llm-playground-presets", 1

ENVIRONMENT = ImmutableSandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=True, cache_size=0)


def variables(prompt: str) -> tuple[str, ...]:
    """The variables of a prompt in the order in which they first appear.

    Raises ProviderError `bad_request` for what is no template, naming the line.
    """
    return _parsed(prompt)[1] if _is_template(prompt) else ()


def optional(prompt: str) -> frozenset[str]:
    """Those variables that have a `default` and may stay empty. Raises as `variables` does."""
    if not _is_template(prompt):
        return frozenset()
    defaulted: set[str] = set()
    for each in _parsed(prompt)[0].find_all(nodes.Filter):
        if each.name in {"default", "d"} and isinstance(each.node, nodes.Name):
            defaulted.add(each.node.name)
    return frozenset(defaulted)


def fill(prompt: str, values: Mapping[str, str]) -> str:
    """The prompt as it is sent. A blank value counts as none, so that its `default` holds.

    Raises ProviderError `bad_request` that names the variables without a value, or says what is wrong with the
    template.
    """
    if not _is_template(prompt):
        return prompt
    names = variables(prompt)
    given = {name: value for name in names if (value := str(values.get(name) or "")).strip()}
    if missing := [name for name in names if name not in given and name not in optional(prompt)]:
        fields = ", ".join(missing)
        raise ProviderError(
            "bad_request", f"The system prompt needs a value for {fields}: fill in the fields below it."
        )
    written, pieces = 0, list[str]()
    try:
        for piece in _compiled(prompt).generate(**given):
            written += len(piece)
            if written > MOST_CHARACTERS:
                raise ProviderError(
                    "bad_request",
                    f"The filled-in system prompt is longer than {MOST_CHARACTERS:,} characters: shorten it.",
                )
            pieces.append(piece)
    except (TemplateError, TypeError, ValueError, OverflowError) as error:
        raise _broken(_first_line(error)) from None
    return "".join(pieces)


def exported(presets: Iterable[Preset]) -> str:
    """Presets as a JSON file."""
    rows = [{"name": preset.name, "prompt": preset.prompt} for preset in presets]
    return json.dumps({"kind": KIND, "version": VERSION, "presets": rows}, ensure_ascii=False, indent=2)


def imported(text: str) -> tuple[Preset, ...]:
    """Presets out of a JSON file: what `exported` writes, or a bare list of {"name", "prompt"}.

    Raises ProviderError `bad_request` that names the row and what is wrong with it; then nothing is taken.
    """
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError) as error:  # a number of thousands of digits is a bare ValueError
        raise ProviderError("bad_request", f"This is not a file of presets: it is not JSON ({error}).") from None
    rows = cast(dict[str, Any], value).get("presets") if isinstance(value, dict) else value
    if not isinstance(rows, list) or len(cast(list[Any], rows)) > MOST_PRESETS:
        raise ProviderError(
            "bad_request",
            f'This is not a file of presets: it needs a list "presets" of at most {MOST_PRESETS} entries.',
        )
    return tuple(_preset(at, row) for at, row in enumerate(cast(list[Any], rows), 1))


def together(own: Sequence[Preset], new: Iterable[Preset]) -> tuple[Preset, ...]:
    """`own` with `new` added; of two with one name the new one stays, in the old one's place."""
    by_name = {preset.name: preset for preset in own}
    by_name |= {preset.name: preset for preset in new}
    return tuple(by_name.values())


def added(own: Sequence[Preset], new: Iterable[Preset]) -> tuple[Preset, ...]:
    """`own` with `new`, if a browser can keep that. Raises ProviderError `bad_request` that says what is too much."""
    new = tuple(new)
    every = together(own, new)
    size = len(exported(every).encode("utf-8", "surrogatepass"))
    if any(len(preset.prompt) > MOST_CHARACTERS for preset in new):
        raise ProviderError("bad_request", f"A preset's prompt has at most {MOST_CHARACTERS:,} characters: shorten it.")
    if len(every) > MOST_PRESETS:
        text = f"You would have {len(every):,} presets, and at most {MOST_PRESETS} are kept: delete some first."
        raise ProviderError("bad_request", text)
    if size > MOST_TOGETHER:
        much = f"Your presets would take {size / 1e6:.1f} MB"
        most = f"a browser keeps at most {MOST_TOGETHER / 1e6:g} MB of them"
        raise ProviderError("bad_request", f"{much}, and {most}: delete some first, or shorten them.")
    return every


def _preset(at: int, row: object) -> Preset:
    table = cast(dict[str, Any], row) if isinstance(row, dict) else {}
    name, prompt = table.get("name"), table.get("prompt")
    if not isinstance(name, str) or not name.strip() or not isinstance(prompt, str):
        raise ProviderError("bad_request", f'Preset {at}: it needs a "name" and a "prompt", both as text.')
    if half_character(name + prompt) is not None:
        raise ProviderError("bad_request", f"Preset {at}: it contains half a character (a lone surrogate): remove it.")
    if len(name) > 100 or len(prompt) > MOST_CHARACTERS:
        raise ProviderError(
            "bad_request", f"Preset {at}: a name has at most 100 characters, a prompt {MOST_CHARACTERS:,}."
        )
    return Preset(name.strip(), prompt)


def _is_template(prompt: str) -> bool:
    return any(mark in prompt for mark in MARKS)


@lru_cache(maxsize=64)
def _parsed(prompt: str) -> tuple[nodes.Template, tuple[str, ...]]:
    """(the tree, the undeclared variables) of a template that is bounded. Checked before anything is compiled:
    compiling computes constants."""
    if len(prompt) > MOST_CHARACTERS:
        raise ProviderError(
            "bad_request", f"The system prompt is longer than {MOST_CHARACTERS:,} characters: shorten it."
        )
    try:
        tree = ENVIRONMENT.parse(prompt)
        for seen, node in enumerate(_every(tree)):
            if seen > MOST_NODES:
                raise _broken(f"it has more than {MOST_NODES:,} parts")
            if not isinstance(node, TAKEN) or (isinstance(node, nodes.Filter) and node.name not in FILTERS):
                what = f"the filter {node.name!r}" if isinstance(node, nodes.Filter) else WORDS.get(type(node), "this")
                raise _broken(f"{what} cannot be used here", node.lineno)
        names = find_undeclared_variables(tree)
    except TemplateError as error:
        raise _broken(_first_line(error), getattr(error, "lineno", None)) from None
    except RecursionError:
        raise _broken("it is nested too deeply") from None
    order = [node.name for node in _every(tree) if isinstance(node, nodes.Name)]
    return tree, tuple(dict.fromkeys(name for name in order if name in names))


@lru_cache(maxsize=64)
def _compiled(prompt: str) -> Template:
    return ENVIRONMENT.from_string(prompt)


def _every(tree: nodes.Node) -> Iterable[nodes.Node]:
    yield tree
    for child in tree.iter_child_nodes():
        yield from _every(child)


WORDS: dict[type[nodes.Node], str] = {
    nodes.For: "a loop",
    nodes.Call: "a call",
    nodes.Assign: "an assignment",
    nodes.Macro: "a macro",
    nodes.Include: "an include",
    nodes.Import: "an import",
    nodes.Getattr: "an attribute",
    nodes.Getitem: "an index",
    nodes.Concat: "joining with ~",
}


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0].rstrip(".")


def _broken(why: str, line: int | None = None) -> ProviderError:
    where = f" (line {line})" if line else ""
    text = f"The system prompt is not a template that can be filled in{where}: {why}. "
    return ProviderError(
        "bad_request", text + "To send braces as they are, write {% raw %} before and {% endraw %} after."
    )
