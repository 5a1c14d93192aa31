"""Reads anybody's file of arena votes into counts. Knows no store, no page and no rating.

JSONL rows as LMArena (arena-140k) and FastChat publish them, or one JSON array of such rows: `model_a`, `model_b`,
`winner`. Parquet where DuckDB is installed. Rows are counted as they come, so memory does not grow with the file.
"""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

from pydantic_core import from_json

from ..errors import PlaygroundError
from . import parquet
from .counts import Counts, Outcome

WINNERS: dict[str, Outcome] = {
    "model_a": "a",
    "model_b": "b",
    "tie": "tie",
    "both_bad": "both_bad",
    "tie (bothbad)": "both_bad",
}
COLUMNS = ("model_a", "model_b", "winner")
Row = Mapping[str, Any]


class BadFileError(PlaygroundError):
    """A file of votes that cannot be used. The message names the file and, where there is one, the line."""


class Where:
    """The place of a row, written out only when somebody wants to read it."""

    __slots__ = ("at", "path", "unit")

    def __init__(self, path: str, unit: str = "line") -> None:
        self.path, self.unit, self.at = path, unit, 0

    def __str__(self) -> str:
        return f"{shown(self.path)}, {self.unit} {self.at}"


def count_votes(path: str) -> Counts:
    """The counts of a whole file; "-" reads the standard input. Contenders appear in the order of the file.

    Raises BadFileError at the first row that means nothing: nothing is skipped, nothing is guessed.
    """
    counted: dict[tuple[Any, Any, Any], int] = {}
    with rows(path) as numbered:
        for where, row in numbered:
            try:
                counted[row["model_a"], row["model_b"], row["winner"]] += 1
            except (KeyError, TypeError):  # seen for the first time, or no vote at all; what was fine once stays fine
                check(row, where)
                counted[row["model_a"], row["model_b"], row["winner"]] = 1
    if not counted:
        raise BadFileError(f"{shown(path)} holds no votes.")
    return Counts.of((a, b, WINNERS[winner], votes) for (a, b, winner), votes in counted.items())


def check(row: Any, where: Where) -> tuple[str, str, Outcome]:
    """(seat a, seat b, outcome) of a row. Raises BadFileError naming `where` it stands."""
    if not isinstance(row, Mapping):
        raise BadFileError(f"{where}: a vote is an object with {', '.join(COLUMNS)}.")
    row = cast(Row, row)
    for name in COLUMNS:
        if name not in row:
            raise BadFileError(f"{where}: there is no {name!r}; a vote has {', '.join(COLUMNS)}.")
    a, b, winner = (row[name] for name in COLUMNS)
    for name, value in (("model_a", a), ("model_b", b)):
        if not isinstance(value, str) or not value.strip():
            raise BadFileError(f"{where}: {name} is {value!r:.80}, not a name.")
    if not isinstance(winner, str) or winner not in WINNERS:
        raise BadFileError(f"{where}: unknown winner {winner!r:.80}: it is one of {', '.join(WINNERS)}.")
    if a == b:
        raise BadFileError(f"{where}: {a!r:.80} meets itself.")
    return a, b, WINNERS[winner]


def shown(path: str) -> str:
    return "standard input" if path == "-" else path


@contextmanager
def rows(path: str) -> Generator[Iterator[tuple[Where, Any]]]:
    """Every row of a file with its place (one object that moves along). Raises BadFileError."""
    if path.endswith(".parquet"):
        yield _parquet_rows(path)
        return
    try:
        if path == "-":
            yield json_rows(sys.stdin.buffer, path)
            return
        with Path(path).open("rb") as file:
            yield json_rows(file, path)
    except OSError as error:
        raise BadFileError(f"{shown(path)} cannot be read: {error.strerror or error}.") from None


def json_rows(lines: Iterable[bytes] | IO[bytes], path: str) -> Iterator[tuple[Where, Any]]:
    """The rows of JSONL, blank lines left out, or of one JSON array that may span lines."""
    where = Where(path)
    numbered = iter(lines)
    for line in numbered:
        where.at += 1
        if where.at == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
            if line.lstrip().startswith(b"["):
                yield from _array_rows(line + b"".join(numbered), path)
                return
        if line.isspace():
            continue
        try:
            row = from_json(line)
        except ValueError as error:
            raise BadFileError(f"{where}: {_broken(line, error)}") from None
        yield where, row


def _broken(line: bytes, error: ValueError) -> str:
    if not line.endswith(b"\n"):
        return "the file breaks off in the middle of this line: get it again, or remove the line."
    return f"this is not JSON ({error})."


def _array_rows(text: bytes, path: str) -> Iterator[tuple[Where, Any]]:
    try:
        found = cast(list[Any], from_json(text))
    except ValueError as error:
        raise BadFileError(f"{shown(path)} is neither a JSON array nor a vote on each line ({error}).") from None
    where = Where(path, "row")
    for row in found:
        where.at += 1
        yield where, row


def _parquet_rows(path: str) -> Iterator[tuple[Where, Any]]:
    where = Where(path, "row")
    try:
        for row in parquet.read(path):
            where.at += 1
            yield where, row
    except parquet.ParquetError as error:
        raise BadFileError(str(error)) from None
