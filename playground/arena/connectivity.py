"""Whether votes can rank everyone, and who stands in the way. Knows the graph of wins, no ratings.

A finite maximum-likelihood rating exists exactly when every contender leads to every other along
wins and ties (L. R. Ford, "Solution of a ranking problem from binary comparisons", 1957).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..errors import PlaygroundError
from .counts import Bools, Counts

Ties = Literal["half", "drop", "davidson"]

MOST_NAMED = 6  # in one sentence


@dataclass(frozen=True, slots=True)
class Caveat:
    """One reason why the votes alone bound somebody's rating on one side at most. `text` is for people.

    unmet         no vote that counts
    disconnected  `contenders` never met any of the others, directly or through third ones
    undefeated    `contenders` never lost a point to anyone outside of themselves
    winless       `contenders` never won a point from anyone outside of themselves
    undecided     nobody ever won: all votes are ties
    undetermined  seats, ties or style explain the outcomes without exception; `contenders` may be empty
    """

    kind: Literal["unmet", "disconnected", "undefeated", "winless", "undecided", "undetermined"]
    contenders: tuple[str, ...]
    text: str


class NoFiniteEstimateError(PlaygroundError):
    """Without a prior these votes have no finite rating. `caveats` name the contenders and say why."""

    def __init__(self, caveats: tuple[Caveat, ...]) -> None:
        reasons = "; ".join(caveat.text for caveat in caveats)
        super().__init__(f"There is no finite rating without a prior: {reasons}.")
        self.caveats = caveats


def reachable(arrows: Bools) -> Bools:
    """(n, n): true where a path leads from row to column; everyone reaches itself. Repeated squaring."""
    paths = arrows | np.eye(len(arrows), dtype=np.bool_)
    while True:
        further = (paths.astype(np.float32) @ paths.astype(np.float32)) > 0
        if (further == paths).all():
            return paths
        paths = further


def cores(arrows: Bools) -> Bools:
    """(n, n): true where row and column lead to each other, so that votes tie them together both ways."""
    paths = reachable(arrows)
    return paths & paths.T


def scoring(counts: Counts, ties: Ties) -> Bools:
    """(n, n): true where row took at least a point from column: a win, or a tie unless ties are dropped."""
    if ties == "drop":
        return counts.wins > 0
    return (counts.wins + counts.ties) > 0


def unmet(counts: Counts, ties: Ties) -> Bools:
    """(n,): contenders without any vote that counts."""
    scored = scoring(counts, ties)
    met: Bools = np.any(scored | scored.T, axis=1)
    return ~met


def is_connected(counts: Counts, ties: Ties) -> bool:
    """Whether all who met anyone can be compared, at least through third ones. True when nobody met."""
    scored = scoring(counts, ties)
    met = ~unmet(counts, ties)
    return bool(reachable((scored | scored.T)[np.ix_(met, met)]).all())


def caveats(counts: Counts, ties: Ties) -> tuple[Caveat, ...]:
    """Every reason why no finite rating exists without a prior; empty exactly when one exists."""
    scored = scoring(counts, ties)
    alone = unmet(counts, ties)
    found = [
        Caveat("unmet", (name,), f"{name} has no {'decided ' if ties == 'drop' else ''}battle")
        for name, is_alone in zip(counts.contenders, alone, strict=True)
        if is_alone
    ]
    linked = reachable(scored | scored.T)
    islands = [island for island in _groups(linked) if not alone[island].any()]
    if len(islands) > 1:
        found += [_disconnected(counts, island) for island in islands]
    for island in islands:
        inside = scored[np.ix_(island, island)]
        for core in _groups(cores(inside)):
            if core.all():
                continue
            members = tuple(np.array(counts.contenders, object)[island][core])
            if not inside[np.ix_(~core, core)].any():
                found.append(Caveat("undefeated", members, _never(members, "lost", ties)))
            if not inside[np.ix_(core, ~core)].any():
                found.append(Caveat("winless", members, _never(members, "won", ties)))
    return tuple(found)


def undecided(counts: Counts) -> tuple[Caveat, ...]:
    """One caveat when there are votes and all are ties. Strengths are equal then; only Davidson's nu is infinite."""
    if counts.wins.any() or not counts.votes:
        return ()
    return (Caveat("undecided", counts.contenders, "every vote was a tie: nothing tells the contenders apart"),)


def _groups(together: Bools) -> list[Bools]:
    """The distinct rows of an equivalence relation, in order of their first member."""
    return [row for at, row in enumerate(together) if not row[:at].any()]


def _disconnected(counts: Counts, island: Bools) -> Caveat:
    members = tuple(name for name, inside in zip(counts.contenders, island, strict=True) if inside)
    return Caveat("disconnected", members, f"{enumerated(members)} never met any of the others")


def _never(members: tuple[str, ...], verb: str, ties: Ties) -> str:
    done = verb if ties == "drop" else f"{verb} or tied"
    outside = "" if len(members) == 1 else " against anyone else"
    return f"{enumerated(members)} never {done}{outside}"


def enumerated(names: Sequence[str]) -> str:
    """Names in a sentence: "A, B and C"; of many the first and how many more."""
    if len(names) > MOST_NAMED:
        names = [*names[: MOST_NAMED - 1], f"{len(names) - MOST_NAMED + 1:,} others"]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
