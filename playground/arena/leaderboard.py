"""The leaderboard: ratings, what they rest on, how little would overturn them. Knows counts, no votes and no page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from .connectivity import Caveat, NoFiniteEstimateError, caveats, is_connected, undecided, unmet
from .counts import Counts
from .flips import flips_to_change_first
from .ratings import POINTS, Fit, Options, Rating, fit, rate
from .style_effects import StyledVote, fit_with_style


@dataclass(frozen=True, slots=True)
class LeftBias:
    """How much the left seat helps, whoever sits there.

    `points`, `lower` and `upper` (95 %) in rating points from a fit that allows for who met whom;
    `share` of the decided votes went left, None when none was decided.
    """

    points: float
    lower: float
    upper: float
    left_wins: int
    right_wins: int

    @property
    def share(self) -> float | None:
        decided = self.left_wins + self.right_wins
        return self.left_wins / decided if decided else None


@dataclass(frozen=True, slots=True, eq=False)
class Leaderboard:
    """`ratings`, best first, of everyone with a vote that counts; `unmet` names the others.

    connected             everyone can be compared with everyone, at least through third ones
    left_bias             None when it has no finite estimate (only without a prior)
    flips_to_change_first see flips.py; None without votes
    caveats               who is undefeated, winless or cut off, or that all votes are ties: shown beside the
                          number, never hidden in it
    """

    votes: int
    ratings: tuple[Rating, ...]
    connected: bool
    left_bias: LeftBias | None
    flips_to_change_first: int | None
    caveats: tuple[Caveat, ...]
    unmet: tuple[str, ...]
    fit: Fit


def leaderboard(
    counts: Counts, options: Options = Options(), styled: Sequence[StyledVote] | None = None
) -> Leaderboard:
    """Everything a leaderboard shows. Without votes it is empty; raises NoFiniteEstimateError only without a prior.

    With `styled`, the same votes as `counts` one by one, ratings are those at equal style.
    """
    alone = unmet(counts, options.ties)
    met = counts.only(~alone)
    fitted = fit(met, options) if styled is None else fit_with_style(styled, options, met.contenders)
    return Leaderboard(
        votes=counts.votes,
        ratings=rate(counts, fitted),
        connected=is_connected(met, options.ties),
        left_bias=left_bias(met, options),
        flips_to_change_first=flips_to_change_first(met, options),
        caveats=undecided(met) + caveats(met, options.ties),
        unmet=tuple(name for name, is_alone in zip(counts.contenders, alone, strict=True) if is_alone),
        fit=fitted,
    )


def left_bias(counts: Counts, options: Options = Options()) -> LeftBias | None:
    """The advantage of seat a, None when no finite estimate exists (only without a prior)."""
    left, right = int(counts.battles[:, :, 0].sum()), int(counts.battles[:, :, 1].sum())
    try:
        [effect] = fit(counts, replace(options, left_side=True)).effects
    except NoFiniteEstimateError:
        return None
    return LeftBias(POINTS * effect.value, POINTS * effect.lower, POINTS * effect.upper, left, right)
