"""The SQL of the arena, over one open connection: battles, contenders, votes and their revisions.

Plain statements that SQLite and Postgres both take. Knows no transaction's limits and no rule of the arena.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Literal

from pydantic import TypeAdapter
from sqlalchemy import Connection, bindparam, text

from ..models.contenders import ListedContender
from ..types import Contender
from .counts import Outcome
from .records import SEATS, Battle, Kind, Seat, Stats, Turn
from .selection import Source
from .style import Style
from .tally_rows import Voted

MOST_IDS = 500  # in one statement
Origin = Literal["catalog", "side_by_side", "import", "experiment"]

TURNS: TypeAdapter[tuple[Turn, ...]] = TypeAdapter(tuple[Turn, ...])
CONTENDER: TypeAdapter[Contender] = TypeAdapter(Contender)
STYLE_COLUMNS = [f"{seat}_{name}" for name in Style.__dataclass_fields__ for seat in SEATS]
FIGURE_COLUMNS = [f"{seat}_{name}" for name in ("ttft_s", "cost") for seat in SEATS]

ADD_SECRET = text("INSERT INTO secret VALUES (:name, :value) ON CONFLICT DO NOTHING")
# A new value each time: SQLite writes nothing where nothing changes.
TOUCH = text("INSERT INTO secret VALUES ('last_check', :now) ON CONFLICT (name) DO UPDATE SET value = excluded.value")
READ_SECRET = text("SELECT value FROM secret WHERE name = :name")

RETIRE_CATALOG = text("UPDATE contender SET retired = 1 WHERE origin = 'catalog'")
ADD_CONTENDER = (
    "INSERT INTO contender (id, name, config, origin, retired, created) "
    "VALUES (:id, :name, :config, :origin, :retired, :now) ON CONFLICT (id) DO "
)
ADD_ONCE = text(ADD_CONTENDER + "NOTHING")
ADD_OR_RENAME = text(
    ADD_CONTENDER + "UPDATE SET name = excluded.name, origin = excluded.origin, retired = excluded.retired"
)
READ_EVERY_CONTENDER = text("SELECT id, name, config, retired FROM contender")
READ_CONTENDERS = text("SELECT id, name, config, retired FROM contender WHERE id IN :ids").bindparams(
    bindparam("ids", expanding=True)
)
READ_CONTENDER = text("SELECT id, name, config, retired FROM contender WHERE id = :id")

# Never before the voter's last one, though the clock be set back: which of two is later decides what can be undone.
ADD_BATTLE = text(
    "INSERT INTO battle (id, kind, a, b, voter, runner, status, turns, leaked, category, replaces, updated, created) "
    "VALUES (:id, :kind, :a, :b, :voter, :runner, :status, :turns, :leaked, :category, :replaces, :created, "
    "(SELECT CASE WHEN max(created) > :created THEN max(created) + 0.001 ELSE CAST(:created AS DOUBLE PRECISION) END "
    "FROM battle WHERE voter = :voter)) "
    "ON CONFLICT (id) DO NOTHING"
)
READ_BATTLE = text("SELECT id, a, b, voter, created, turns, kind, status, leaked, category FROM battle WHERE id = :id")
# Postgres: whoever changes a battle first waits for those who vote on it, so that each sees what the other did.
LOCK_BATTLE = text("SELECT 1 FROM battle WHERE id = :id FOR UPDATE")
REPLACE = text(
    "UPDATE battle SET status = 'replaced' WHERE id = :id AND status IN ('failed', 'ready') "
    "AND NOT EXISTS (SELECT 1 FROM vote WHERE battle = :id) "
    "AND NOT EXISTS (SELECT 1 FROM vote_revision WHERE battle = :id)"
)
INTERRUPT = text(
    "UPDATE battle SET status = 'interrupted' WHERE status = 'running' AND (runner = :runner OR updated < :longest)"
)
OPEN_TURN = text(
    "UPDATE battle SET status = 'running', turns = :turns, runner = :runner, updated = :now "
    "WHERE id = :id AND status = 'ready' AND turns = :before "
    "AND NOT EXISTS (SELECT 1 FROM vote WHERE battle = :id) "
    "AND NOT EXISTS (SELECT 1 FROM vote_revision WHERE battle = :id)"
)
CLOSE_TURN = text(
    "UPDATE battle SET status = :status, turns = :turns, leaked = :leaked, updated = :now, "
    + ", ".join(f"{name} = :{name}" for name in STYLE_COLUMNS + FIGURE_COLUMNS)
    + " WHERE id = :id"
)
LATER_BATTLE = text("SELECT 1 FROM battle WHERE voter = :voter AND created > :created AND kind = 'blind' LIMIT 1")

VOTED = ", ".join(Voted._fields)
# Whoever votes waits for this one, so it goes to the driver itself, in the driver's own way of naming values:
# SQLAlchemy's own work on it would take several times what the database does.
# On Postgres the battle's row is locked, so that no further turn opens while its vote is written.
ADD_VOTE_SQL = (
    "INSERT INTO vote (battle, source, outcome, kind, a, b, leaked, revised, voter, created, category, longer) "
    "SELECT id, :source, :outcome, kind, a, b, CASE WHEN leaked = '' THEN 0 ELSE 1 END, "
    "CASE WHEN EXISTS (SELECT 1 FROM vote_revision WHERE battle = :battle AND source = :source) "
    "THEN 1 ELSE 0 END, :voter, :now, category, "
    "CASE WHEN a_tokens > b_tokens THEN 1 WHEN a_tokens < b_tokens THEN -1 ELSE 0 END "
    "FROM battle WHERE id = :battle AND kind = :kind AND status = 'ready'{lock} "
    f"ON CONFLICT DO NOTHING RETURNING {VOTED}"
)
ADD_VOTE = {
    "sqlite": ADD_VOTE_SQL.format(lock=""),
    "postgresql": re.sub(r":(\w+)", r"%(\1)s", ADD_VOTE_SQL.format(lock=" FOR UPDATE")),
}
READ_VOTE = text("SELECT outcome, voter FROM vote WHERE battle = :battle AND source = :source")
REMOVE_VOTE = text(f"DELETE FROM vote WHERE battle = :battle AND source = :source RETURNING {VOTED}, voter, created")
ADD_REVISION = text(
    "INSERT INTO vote_revision (battle, source, revision, outcome, voter, created, undone) "
    "SELECT :battle, :source, count(*) + 1, CAST(:outcome AS TEXT), CAST(:voter AS TEXT), "
    "CAST(:created AS DOUBLE PRECISION), CAST(:now AS DOUBLE PRECISION) FROM vote_revision "
    "WHERE battle = :battle AND source = :source"
)
TALLY = text(
    "SELECT a, b, outcome, count(*) AS votes FROM vote "
    "WHERE voter = :voter AND source = 'human' AND kind = 'blind' GROUP BY a, b, outcome"
)


def secret(connection: Connection, name: str, fresh: str) -> str:
    """The stored secret of that name; `fresh` becomes it where there is none."""
    connection.execute(ADD_SECRET, {"name": name, "value": fresh})
    return connection.execute(READ_SECRET, {"name": name}).scalar_one()


def add_contender(connection: Connection, one: ListedContender, origin: Origin) -> None:
    values = {
        "id": one.id,
        "name": one.name,
        "config": CONTENDER.dump_json(one.contender).decode(),
        "origin": origin,
        "retired": int(one.retired),
        "now": time.time(),
    }
    connection.execute(ADD_OR_RENAME if origin == "catalog" else ADD_ONCE, values)


def contenders(connection: Connection, ids: Sequence[str] | None = None) -> list[ListedContender]:
    """Those of `ids`, or all."""
    if ids is None:
        return [_contender(row) for row in connection.execute(READ_EVERY_CONTENDER)]
    pages = (ids[at : at + MOST_IDS] for at in range(0, len(ids), MOST_IDS))
    return [_contender(row) for page in pages for row in connection.execute(READ_CONTENDERS, {"ids": page})]


def contender(connection: Connection, contender_id: str) -> ListedContender | None:
    row = connection.execute(READ_CONTENDER, {"id": contender_id}).one_or_none()
    return None if row is None else _contender(row)


def _contender(row: Any) -> ListedContender:
    known = CONTENDER.validate_python(json.loads(row.config))
    return ListedContender(row.id, row.name, known, retired=bool(row.retired), available=False)


def add_battle(connection: Connection, battle: Battle, runner: str, replaces: str | None = None) -> bool:
    """Whether it was written: False where a battle of that id is there already."""
    return connection.execute(ADD_BATTLE, {**battle_values(battle, runner), "replaces": replaces}).rowcount == 1


def battle_values(battle: Battle, runner: str) -> dict[str, Any]:
    """What of a battle's row a Battle says, by the names of the columns."""
    return {
        "id": battle.id,
        "kind": battle.kind,
        "a": battle.a,
        "b": battle.b,
        "voter": battle.voter,
        "runner": runner,
        "status": battle.status,
        "turns": dump(battle.turns),
        "leaked": "".join(battle.leaked),
        "category": battle.category,
        "created": battle.created,
    }


def style_values(styles: Mapping[Seat, Style]) -> dict[str, Any]:
    """The style of both sides, by the names of STYLE_COLUMNS."""
    return {f"{seat}_{name}": value for seat in SEATS for name, value in asdict(styles[seat]).items()}


def battle(connection: Connection, battle_id: str) -> Battle | None:
    row = connection.execute(READ_BATTLE, {"id": battle_id}).one_or_none()
    return None if row is None else battle_of(row, row.id)


def battle_of(row: Any, battle_id: str) -> Battle:
    """The battle of that id from a row with its columns."""
    leaked: tuple[Seat, ...] = tuple(seat for seat in SEATS if seat in row.leaked)
    turns = TURNS.validate_json(row.turns)
    return Battle(battle_id, row.a, row.b, row.voter, row.created, turns, row.kind, row.status, leaked, row.category)


def replace_battle(connection: Connection, battle_id: str) -> bool:
    """Marks a battle as gone on in another one, unless somebody voted or went on."""
    _lock(connection, battle_id)
    return connection.execute(REPLACE, {"id": battle_id}).rowcount == 1


def interrupt(connection: Connection, runner: str, older_than_s: float) -> int:
    """How many battles that still ran under this name, or for so long, are marked as interrupted."""
    return connection.execute(INTERRUPT, {"runner": runner, "longest": time.time() - older_than_s}).rowcount


def open_turn(connection: Connection, before: Battle, after: Battle, runner: str) -> bool:
    """Writes the next prompt, unless somebody voted or wrote since `before` was read."""
    _lock(connection, before.id)
    values = {
        "id": before.id,
        "before": dump(before.turns),
        "turns": dump(after.turns),
        "runner": runner,
        "now": time.time(),
    }
    return connection.execute(OPEN_TURN, values).rowcount == 1


def close_turn(connection: Connection, battle: Battle, styles: Mapping[Seat, Style]) -> None:
    values = style_values(styles)
    for seat in SEATS:
        stats = Stats.of(battle.answers(seat))
        values |= {f"{seat}_ttft_s": stats.ttft_s, f"{seat}_cost": stats.cost}
    values |= {
        "id": battle.id,
        "status": battle.status,
        "turns": dump(battle.turns),
        "leaked": "".join(battle.leaked),
        "now": time.time(),
    }
    connection.execute(CLOSE_TURN, values)


def _lock(connection: Connection, battle_id: str) -> None:
    """SQLite has one writer at a time anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(LOCK_BATTLE, {"id": battle_id})


def is_voters_last(connection: Connection, battle: Battle) -> bool:
    return connection.execute(LATER_BATTLE, {"voter": battle.voter, "created": battle.created}).scalar() is None


def add_vote(
    connection: Connection,
    battle_id: str,
    source: Source,
    outcome: Outcome,
    voter: str,
    kind: Kind = "blind",
    created: float | None = None,
) -> Voted | None:
    """The new vote, which the caller has yet to count; None if there is one already, or no such battle that is open."""
    values = {
        "battle": battle_id,
        "source": source,
        "outcome": outcome,
        "kind": kind,
        "voter": voter,
        "now": time.time() if created is None else created,
    }
    cursor = connection.connection.cursor()
    try:
        cursor.execute(ADD_VOTE[connection.dialect.name], values)
        row: Any = cursor.fetchone()
    finally:
        cursor.close()
    return None if row is None else Voted(*row)


def vote(connection: Connection, battle_id: str, source: Source) -> Any:
    """The vote's row (outcome, voter), or None."""
    return connection.execute(READ_VOTE, {"battle": battle_id, "source": source}).one_or_none()


def remove_vote(connection: Connection, battle_id: str, source: Source) -> Voted | None:
    """The removed vote, now a revision, which the caller has yet to take off the counts; None if there was none."""
    row = connection.execute(REMOVE_VOTE, {"battle": battle_id, "source": source}).one_or_none()
    if row is None:
        return None
    key = {"battle": battle_id, "source": source, "now": time.time()}
    connection.execute(ADD_REVISION, {**key, "outcome": row.outcome, "voter": row.voter, "created": row.created})
    return Voted(*row[: len(Voted._fields)])


def dump(turns: Sequence[Turn]) -> str:
    return TURNS.dump_json(tuple(turns)).decode()
