"""The SQL of the leaderboard, over one open connection: votes counted, in time, and by style.

`pair_count` is written with each vote, in its transaction; whatever it cannot answer is one aggregate over the index
`vote_counts`. No vote is ever loaded for a count. Knows no rating.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from .counts import OUTCOMES, Outcome
from .records import SEATS, Kind
from .selection import Selection, Source
from .style import Style
from .style_effects import StyledVote

COUNTED = ("won_a", "won_b", "ties", "both_bad", "longer_won", "longer_lost")
ALL = "all"  # the row of a pair over every category
KEY = ("source", "kind", "category", "leaked", "a", "b")
Key = tuple[Source, Kind, str, int, str, str]
LONGER_WON = "(outcome = 'a' AND longer = 1) OR (outcome = 'b' AND longer = -1)"
LONGER_LOST = "(outcome = 'a' AND longer = -1) OR (outcome = 'b' AND longer = 1)"

# Whoever votes waits for this one, so it goes to the driver itself (see rows.py).
ADD_COUNT_SQL = (
    "INSERT INTO pair_count ({names}) VALUES ({values}) ON CONFLICT (" + ", ".join(KEY) + ") DO UPDATE SET {sums}"
)
MARKS = {"sqlite": ":{}", "postgresql": "%({})s"}
ADD_COUNT = {
    dialect: ADD_COUNT_SQL.format(
        names=", ".join((*KEY, *COUNTED)),
        values=", ".join(mark.format(name) for name in (*KEY, *COUNTED)),
        sums=", ".join(f"{name} = pair_count.{name} + excluded.{name}" for name in COUNTED),
    )
    for dialect, mark in MARKS.items()
}

READY = text(
    "SELECT a, b, SUM(won_a), SUM(won_b), SUM(ties), SUM(both_bad) FROM pair_count "
    "WHERE source = :source AND kind = :kind AND category = :category AND leaked <= :leaked GROUP BY a, b "
    "HAVING SUM(won_a + won_b + ties + both_bad) > 0"
)
READY_LONGER = text(
    "SELECT COALESCE(SUM(longer_won), 0), COALESCE(SUM(longer_lost), 0) FROM pair_count "
    "WHERE source = :source AND kind = :kind AND category = :category AND leaked <= :leaked"
)
FILTERED = "SELECT a, b, " + ", ".join(
    f"SUM(CASE WHEN outcome = '{outcome}' THEN 1 ELSE 0 END)" for outcome in OUTCOMES
)
FILTERED_LONGER = (
    f"SELECT COALESCE(SUM(CASE WHEN {LONGER_WON} THEN 1 ELSE 0 END), 0), "
    f"COALESCE(SUM(CASE WHEN {LONGER_LOST} THEN 1 ELSE 0 END), 0)"
)
# Whole seconds first: one database cuts what it casts, the other rounds it.
DAY = "CAST(created AS BIGINT) / 86400"
MET = "((a = :x AND b = :y) OR (a = :y AND b = :x))"
STEP = "CAST((created - :first) * :steps / :span AS INTEGER)"
# Of battles that have been voted on: what an open one changed would tell who fights in it.
FIGURES = " UNION ALL ".join(
    f"SELECT * FROM (SELECT {seat}_ttft_s AS ttft_s, {seat}_cost AS cost FROM battle "
    f"WHERE {seat} = :contender AND status = 'ready' AND kind = 'blind' "
    f"AND EXISTS (SELECT 1 FROM vote WHERE battle = battle.id AND source = 'human') "
    f"ORDER BY created DESC LIMIT :most) AS of_{seat}"
    for seat in SEATS
)
READ_FIGURES = text(FIGURES)
STYLES = [f"battle.{seat}_{name}" for seat in SEATS for name in Style.__dataclass_fields__]
AGREEMENT = text(
    "SELECT human.outcome AS human, judge.outcome AS judge, count(*) AS votes FROM vote AS judge "
    "JOIN vote AS human ON human.battle = judge.battle AND human.source = 'human' "
    "WHERE judge.source = 'judge' AND judge.kind = 'blind' AND human.revised = 0 "
    "GROUP BY human.outcome, judge.outcome"
)


class Voted(NamedTuple):
    """What of a vote's row goes into the counts."""

    source: Source
    kind: Kind
    leaked: int
    a: str
    b: str
    outcome: Outcome
    revised: int
    longer: int
    category: str


def count(connection: Connection, votes: Iterable[Voted], how_often: int = 1) -> None:
    """Adds votes to the ready-made counts, or takes them away with -1; a revised vote is in none.

    Pair by pair in one order, so that of two writers one never waits for the other in a circle.
    """
    counts = Counter[tuple[Key, str]]()
    for vote in votes:
        if not vote.revised:
            for category in {ALL, vote.category} - {""}:
                key: Key = (vote.source, vote.kind, category, vote.leaked, vote.a, vote.b)
                counts[key, COUNTED[OUTCOMES.index(vote.outcome)]] += how_often
                if vote.outcome in ("a", "b") and vote.longer:
                    longer_won = (vote.outcome == "a") == (vote.longer == 1)
                    counts[key, "longer_won" if longer_won else "longer_lost"] += how_often
    cursor = connection.connection.cursor()
    try:
        for key in sorted({key for key, _ in counts}):
            values = dict(zip(KEY, key, strict=True))
            sums = {name: counts[key, name] for name in COUNTED}
            cursor.execute(ADD_COUNT[connection.dialect.name], {**values, **sums})
    finally:
        cursor.close()


def pairs(connection: Connection, selection: Selection) -> list[tuple[Any, ...]]:
    """(seat a, seat b, wins of a, wins of b, ties, both bad) of every pair that met."""
    if selection.whole:
        return [tuple(row) for row in connection.execute(READY, _ready(selection))]
    query = text(f"{FILTERED} FROM vote WHERE {_where(selection)} GROUP BY a, b")
    return [tuple(row) for row in connection.execute(query, _values(selection))]


def longer(connection: Connection, selection: Selection) -> tuple[int, int]:
    """How often the answer with more tokens won and lost."""
    if selection.whole:
        won, lost = connection.execute(READY_LONGER, _ready(selection)).one()
    else:
        query = text(f"{FILTERED_LONGER} FROM vote WHERE {_where(selection)}")
        won, lost = connection.execute(query, _values(selection)).one()
    return int(won), int(lost)


def days(connection: Connection, selection: Selection) -> list[tuple[int, int]]:
    """(day since the epoch in UTC, votes) of each day that had any, in order."""
    query = text(
        f"SELECT {DAY} AS day, count(*) AS votes FROM vote WHERE {_where(selection)} GROUP BY {DAY} ORDER BY 1"
    )
    return [(row.day, row.votes) for row in connection.execute(query, _values(selection))]


def history(
    connection: Connection, selection: Selection, x: str, y: str, steps: int
) -> list[tuple[int, str, str, int]]:
    """(step, who sat in seat a, outcome, votes) between two contenders, their time cut into `steps` equal ones."""
    values = {**_values(selection), "x": x, "y": y}
    met = f"FROM vote WHERE {_where(selection)} AND {MET}"
    span = connection.execute(text(f"SELECT MIN(created) AS first, MAX(created) AS last {met}"), values).one()
    if span.first is None:
        return []
    values |= {"first": span.first, "span": max(span.last - span.first, 1.0), "steps": steps}
    query = text(f"SELECT {STEP} AS step, a, outcome, count(*) AS votes {met} GROUP BY 1, 2, 3 ORDER BY 1")
    return [(row.step, row.a, row.outcome, row.votes) for row in connection.execute(query, values)]


def styled(connection: Connection, selection: Selection, most: int) -> list[StyledVote]:
    """The newest votes one by one, with how both sides' answers were dressed: what a style effect is fitted to."""
    query = text(
        f"SELECT chosen.a, chosen.b, chosen.outcome, {', '.join(STYLES)} FROM (SELECT battle, a, b, outcome FROM vote "
        f"WHERE {_where(selection)} ORDER BY created DESC LIMIT :most) AS chosen "
        "JOIN battle ON battle.id = chosen.battle"
    )
    half = len(STYLES) // 2
    return [
        StyledVote(row.a, row.b, row.outcome, Style(*row[3 : 3 + half]), Style(*row[3 + half :]))
        for row in connection.execute(query, {**_values(selection), "most": most})
    ]


def figures(connection: Connection, contender: str, most: int) -> list[tuple[float | None, float | None]]:
    """(time to the first token in s, cost in USD) of a contender's newest battles, `most` of each seat."""
    return [(row.ttft_s, row.cost) for row in connection.execute(READ_FIGURES, {"contender": contender, "most": most})]


def agreement(connection: Connection) -> list[tuple[str, str, int]]:
    """(what people said, what the judge said, battles) of every battle that has both."""
    return [(row.human, row.judge, row.votes) for row in connection.execute(AGREEMENT)]


def _where(selection: Selection) -> str:
    asked = [
        f"source = :source AND kind = :kind AND revised = 0 AND leaked {'IN (0, 1)' if selection.leaked else '= 0'}",
        "created >= :since" if selection.since is not None else "",
        "category = :category" if selection.category is not None else "",
        "voter = :voter" if selection.voter is not None else "",
    ]
    return " AND ".join(clause for clause in asked if clause)


def _ready(selection: Selection) -> dict[str, Any]:
    return {
        "source": selection.source,
        "kind": selection.kind,
        "category": selection.category or ALL,
        "leaked": int(selection.leaked),
    }


def _values(selection: Selection) -> dict[str, Any]:
    return {
        "source": selection.source,
        "kind": selection.kind,
        **{name: value for name in ("since", "category", "voter") if (value := getattr(selection, name)) is not None},
    }
