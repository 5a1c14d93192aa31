"""Takes votes from a file into the store, and writes them from the store into a file. Knows no SQL and no format."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

from ..errors import PlaygroundError
from ..models import tokens
from ..models.contenders import labelled
from . import parquet
from .export import Format, StoredVote, lines
from .importing import stored_vote
from .style import ENCODING
from .votefile import BadFileError, rows, shown

if TYPE_CHECKING:
    from .votes import Votes


def exported(votes: Votes, form: Format) -> Iterator[str]:
    """The lines of an export of every vote in the store, read a page at a time."""
    return lines(votes.voted(labelled(votes.contenders())), form)


def export_votes(votes: Votes, form: Format, path: str) -> int:
    """Writes an export to a file, "-" for standard output, Parquet for a name that ends so; returns the lines.

    Raises PlaygroundError when the file cannot be written.
    """
    if path == "-":
        return _write(exported(votes, form), sys.stdout)
    try:
        if not path.endswith(".parquet"):
            with Path(path).open("w", encoding="utf-8", newline="") as file:
                return _write(exported(votes, form), file)
        with tempfile.TemporaryDirectory() as folder:
            table = Path(folder, "votes")
            with table.open("w", encoding="utf-8", newline="") as file:
                written = _write(exported(votes, form), file)
            parquet.convert(table, path, csv=form == "csv")
            return written
    except OSError as error:
        raise PlaygroundError(f"{path} cannot be written: {error.strerror or error}.") from None


def import_votes(votes: Votes, path: str) -> tuple[int, int]:
    """(new, already there): every vote of a file, "-" for standard input, into the store.

    Raises BadFileError at the first row that means nothing; what stands before it is imported.
    """
    read = new = 0
    problem: BadFileError | None = None
    now = time.time()

    def each() -> Iterator[StoredVote]:
        nonlocal read, problem
        try:
            with rows(path) as numbered:
                for where, row in numbered:
                    yield stored_vote(row, where, lambda text: tokens.count(text, ENCODING), now)
                    read += 1
        except BadFileError as error:
            problem = error

    for added in votes.add_voted(each()):
        new += added
    if problem is not None:
        before = f" The {read:,} votes before it are imported, {new:,} of them new." if read else ""
        raise BadFileError(f"{problem}{before}")
    if not read:
        raise BadFileError(f"{shown(path)} holds no votes.")
    return new, read - new


def _write(each: Iterator[str], file: IO[str]) -> int:
    written = 0
    for line in each:
        file.write(line)
        written += 1
    file.flush()
    return written
