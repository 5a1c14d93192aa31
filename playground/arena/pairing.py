"""Who meets whom next: the pairs whose votes would sharpen the ratings most. Pure: knows counts, no store and no page.

A-optimal design: a battle of i and j adds v x x' to the information, x = e_i - e_j and v = p (1 - p), and so lessens
the summed variance of all strengths by v |C x|^2 / (1 + v x' C x), where C is their covariance (Sherman-Morrison; the
criterion of Atkinson, Donev and Tobias, Optimum Experimental Designs, 2007). Pairs are drawn in proportion to that,
not by the maximum, and one in ten uniformly: a guess about strengths never shuts a pair out.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np

from ..models.contenders import ListedContender
from .counts import Counts, Floats
from .ratings import fit

UNIFORM_SHARE = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """What the votes so far say: strengths (n,) in log-odds and their covariance (n, n), by contender."""

    contenders: tuple[str, ...]
    strengths: Floats
    covariance: Floats

    @classmethod
    def of(cls, counts: Counts) -> Standing:
        """The standing of everyone in `counts`; a prior of half a battle keeps it finite from the first vote on."""
        fitted = fit(counts)
        return cls(fitted.contenders, fitted.strengths, fitted.inverse_information)

    def gains(self) -> Floats:
        """(n, n), symmetric, zero on the diagonal: how much one battle of row and column lessens the variance."""
        apart = self.strengths[:, None] - self.strengths[None, :]
        spread = self.covariance
        variance = 1 / (2 + np.exp(apart) + np.exp(-apart))
        own = spread.diagonal()
        of_difference = own[:, None] + own[None, :] - 2 * spread
        squared = spread @ spread.T
        moved = squared.diagonal()[:, None] + squared.diagonal()[None, :] - 2 * squared
        return np.maximum(variance * moved / (1 + variance * of_difference), 0.0)


def pairs(
    contenders: Sequence[ListedContender], *, against: str | None = None, leave_out: Collection[str] = ()
) -> list[tuple[ListedContender, ListedContender]]:
    """Every pair that may meet: two different contenders, neither retired nor unavailable.

    Where some are pinned, one of the two is; `against` fixes one side instead.
    """
    able = [one for one in contenders if one.available and not one.retired and one.id not in leave_out]
    every = [(first, second) for at, first in enumerate(able) for second in able[at + 1 :]]
    if against is not None:
        return [pair for pair in every if against in (pair[0].id, pair[1].id)]
    pinned = [pair for pair in every if pair[0].pinned or pair[1].pinned]
    return pinned or every


def draw(
    candidates: Sequence[tuple[ListedContender, ListedContender]], standing: Standing, rng: Random
) -> tuple[ListedContender, ListedContender]:
    """One of the `candidates`, its seats shuffled. Raises ValueError when there is none.

    A contender's weight makes its pairs likelier, whichever way they are drawn.
    """
    if not candidates:
        raise ValueError("there is no pair to draw from")
    wished = np.array([first.weight * second.weight for first, second in candidates])
    gains = np.array(_gains_of(candidates, standing)) * wished
    shares = UNIFORM_SHARE * wished / wished.sum()
    shares = shares + (1 - UNIFORM_SHARE) * (gains / gains.sum() if gains.sum() > 0 else wished / wished.sum())
    [(first, second)] = rng.choices(candidates, shares.tolist())
    return (first, second) if rng.random() < 0.5 else (second, first)


def _gains_of(candidates: Sequence[tuple[ListedContender, ListedContender]], standing: Standing) -> list[float]:
    """The gain of each pair. Whoever joined since the votes were counted has no standing yet, and is all gain."""
    at = {contender: index for index, contender in enumerate(standing.contenders)}
    gains = standing.gains()
    most = float(gains.max(initial=0.0)) or 1.0
    return [
        float(gains[at[first.id], at[second.id]]) if first.id in at and second.id in at else most
        for first, second in candidates
    ]
