"""Parquet through DuckDB, where that is installed. Knows tables and files, no vote."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from ..errors import PlaygroundError

BATCH = 10_000
LONGEST_ROW = 200_000_000  # bytes


class ParquetError(PlaygroundError):
    """DuckDB is missing, or cannot read or write a file; the message says which."""


def read(path: str) -> Iterator[dict[str, Any]]:
    """The rows of a Parquet file, a batch at a time. Raises ParquetError."""
    duckdb = _duckdb(path)
    with duckdb.connect() as connection:
        try:
            connection.execute("SELECT * FROM read_parquet(?)", [path])
            names: list[str] = [column[0] for column in connection.description]
            while batch := connection.fetchmany(BATCH):
                for values in batch:
                    yield dict(zip(names, values, strict=True))
        except duckdb.Error as error:
            raise ParquetError(f"{path} cannot be read: {_first_line(error)}") from None


def convert(table: Path, path: str, *, csv: bool = False) -> None:
    """Writes the rows of a JSONL or CSV file as Parquet. Raises ParquetError."""
    duckdb = _duckdb(path)
    try:
        if csv:
            found = duckdb.read_csv(str(table), all_varchar=True)
        else:
            found = duckdb.read_json(str(table), format="newline_delimited", maximum_object_size=LONGEST_ROW)
        found.write_parquet(path)
    except duckdb.Error as error:
        raise ParquetError(f"{path} cannot be written: {_first_line(error)}") from None


def _duckdb(path: str) -> Any:
    try:
        return import_module("duckdb")
    except ImportError:
        raise ParquetError(f"{path}: Parquet needs DuckDB: pip install duckdb") from None


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
