"""Copies of votes: a battle that was voted on, as one line of text, and such lines merged into a database.

Votes and their revisions only ever go one way: cast, undone, cast again. So of two copies of one battle the further
one holds the truth, and lines may come in any order, twice, and from several processes. Knows no file and no network.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, inspect, text

from . import rows, tally_rows
from .database import Database
from .rows import VOTED
from .tally_rows import Voted

Row = dict[str, Any]
Far = tuple[int, int]  # votes that were taken back, votes that stand: the greater is the later
Copy = Mapping[str, Sequence[Row]]  # rows by table

SALT = "voter_salt"
# What of a row stays behind: a battle's predecessor took no vote, so it is in no copy.
LEFT_OUT = {"battle": {"replaces"}}
KEYS = {
    "contender": ("id",),
    "battle": ("id",),
    "vote": ("battle", "source"),
    "vote_revision": ("battle", "source", "revision"),
}


def _of_battles(query: str) -> Any:
    return text(query).bindparams(bindparam("ids", expanding=True))


# Revisions before votes: a vote that is taken back between the two reads must not look like one cast again.
READ = {
    "battle": _of_battles("SELECT * FROM battle WHERE id IN :ids ORDER BY id"),
    "vote_revision": _of_battles("SELECT * FROM vote_revision WHERE battle IN :ids ORDER BY battle, source, revision"),
    "vote": _of_battles("SELECT * FROM vote WHERE battle IN :ids ORDER BY battle, source"),
}
READ_CONTENDERS = _of_battles("SELECT * FROM contender WHERE id IN :ids")
HOW_FAR = (
    "SELECT battle, source, SUM(undone) AS undone, SUM(stands) AS stands FROM ("
    "SELECT battle, source, 0 AS undone, 1 AS stands FROM vote {where} UNION ALL "
    "SELECT battle, source, 1, 0 FROM vote_revision {where}) AS every GROUP BY battle, source"
)
EVERY_HOW_FAR = text(HOW_FAR.format(where=""))
ONE_HOW_FAR = text(HOW_FAR.format(where="WHERE battle = :battle"))
REMOVE_VOTE = text(f"DELETE FROM vote WHERE battle = :battle AND source = :source RETURNING {VOTED}")


class Copies:
    """What of one database is worth a copy; blocking."""

    def __init__(self, database: Database) -> None:
        self._database = database
        with database.reading() as connection:
            self._columns = columns(connection)

    def lines(self, battles: Sequence[str]) -> list[str]:
        """One line of JSON for each of `battles` that exists: its row, contenders, votes and revisions."""
        with self._database.reading() as connection:
            return lines(connection, battles)

    def merge(self, copies: Sequence[Copy]) -> None:
        """Brings copied battles in, each as far as it has come further than here. Raises KeyError, IndexError,
        TypeError or the database's own error for what is no copy."""

        def work(connection: Connection) -> None:
            for copy in copies:
                merge(connection, copy, self._columns)

        self._database.write(work)

    def how_far(self) -> dict[str, dict[str, Far]]:
        """By battle and source, how far every vote has come."""
        found: dict[str, dict[str, Far]] = {}
        with self._database.reading() as connection:
            for row in connection.execute(EVERY_HOW_FAR):
                found.setdefault(row.battle, {})[row.source] = (int(row.undone), int(row.stands))
        return found

    def salt(self, fresh: str) -> str:
        """The word that voters are hashed with here; `fresh` becomes it where there is none."""
        return self._database.write(lambda connection: rows.secret(connection, SALT, fresh))


def lines(connection: Connection, battles: Sequence[str]) -> list[str]:
    """As Copies.lines."""
    if not battles:
        return []
    read = {table: _rows(connection, query, battles, table) for table, query in READ.items()}
    ids = sorted({row[seat] for row in read["battle"] for seat in ("a", "b")})
    contenders = {row["id"]: row for row in _rows(connection, READ_CONTENDERS, ids, "contender")} if ids else {}
    written: list[str] = []
    for battle in read["battle"]:
        copy: dict[str, list[Row]] = {
            "contender": [contenders[battle["a"]], contenders[battle["b"]]],
            "battle": [battle],
            **{t: [row for row in read[t] if row["battle"] == battle["id"]] for t in ("vote", "vote_revision")},
        }
        written.append(json.dumps(copy, ensure_ascii=True, allow_nan=False))
    return written


def merge(connection: Connection, copy: Copy, known: Mapping[str, frozenset[str]]) -> None:
    """Brings one copied battle in, as far as it has come further than the database; `known` are its `columns`."""
    battle = str(copy["battle"][0]["id"])
    found = connection.execute(ONE_HOW_FAR, {"battle": battle})
    ours = {row.source: (int(row.undone), int(row.stands)) for row in found}
    newer = {source for source, far in far_of(copy).items() if far > ours.get(source, (0, 0))}
    if not newer:
        return
    for table in ("contender", "battle", "vote_revision"):
        for row in copy[table]:
            if table != "vote_revision" or row["source"] in newer:
                _add(connection, table, row, known)
    _change_votes(connection, battle, newer, copy["vote"], known)


def columns(connection: Connection) -> dict[str, frozenset[str]]:
    """What each copied table can hold: a copy by a newer program may have more, one by an older program less."""
    tables = inspect(connection)
    return {table: frozenset(column["name"] for column in tables.get_columns(table)) for table in KEYS}


def far_of(copy: Copy) -> dict[str, Far]:
    """How far the votes of a copied battle have come, by source."""
    sources = {str(row["source"]) for table in ("vote", "vote_revision") for row in copy[table]}
    return {source: (_count(copy["vote_revision"], source), _count(copy["vote"], source)) for source in sources}


def _count(of: Iterable[Row], source: str) -> int:
    return sum(row["source"] == source for row in of)


def _change_votes(
    connection: Connection, battle: str, sources: set[str], votes: Sequence[Row], known: Mapping[str, frozenset[str]]
) -> None:
    """The votes of those sources are `votes` from here on, and the ready-made counts follow."""
    gone: list[Voted] = []
    for source in sorted(sources):
        row = connection.execute(REMOVE_VOTE, {"battle": battle, "source": source}).one_or_none()
        gone += [] if row is None else [Voted(*row)]
    new = [
        Voted(*added)
        for row in votes
        if row["source"] in sources and (added := _add(connection, "vote", row, known, VOTED)) is not None
    ]
    tally_rows.count(connection, gone, -1)
    tally_rows.count(connection, new)


def _add(connection: Connection, table: str, row: Row, known: Mapping[str, frozenset[str]], returning: str = "") -> Any:
    """Inserts what the table can hold of `row`, unless it is there; names come from the table, never from the copy."""
    names = sorted(known[table] & set(row))
    statement = (
        f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join(f':{name}' for name in names)}) "
        f"ON CONFLICT ({', '.join(KEYS[table])}) DO NOTHING"
    )
    values = {name: row[name] for name in names}
    done = connection.execute(text(f"{statement} RETURNING {returning}" if returning else statement), values)
    return done.one_or_none() if returning else None


def _rows(connection: Connection, query: Any, ids: Sequence[str], table: str) -> list[Row]:
    left_out = LEFT_OUT.get(table, set[str]())
    found = connection.execute(query, {"ids": list(ids)}).mappings()
    return [{name: value for name, value in row.items() if name not in left_out} for row in found]
