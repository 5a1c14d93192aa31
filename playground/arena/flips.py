"""How many votes would have to go the other way for another contender to come first. Knows counts, no votes file.

Reversing a vote moves a point from its winner to its loser and leaves all else as it was. How far that moves a
challenger towards the leader follows from the curvature K of the likelihood: in a row of battles with design d, one
reversal is worth d' K^-1 (e_challenger - e_leader). This is the influence function of T. Broderick, R. Giordano and
R. Meager (https://arxiv.org/abs/2011.14999), with which J. Huang et al. ask the same about votes to leave out
(https://arxiv.org/abs/2508.11847). A straight line holds for few votes only, so it is drawn again from each new fit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .bradley_terry import Model, Peak, design_times, maximise
from .counts import Counts, Floats
from .ratings import Options, has_tie_parameter, rows_of

FAINT_PRIOR = 1e-6  # a reversal can leave somebody undefeated; this still says who is above whom
SHARED = 1e-9  # log-odds: leads below this are rounding
ROUNDS = 8  # straight lines drawn until they agree; most agree after three
TRIES = 3  # choices of the votes to reverse, each made where the one before has led
MARGIN = 1.25  # challengers whose straight line needs so many times the best number are not looked at
LIKELIEST = 24  # challengers looked at; where hundreds have few votes each they are all alike, and each takes fits


def flips_to_change_first(counts: Counts, options: Options = Options()) -> int | None:
    """How many decided votes must be reversed until somebody has a higher rating than today's leader.

    0 when the first place is shared already, None when there is no second contender.

    An upper bound that is attained: fitting with so many votes reversed has put another first. That fewer never do is
    not proven, and of many challengers only the LIKELIEST are looked at; exhaustive search finds the same number in
    small arenas (tests), but may find one less where the left side has a term of its own.
    """
    if len(counts.contenders) < 2:
        return None
    rows = rows_of(counts, options)
    model = Model.of(rows, options.prior or FAINT_PRIOR, davidson=has_tie_parameter(rows, options))
    peak = maximise(model)
    strengths = peak.parameters[: rows.size]
    leader = int(strengths.argmax())
    leads = np.delete(strengths[leader] - strengths, leader)
    if leads.min() < SHARED:
        return 0
    # No reversal is worth more than one between the two themselves, so this is the least that a line can need.
    inverse = np.linalg.inv(peak.curvature)
    worth = inverse.diagonal()[: rows.size] + inverse[leader, leader] - 2 * inverse[leader, : rows.size]
    challengers = np.delete(np.arange(rows.size), leader)
    at_least = leads / worth[challengers]
    fewest: int | None = None
    for at in np.argsort(at_least, kind="stable")[:LIKELIEST].tolist():
        if fewest is not None and (fewest == 1 or at_least[at] > MARGIN * fewest):
            break
        challenge = _Challenge(model, len(rows.a), leader, int(challengers[at]), fewest)
        found = challenge.flips(peak)
        if found is not None and (fewest is None or found < fewest):
            fewest = found
    return fewest


@dataclass(frozen=True, slots=True, eq=False)
class _Line:
    """A fit with some votes reversed, and what one more reversal in each row would be worth.

    `reversed_` (rows,) counts the votes that b loses to a, negative for those that a loses to b; `worth` (rows,) is
    what each adds to `ahead`, the challenger's lead over the leader in log-odds.
    """

    reversed_: Floats
    parameters: Floats
    ahead: float
    worth: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _Challenge:
    """One challenger against the leader in `model`, whose first `votes` rows are votes and not the prior's.

    `best` is the smallest number that another challenger needs.
    """

    model: Model
    votes: int
    leader: int
    challenger: int
    best: int | None

    def flips(self, peak: Peak) -> int | None:
        """The smallest number found that puts the challenger ahead. None: nothing does, or far more than the best."""
        line = self._line(np.zeros(self.votes), peak)
        flips, before = self._needed(line), -1
        for _ in range(ROUNDS):
            if self.best is not None and flips > MARGIN * self.best:
                return None
            if flips == before:
                break
            line = self._fitted(self._chosen(line, flips), line)
            flips, before = self._needed(line), flips
        most = int(self._room(line).sum())
        while not self._overtakes(line, flips):
            flips += 1
            if flips > most:
                return None
        while flips > 1 and self._overtakes(line, flips - 1):
            flips -= 1
        return flips

    def _overtakes(self, line: _Line, flips: int) -> bool:
        for _ in range(TRIES):
            chosen = self._chosen(line, flips)
            if not np.array_equal(chosen, line.reversed_):
                line = self._fitted(chosen, line)
            if line.ahead > SHARED:
                return True
        return False

    def _fitted(self, reversed_: Floats, near: _Line) -> _Line:
        rows = self.model.rows
        ended = rows.ended.copy()
        ended[:2, : self.votes] += reversed_, -reversed_
        return self._line(reversed_, maximise(replace(self.model, rows=replace(rows, ended=ended)), near.parameters))

    def _line(self, reversed_: Floats, peak: Peak) -> _Line:
        contrast = np.zeros(self.model.parameters)
        contrast[[self.challenger, self.leader]] = 1, -1
        push = np.linalg.solve(peak.curvature, contrast).astype(np.float64, copy=False)
        worth = design_times(self.model.rows, push[:-1] if self.model.davidson else push)[: self.votes]
        return _Line(reversed_, peak.parameters, float(contrast @ peak.parameters), worth)

    def _room(self, line: _Line) -> Floats:
        """(rows,): how many votes there are to reverse in the direction that helps the challenger."""
        won, lost = self.model.rows.ended[:2, : self.votes]
        return np.asarray(np.where(line.worth > 0, lost, won), np.float64)

    def _needed(self, line: _Line) -> int:
        """How many reversals, those of most worth first, the line needs to put the challenger ahead; all if too few."""
        worth, room = np.abs(line.worth), self._room(line)
        order = np.argsort(-worth, kind="stable")
        gained = np.cumsum((worth * room)[order])
        behind = line.worth @ line.reversed_ - line.ahead
        rows = int(np.searchsorted(gained, behind, side="right"))
        if rows == len(order):
            return int(room.sum())
        missing = behind - (gained[rows - 1] if rows else 0.0)
        return int(room[order[:rows]].sum() + missing // worth[order[rows]] + 1)

    def _chosen(self, line: _Line, flips: int) -> Floats:
        """(rows,): `flips` reversals, those of most worth first."""
        worth, room = np.abs(line.worth), self._room(line)
        order = np.argsort(-worth, kind="stable")
        taken = np.zeros_like(room)
        taken[order] = np.clip(flips - np.cumsum(room[order]) + room[order], 0, room[order])
        return np.sign(line.worth) * taken
