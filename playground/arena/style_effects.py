"""Ratings as they would be if all answers were dressed alike. Pure; knows no store and no text.

Style control as LMArena does it (https://lmsys.org/blog/2024-08-28-style-control): how much longer, or richer in
headers, lists and bold, the answer in seat a was becomes a covariate next to the strengths, so what voters give for
style is not credited to the contender. Needs every vote by itself, not counts. Some hundred votes are the least:
with fewer the effects are noise and only widen the intervals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from .bradley_terry import Rows
from .counts import OUTCOMES, BadVoteError, Counts, Floats
from .ratings import LEFT_SIDE, Fit, Options, fit_rows
from .style import Style

FEATURES = tuple(field.name for field in fields(Style))
ENOUGH_VOTES = 500


@dataclass(frozen=True, slots=True)
class StyledVote:
    """One vote: who sat in the seats, which outcome, and how each side's answers were dressed."""

    a: str
    b: str
    outcome: str
    style_a: Style
    style_b: Style

    def between(self, a: str, b: str) -> StyledVote:
        """The same vote under other names."""
        return replace(self, a=a, b=b)


@dataclass(frozen=True, slots=True)
class LongerAnswer:
    """How often the answer with more tokens won, and lost, among decided votes between unequal lengths."""

    won: int
    lost: int

    @property
    def share(self) -> float | None:
        """The share that the longer answer won; None without such votes."""
        return self.won / (self.won + self.lost) if self.won + self.lost else None


def fit_with_style(votes: Sequence[StyledVote], options: Options = Options(), contenders: Sequence[str] = ()) -> Fit:
    """Ratings at equal style; `effects` say what each feature does, in log-odds per typical difference of it.

    A feature that never differs has no effect to estimate and is left out. `contenders` as in Counts.of.

    Raises BadVoteError, and NoFiniteEstimateError when `options.prior` is 0 and there is no finite maximum.
    """
    counts = Counts.of(((vote.a, vote.b, vote.outcome, 1) for vote in votes), contenders)
    index = {contender: at for at, contender in enumerate(counts.contenders)}
    counted = [vote for vote in votes if options.ties != "drop" or vote.outcome in ("a", "b")]
    names, styles = style_differences(counted)
    left = np.ones((len(counted), int(options.left_side)))
    ended = np.zeros((3, len(counted)))  # won, lost, tied; both_bad is a tie
    ended[[min(OUTCOMES.index(vote.outcome), 2) for vote in counted], np.arange(len(counted))] = 1
    rows = Rows(
        len(counts.contenders),
        np.array([index[vote.a] for vote in counted], np.int64),
        np.array([index[vote.b] for vote in counted], np.int64),
        ended,
        np.hstack([left, styles]),
    )
    return fit_rows(rows, counts, options, (*((LEFT_SIDE,) if options.left_side else ()), *names))


def style_differences(votes: Sequence[StyledVote]) -> tuple[tuple[str, ...], Floats]:
    """Names (k,) of the features that differ, and (votes, k): (a - b) / (a + b), in units of its root mean square.

    Scaled but not centred, unlike a z-score: the mean is 0 but for chance, because seats are drawn, and without it
    a vote counts the same whoever of the two sat left. Where neither side has any, the difference is 0.
    """
    a, b = _figures([vote.style_a for vote in votes]), _figures([vote.style_b for vote in votes])
    if not ((a >= 0) & (b >= 0)).all():
        raise BadVoteError("a count of style is below zero")
    differences = (a - b) / np.maximum(a + b, 1)
    typical = np.sqrt((differences**2).mean(0)) if votes else np.zeros(len(FEATURES))
    differ = np.flatnonzero(typical)
    return tuple(FEATURES[at] for at in differ), differences[:, differ] / typical[differ]


def _figures(styles: Sequence[Style]) -> Floats:
    figures = [[getattr(style, name) for name in FEATURES] for style in styles]
    return np.array(figures, np.float64).reshape(len(styles), len(FEATURES))
