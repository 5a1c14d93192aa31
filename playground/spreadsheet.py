"""Rows as CSV that is safe in a spreadsheet. Pure; knows no row's meaning and imports nothing of ours."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_of(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows of the same columns as CSV with a head; empty for no rows."""
    return "".join(csv_line(cells) for cells in [rows[0], *(row.values() for row in rows)]) if rows else ""


def csv_line(cells: Iterable[Any]) -> str:
    """One line with its end."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow([_cell(cell) for cell in cells])
    return line.getvalue()


def _cell(value: Any) -> Any:
    """A spreadsheet runs a cell that begins like a formula; an apostrophe keeps it text."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
