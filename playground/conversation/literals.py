"""JSON values as source text: Python, JavaScript, and a shell's here-document. Pure; knows no request.

A Picture stands for base64 that is read from a file when the text runs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast


@dataclass(frozen=True, slots=True)
class Picture:
    """The base64 of a file's bytes (`raw`: the bytes themselves), after a fixed beginning, as in a data: address."""

    number: int
    media_type: str
    before: str = ""
    raw: bool = False

    @property
    def file(self) -> str:
        """What the file is called in the text."""
        return f"image-{self.number}.{self.media_type.partition('/')[2]}"


def pictures_in(value: Any) -> list[Picture]:
    """Every picture of a value, in order."""
    if isinstance(value, Picture):
        return [value]
    if isinstance(value, Mapping):
        return [found for each in cast(Mapping[str, Any], value).values() for found in pictures_in(each)]
    if isinstance(value, list | tuple):
        return [found for each in cast(Sequence[Any], value) for found in pictures_in(each)]
    return []


def python(value: Any, depth: int = 0) -> str:
    """A Python expression. A picture is the variable image_1 and so on."""
    if isinstance(value, Picture):
        name = f"image_{value.number}"
        return f'f"{value.before}{{{name}}}"' if value.before else name
    return _nested(value, depth, 4, python, _python_word, repr)


def javascript(value: Any, depth: int = 0) -> str:
    """A JavaScript expression. A picture is the variable image1 and so on."""
    if isinstance(value, Picture):
        name = f"image{value.number}"
        return f"`{value.before}${{{name}}}`" if value.before else name
    return _nested(value, depth, 2, javascript, _json_word, _json_word)


def shell_json(value: Any) -> tuple[str, bool]:
    """(JSON, whether the shell has to fill in files): the text of a here-document, quoted if it has nothing to fill."""
    fills = bool(pictures_in(value))

    def escaped(text: str) -> str:
        return text.replace("\\", "\\\\").replace("$", "\\$").replace("`", "\\`") if fills else text

    def word(each: Any) -> str:
        return escaped(_json_word(each))

    def write(each: Any, depth: int = 0) -> str:
        if isinstance(each, Picture):
            return f"\"{each.before}$(base64 < {each.file} | tr -d '\\n')\""
        return _nested(each, depth, 2, write, word, word)

    return write(value), fills


def _nested(
    value: Any,
    depth: int,
    step: int,
    write: Callable[[Any, int], str],
    word: Callable[[Any], str],
    name: Callable[[str], str],
) -> str:
    """Tables and rows over several lines, everything else by `word`."""
    pad, end = " " * step * (depth + 1), " " * step * depth
    if isinstance(value, Mapping) and value:
        table = cast(Mapping[str, Any], value)
        lines = [f"{pad}{name(key)}: {write(each, depth + 1)}" for key, each in table.items()]
        return "{\n" + ",\n".join(lines) + "\n" + end + "}"
    if isinstance(value, list | tuple) and value:
        lines = [f"{pad}{write(each, depth + 1)}" for each in cast(Sequence[Any], value)]
        return "[\n" + ",\n".join(lines) + "\n" + end + "]"
    return word(value)


def _python_word(value: Any) -> str:
    return repr([] if value == () else value)


def _json_word(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
