"""Prompt sets: pasted lines, files and built-in ones -> prompts with references. Pure; knows no model and no page."""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import PurePath
from typing import Any, cast

from ..errors import PlaygroundError
from ..models.tokens import half_character

MOST_PROMPTS = 10_000
LONGEST_PROMPT = 200_000
# A line break inside of a prompt, where prompts stand one on a line.
BREAK = "⏎"
BUILT_IN = ("Everyday questions", "Facts with answers", "JSON only", "Sentences to shorten")

PROMPT, REFERENCE = ("prompt", "question", "input"), ("reference", "answer", "expected")
BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


class PromptSetError(PlaygroundError):
    """Prompts that cannot be used; the message says which line, and what to do."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A question, and what a good answer would say, where somebody knows."""

    text: str
    reference: str | None = None


def read_lines(prompts: str, references: str = "") -> tuple[Prompt, ...]:
    """One prompt a line, blank ones left out; one reference a line in the same order, blank where there is none.

    Raises PromptSetError, also for references of another number.
    """
    texts = [line for line in prompts.splitlines() if line.strip()]
    answers = references.splitlines() if references.strip() else []
    while len(answers) > len(texts) and not answers[-1].strip():
        answers.pop()
    if answers and len(answers) != len(texts):
        raise PromptSetError(
            f"There are {len(texts):,} prompts and {len(answers):,} references: write one reference per line, for each "
            "prompt, an empty line where there is none."
        )
    pairs = zip(texts, answers or [""] * len(texts), strict=True)
    return _checked([(at, _broken(text), _broken(answer)) for at, (text, answer) in enumerate(pairs, 1)])


def write_lines(prompts: Sequence[Prompt]) -> tuple[str, str]:
    """(prompts, references) as `read_lines` takes them; no references where there are none at all."""
    answers = [prompt.reference or "" for prompt in prompts]
    return _lines([prompt.text for prompt in prompts]), _lines(answers) if any(answers) else ""


def read_file(name: str, content: bytes) -> tuple[Prompt, ...]:
    """The prompts of a .txt, .csv or .jsonl file. Raises PromptSetError naming the line.

    .txt has a prompt a line; .csv a column `prompt` and perhaps `reference` (or one column of prompts alone);
    .jsonl an object with these on each line, or a string.
    """
    kind = PurePath(name).suffix.lower()
    if kind not in READERS:
        raise PromptSetError(f"{PurePath(name).name[:80]!r} is not a .txt, .csv or .jsonl file: save it as one.")
    found = _checked(list(READERS[kind](_decoded(content))))
    if not found:
        raise PromptSetError("The file contains no prompts: add at least one.")
    return found


@cache
def built_in(name: str) -> tuple[Prompt, ...]:
    """A set of BUILT_IN by its name. Raises KeyError."""
    if name not in BUILT_IN:
        raise KeyError(name)
    file = resources.files(__package__ or __name__).joinpath("sets", f"{name.lower().replace(' ', '_')}.jsonl")
    return read_file(file.name, file.read_bytes())


def _decoded(content: bytes) -> str:
    encoding = next((encoding for bom, encoding in BOMS if content.startswith(bom)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise PromptSetError(f"Line {line} is not in UTF-8: save the file as UTF-8 and upload it again.") from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise PromptSetError(f"Line {line} contains a zero byte: save the file as text in UTF-8.")
    return text


Row = tuple[int, Any, Any]  # the line, the prompt, the reference


def _text(content: str) -> Iterator[Row]:
    for at, line in enumerate(content.splitlines(), 1):
        yield at, line, None


def _csv(content: str) -> Iterator[Row]:
    content = content.replace("\r\n", "\n").replace("\r", "\n")  # alone, as spreadsheets on old Macs have it
    head = content.split("\n", 1)[0]
    reader = csv.reader(io.StringIO(content), delimiter=max(",;\t", key=head.count), strict=True)
    rows = _csv_rows(reader)
    first = next(rows, None)
    if first is None:
        return
    names = [name.strip().lower() for name in first[1]]
    prompt, reference = _column(names, PROMPT), _column(names, REFERENCE)
    if prompt is None:
        if len(names) != 1:
            listed = ", ".join(first[1])[:200]
            raise PromptSetError(f"Line 1 names no column prompt: it has {listed}. Give one column that name.")
        yield first[0], first[1][0], None
        prompt = 0
    for at, row in rows:
        if len(row) != len(names):
            raise PromptSetError(f"Line {at} has {len(row)} cells and the first line {len(names)}: check its quotes.")
        yield at, row[prompt], None if reference is None else row[reference]


def _csv_rows(reader: Any) -> Iterator[tuple[int, list[str]]]:
    """(line on which it begins, cells) of each row that is not empty."""
    while True:
        begins = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            too_long = "field limit" in str(error)
            why = f"a cell of more than {csv.field_size_limit():,} characters" if too_long else str(error)
            text = f"Line {begins} is broken CSV ({why}): check its quotes; a quote inside a cell is doubled."
            raise PromptSetError(text) from None
        if row:
            yield begins, row


def _jsonl(content: str) -> Iterator[Row]:
    for at, line in enumerate(content.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise PromptSetError(f"Line {at} is not JSON ({str(error)[:120]}).") from None
        if isinstance(row, str):
            yield at, row, None
            continue
        if not isinstance(row, dict):
            raise PromptSetError(f'Line {at} is neither a string nor an object like {{"prompt": "..."}}.')
        fields = cast(dict[str, Any], row)
        name = next((name for name in PROMPT if name in fields), None)
        if name is None:
            raise PromptSetError(f'Line {at} has no field "prompt".')
        yield at, fields[name], next((fields[name] for name in REFERENCE if name in fields), None)


READERS: Mapping[str, Callable[[str], Iterator[Row]]] = {".txt": _text, ".csv": _csv, ".jsonl": _jsonl}


def _column(names: Sequence[str], wanted: Sequence[str]) -> int | None:
    return next((names.index(name) for name in wanted if name in names), None)


def _checked(rows: Sequence[Row]) -> tuple[Prompt, ...]:
    found: list[Prompt] = []
    for at, text, reference in rows:
        for what, value in (("prompt", text), ("reference", reference)):
            _check(at, what, value)
        if text.strip():
            found.append(Prompt(text, reference or None))
    if len(found) > MOST_PROMPTS:
        raise PromptSetError(f"These are {len(found):,} prompts: use {MOST_PROMPTS:,} at most.")
    return tuple(found)


def _check(at: int, what: str, value: Any) -> None:
    if value is None and what == "reference":
        return
    if not isinstance(value, str):
        raise PromptSetError(f"Line {at}: the {what} is not text.")
    if len(value) > LONGEST_PROMPT:
        raise PromptSetError(f"Line {at}: the {what} has {len(value):,} characters: use {LONGEST_PROMPT:,} at most.")
    if half_character(value) is not None:
        raise PromptSetError(f"Line {at}: the {what} contains half a character (a lone surrogate): remove it.")


def _lines(texts: Sequence[str]) -> str:
    return "".join(f"{BREAK.join(text.splitlines())}\n" for text in texts)


def _broken(line: str) -> str:
    return line.replace(BREAK, "\n").strip()
