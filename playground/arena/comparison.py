"""A named vote among two to four columns, as the pairs it is made of. Pure; knows no store and no page."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ..models.contenders import ListedContender
from .counts import Outcome
from .records import Answer, ArenaError, Battle, Turn
from .selection import category_of

Choice = int | Literal["tie", "both_bad"]


@dataclass(frozen=True, slots=True)
class Column:
    """One contender and what it answered, prompt by prompt."""

    contender: ListedContender
    answers: tuple[Answer, ...]


def ballots(
    comparison: str, prompts: Sequence[str], columns: Sequence[Column], choice: Choice, voter: str, now: float
) -> list[tuple[Battle, Outcome]]:
    """The vote as battles of the kind side_by_side, each with its outcome.

    The column at `choice` has beaten each other one; `tie` and `both_bad` hold for every pair. Columns that are the
    same contender do not meet. The battles are numbered under the id of the `comparison`, so that whatever else is
    voted on it meets their ids. `now` is in seconds since the epoch. Raises ArenaError `bad_request`.
    """
    if isinstance(choice, int):
        pairs = [(columns[choice], other) for at, other in enumerate(columns) if at != choice]
        outcome: Outcome = "a"
    else:
        pairs = list(itertools.combinations(columns, 2))
        outcome = choice
    different = [(a, b) for a, b in pairs if a.contender.id != b.contender.id]
    if not different:
        raise ArenaError("bad_request", "All columns are the same: change one before you vote.")
    return [(_battle(f"{comparison}-{at}", prompts, a, b, voter, now), outcome) for at, (a, b) in enumerate(different)]


def _battle(battle_id: str, prompts: Sequence[str], a: Column, b: Column, voter: str, now: float) -> Battle:
    turns = tuple(Turn(*turn) for turn in zip(prompts, a.answers, b.answers, strict=True))
    return Battle(
        battle_id,
        a.contender.id,
        b.contender.id,
        voter,
        now,
        turns,
        kind="side_by_side",
        status="ready",
        category=category_of(prompts[0]) if prompts else "",
    )
