"""catalog.toml and the owner's file over it as tables of rows, and a row as a value. Knows no model and no provider."""

from __future__ import annotations

import tomllib
from dataclasses import fields
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

from ..errors import ConfigError

Table = dict[str, Any]
T = TypeVar("T")
SECTIONS = ("providers", "endpoints", "families", "models", "successors", "contenders", "makers", "presets")


def read_tables(own_file: str | None) -> Table:
    """The sections of the catalog, each a table by id, with those of the owner's file merged over them.

    Raises ConfigError where that file cannot be read, or has a section that nobody knows.
    """
    tables = tomllib.loads(resources.files(__package__ or __name__).joinpath("catalog.toml").read_text("utf-8"))
    return _merge(tables, _read_override(Path(own_file))) if own_file else tables


def _read_override(path: Path) -> Table:
    try:
        tables = tomllib.loads(path.expanduser().read_text("utf-8"))
    except FileNotFoundError:
        raise ConfigError([f"PLAYGROUND_CONFIG names {str(path)!r}, which does not exist."]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"PLAYGROUND_CONFIG {str(path)!r} cannot be read: {error}."]) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([f"PLAYGROUND_CONFIG {str(path)!r} is not valid TOML: {error}."]) from None
    unknown = [name for name in tables if name not in SECTIONS]
    if unknown:
        raise ConfigError(
            [f"PLAYGROUND_CONFIG: unknown section [{name}]; known ones are {', '.join(SECTIONS)}." for name in unknown]
        )
    return {name: _by_id(name, section) for name, section in tables.items()}


def _by_id(section_name: str, section: Any) -> Table:
    """A section as a table by id; an array of tables, each with its `id` or `name`, does as well."""
    rows: Table = {}
    if isinstance(section, list):
        for at, row in enumerate(cast(list[Any], section)):
            if not isinstance(row, dict):
                raise ConfigError([f"{section_name}[{at}] must be a table."])
            row = dict(cast(Table, row))
            row_id = row.pop("id", None) or row.pop("name", None)
            if not row_id:
                raise ConfigError([f"{section_name}[{at}] needs an id."])
            rows[str(row_id)] = row
        return rows
    if not isinstance(section, dict):
        raise ConfigError([f"[{section_name}] must be a table."])
    return cast(Table, section)


def _merge(base: Table, over: Table) -> Table:
    """`over` wins row by row and field by field; its families are tried first, because the first match wins."""
    merged = dict(base)
    for section, rows in over.items():
        below: Table = base.get(section, {})
        together: Table = {}
        for row_id in [*rows, *below] if section == "families" else [*below, *rows]:
            old, new = below.get(row_id), rows.get(row_id)
            both = isinstance(old, dict) and isinstance(new, dict)
            together[row_id] = {**cast(Table, old), **cast(Table, new)} if both else (old if new is None else new)
        merged[section] = together
    return merged


@cache
def _adapter(kind: type[T]) -> TypeAdapter[T]:
    return TypeAdapter(kind)


def parse(kind: type[T], where: str, row: Any, problems: list[str]) -> T | None:
    """A row as a dataclass, or None and a sentence in `problems` for each thing that is wrong with it."""
    if not isinstance(row, dict):
        problems.append(f"{where} must be a table.")
        return None
    row = cast(Table, row)
    known = {field.name for field in fields(cast(Any, kind))}
    unknown = sorted(set(row) - known)
    if unknown:
        problems.append(f"{where}: unknown {', '.join(unknown)}; known ones are {', '.join(sorted(known))}.")
        return None
    try:
        return _adapter(kind).validate_python(row)
    except ValidationError as error:
        problems += [f"{where}.{'.'.join(map(str, p['loc']))}: {p['msg']}." for p in error.errors()]
        return None
