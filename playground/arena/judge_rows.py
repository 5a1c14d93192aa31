"""The SQL that finds what a judge has not judged yet, over one open connection. Knows no judge.

A battle is finished once a person has voted on it: a vote of the judge on an open one would close it to its voter's
next prompt, and the change on the judge's board would tell who fights in it. Answers that named a maker or a model
are left out, because the judge has to be blind. `vote_in_time` gives the order, the key of `vote` the rest.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

Place = tuple[float, str]

UNJUDGED = (
    "SELECT human.created, human.battle FROM vote AS human JOIN battle ON battle.id = human.battle "
    "WHERE human.source = 'human' AND human.kind = 'blind' AND human.leaked = 0 "
    "AND battle.status = 'ready' AND battle.turns <> '[]'{after} "
    "AND NOT EXISTS (SELECT 1 FROM vote AS judge WHERE judge.battle = human.battle AND judge.source = 'judge') "
    "ORDER BY human.created DESC, human.battle DESC LIMIT :most"
)
FIRST = text(UNJUDGED.format(after=""))
NEXT = text(UNJUDGED.format(after=" AND (human.created, human.battle) < (:created, :battle)"))
HOW_MANY = text(f"SELECT count(*) FROM ({UNJUDGED.format(after='')}) AS unjudged")


def unjudged(connection: Connection, most: int, after: Place | None) -> list[Place]:
    """(when a person voted, battle) of battles without a judge's vote, newest first, those before `after` alone."""
    if after is None:
        found = connection.execute(FIRST, {"most": most})
    else:
        found = connection.execute(NEXT, {"most": most, "created": after[0], "battle": after[1]})
    return [(row.created, row.battle) for row in found]


def count_unjudged(connection: Connection, most: int) -> int:
    """How many battles have no judge's vote, counted up to `most`."""
    return int(connection.execute(HOW_MANY, {"most": most}).scalar_one())
