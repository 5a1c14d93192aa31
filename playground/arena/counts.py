"""Votes as counts: who sat where against whom, and how often with which outcome. Knows no votes file and no fit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import index as whole
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ..errors import PlaygroundError

Outcome = Literal["a", "b", "tie", "both_bad"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class BadVoteError(PlaygroundError):
    """A vote that means nothing: an unknown outcome, a contender against itself, or a count that is none."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What one contender went through, in votes: battles = wins + losses + ties + both_bad."""

    battles: int
    wins: int
    losses: int
    ties: int
    both_bad: int


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """`battles[i, j, o]`: how often contender i in seat a met contender j in seat b with OUTCOMES[o].

    Everything else follows from it, so that ratings cost contenders squared whatever the number of votes.
    """

    contenders: tuple[str, ...]
    battles: Ints

    def __post_init__(self) -> None:
        size = len(self.contenders)
        if self.battles.shape != (size, size, len(OUTCOMES)):
            raise ValueError(f"battles has shape {self.battles.shape}, {size} contenders need {(size, size, 4)}")
        if len(set(self.contenders)) != size:
            raise ValueError("a contender is listed twice")
        if not np.issubdtype(self.battles.dtype, np.integer):
            raise BadVoteError(f"counts of votes are whole numbers, not {self.battles.dtype}")
        if (self.battles < 0).any():
            raise BadVoteError("a count of votes is below zero")
        for at in np.flatnonzero(self.battles.diagonal().sum(0)):
            raise BadVoteError(f"{self.contenders[at]} cannot meet itself")

    @classmethod
    def of(cls, rows: Iterable[tuple[str, str, str, int]], contenders: Sequence[str] = ()) -> Counts:
        """Counts from rows (seat a, seat b, outcome, how often), which may repeat.

        `contenders` come first, in their order; others follow as they appear. Raises BadVoteError.
        """
        rows = list(rows)
        known = tuple(dict.fromkeys([*contenders, *(seat for row in rows for seat in row[:2])]))
        index = {contender: at for at, contender in enumerate(known)}
        battles = np.zeros((len(known), len(known), len(OUTCOMES)), np.int64)
        for a, b, outcome, how_often in rows:
            if outcome not in OUTCOMES:
                raise BadVoteError(f"unknown outcome {outcome!r}: must be one of {', '.join(OUTCOMES)}")
            if a == b:
                raise BadVoteError(f"{a} cannot meet itself")
            battles[index[a], index[b], OUTCOMES.index(outcome)] += _votes(how_often, a, b)
        return cls(known, battles)

    @classmethod
    def of_pairs(cls, pairs: Iterable[Sequence[Any]], contenders: Sequence[str] = ()) -> Counts:
        """Counts from rows (seat a, seat b, wins of a, wins of b, ties, both bad), one for each pair of seats."""
        pairs = list(pairs)
        known = tuple(dict.fromkeys([*contenders, *(seat for pair in pairs for seat in pair[:2])]))
        index = {contender: at for at, contender in enumerate(known)}
        battles = np.zeros((len(known), len(known), len(OUTCOMES)), np.int64)
        if pairs:
            a, b = [index[pair[0]] for pair in pairs], [index[pair[1]] for pair in pairs]
            battles[a, b] = np.array([pair[2:] for pair in pairs], np.int64)
        return cls(known, battles)

    @property
    def votes(self) -> int:
        """All votes, whatever their outcome."""
        return int(self.battles.sum())

    @property
    def wins(self) -> Ints:
        """(n, n): how often row beat column, from either seat."""
        return self.battles[:, :, 0] + self.battles[:, :, 1].T

    @property
    def ties(self) -> Ints:
        """(n, n), symmetric: battles that neither won, "tie" and "both_bad" together."""
        undecided = self.battles[:, :, 2] + self.battles[:, :, 3]
        return undecided + undecided.T

    def tally(self, contender: str) -> Tally:
        """The votes of one contender. Raises ValueError when it is not among the contenders."""
        at = self.contenders.index(contender)
        in_a, in_b = self.battles[at].sum(0), self.battles[:, at].sum(0)
        wins, losses = in_a[0] + in_b[1], in_a[1] + in_b[0]
        ties, both_bad = in_a[2] + in_b[2], in_a[3] + in_b[3]
        return Tally(int(wins + losses + ties + both_bad), int(wins), int(losses), int(ties), int(both_bad))

    def including(self, contenders: Sequence[str]) -> Counts:
        """The same counts with these contenders among them, first and in their order."""
        known = tuple(dict.fromkeys([*contenders, *self.contenders]))
        battles = np.zeros((len(known), len(known), len(OUTCOMES)), np.int64)
        at = [known.index(contender) for contender in self.contenders]
        battles[np.ix_(at, at)] = self.battles
        return Counts(known, battles)

    def only(self, kept: Bools) -> Counts:
        """The same counts among the contenders where `kept` is true."""
        names = tuple(name for name, keep in zip(self.contenders, kept, strict=True) if keep)
        return Counts(names, self.battles[np.ix_(kept, kept)])


def _votes(how_often: int, a: str, b: str) -> int:
    try:
        votes = whole(how_often)  # a count from a file or a database may turn out to be 1.5, NaN or None
    except TypeError:
        raise BadVoteError(f"{a} against {b}: {how_often!r} is not a number of votes") from None
    if votes < 0:
        raise BadVoteError(f"{a} against {b}: a count of votes is below zero")
    return votes
