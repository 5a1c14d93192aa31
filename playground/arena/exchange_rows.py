"""The SQL of exports and imports, over one open connection: votes with their battles, in pages. Knows no format."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, text

from ..models.contenders import ListedContender
from . import rows, tally_rows
from .export import StoredVote
from .records import SEATS, Seat
from .rows import STYLE_COLUMNS, VOTED
from .style import Style
from .tally_rows import Voted

Place = tuple[float, str, str]
START: Place = (float("-inf"), "", "")

PAGE = text(
    "SELECT vote.battle, vote.source, vote.outcome, vote.voter AS cast_by, vote.created AS cast_at, vote.revised, "
    "battle.a, battle.b, battle.voter, battle.created, battle.turns, battle.kind, battle.status, battle.leaked, "
    "battle.category, " + ", ".join(STYLE_COLUMNS) + " FROM vote JOIN battle ON battle.id = vote.battle "
    "WHERE (vote.created, vote.battle, vote.source) > (:created, :battle, :source) "
    "ORDER BY vote.created, vote.battle, vote.source LIMIT :most"
)
BATTLE_COLUMNS = (
    "id",
    "kind",
    "a",
    "b",
    "voter",
    "runner",
    "status",
    "turns",
    "leaked",
    "category",
    "created",
    "updated",
)
ADD_BATTLE = text(
    f"INSERT INTO battle ({', '.join((*BATTLE_COLUMNS, *STYLE_COLUMNS))}) "
    f"VALUES ({', '.join(f':{name}' for name in (*BATTLE_COLUMNS, *STYLE_COLUMNS))}) ON CONFLICT DO NOTHING"
)
# A vote that was here and was taken back stays so.
ADD_VOTE = text(
    "INSERT INTO vote (battle, source, outcome, kind, a, b, leaked, revised, voter, created, category, longer) "
    "SELECT id, :source, CAST(:outcome AS TEXT), kind, a, b, CASE WHEN leaked = '' THEN 0 ELSE 1 END, :revised, "
    "CAST(:voter AS TEXT), CAST(:created AS DOUBLE PRECISION), category, "
    "CASE WHEN a_tokens > b_tokens THEN 1 WHEN a_tokens < b_tokens THEN -1 ELSE 0 END "
    "FROM battle WHERE id = :battle "
    "AND NOT EXISTS (SELECT 1 FROM vote_revision WHERE battle = :battle AND source = :source) "
    f"ON CONFLICT DO NOTHING RETURNING {VOTED}"
)


def page(
    connection: Connection, after: Place, most: int, contenders: Mapping[str, ListedContender]
) -> tuple[list[StoredVote], Place]:
    """The next votes in the order they were cast, and where they end."""
    values = dict(zip(("created", "battle", "source"), after, strict=True))
    found: list[StoredVote] = []
    for row in connection.execute(PAGE, {**values, "most": most}):
        battle = rows.battle_of(row, row.battle)
        styles: dict[Seat, Style] = {
            seat: Style(**{name: getattr(row, f"{seat}_{name}") for name in Style.__dataclass_fields__})
            for seat in SEATS
        }
        pair = contenders[row.a], contenders[row.b]
        found.append(
            StoredVote(battle, *pair, row.outcome, row.source, row.cast_by, row.cast_at, bool(row.revised), styles)
        )
        after = (row.cast_at, row.battle, row.source)
    return found, after


def add(connection: Connection, votes: Iterable[StoredVote]) -> int:
    """Writes votes with their battles and contenders; returns how many were not there."""
    new: list[Voted] = []
    known: set[str] = set()
    for vote in votes:
        for contender in (vote.a, vote.b):
            if contender.id not in known:
                rows.add_contender(connection, contender, "import")
                known.add(contender.id)
        stored = {**rows.battle_values(vote.battle, "import"), **rows.style_values(vote.styles)}
        connection.execute(ADD_BATTLE, {**stored, "updated": time.time()})
        values = {
            "battle": vote.battle.id,
            "source": vote.source,
            "outcome": vote.outcome,
            "revised": int(vote.revised),
            "voter": vote.voter,
            "created": vote.created,
        }
        row = connection.execute(ADD_VOTE, values).one_or_none()
        if row is not None:
            new.append(Voted(*row))
    tally_rows.count(connection, new)
    return len(new)
