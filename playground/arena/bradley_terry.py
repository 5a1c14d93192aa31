"""The likelihood of paired comparisons and its maximum. Knows rows of numbers, no names, votes or rating points.

One family serves two models. With gap = strength_a - strength_b + covariates @ effects, the outcomes "a won",
"b won" and "tied" of a battle have probabilities proportional to exp(gap / 2), exp(-gap / 2) and nu.

    Davidson (1970)     nu = exp(log_tie) is a parameter.
    Bradley-Terry       nu = 0, so P(a won) = 1 / (1 + exp(-gap)); a tie counts as half a win of each side.

Both log-likelihoods are concave, so Newton's method, its step halved where needed, finds the one maximum. Both are
exponential families, so the curvature is the second moment of the score under the model, and the "meat" of the
sandwich the same moment under the votes: one function, `_moment`, gives both.

The prior is made of battles too: each contender met a phantom of strength 0, which is the contender number `size`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log1p

import numpy as np

from .counts import Bools, Floats, Ints

MOST_STEPS = 100  # far more than are needed, but for parameters that run away
SETTLED = 1e-7  # log-odds; Newton's next step would be about the square of this
RIDGE = 1e-12  # added to the curvature, relative to it: far from the peak it may vanish in some direction
FLAT = 1e-12  # curvature, relative to the steepest, of a direction in which there is no maximum


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Battles by row: `a` and `b` (rows,) index the contenders, 0 <= index < size.

    `ended` (3, rows) counts how they ended: a won, b won, tied. `covariates` (rows, k) is what else could favour
    seat a; a column of ones is the seat itself. A row stands for all battles that share its values.
    """

    size: int
    a: Ints
    b: Ints
    ended: Floats
    covariates: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """What is fitted: parameters are `size` strengths, then k effects, then `log_tie` with Davidson; all in log-odds.

    `anchored`: nothing but differences of strengths matter, so their sum must be held at 0.
    """

    rows: Rows
    davidson: bool
    anchored: bool

    @classmethod
    def of(cls, rows: Rows, prior: float, *, davidson: bool = False) -> Model:
        """`rows`, and behind them the prior's: `prior` battles of each contender, and of each effect, with a phantom.

        They are shared out evenly among the outcomes that the model knows, so they pull strengths and effects
        towards 0, and P(tie) of equals towards a third.
        """
        return cls(_with_phantom(rows, prior, davidson) if prior else rows, davidson, anchored=prior == 0)

    @property
    def parameters(self) -> int:
        return self.rows.size + self.rows.covariates.shape[1] + self.davidson


@dataclass(frozen=True, slots=True, eq=False)
class Peak:
    """Where the likelihood is highest, and its curvature (p, p) there.

    In an anchored model a stiffness is added to the curvature that changes no difference of strengths.
    """

    parameters: Floats
    curvature: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """The maximum with strengths that sum to zero, and how uncertain it is; covariances are (p, p).

    `inverse_information` is the inverse of the curvature, `covariance` the sandwich around it. `adrift` indexes the
    parameters without a finite or a unique maximum; where there are such the covariances are infinite.
    """

    parameters: Floats
    covariance: Floats
    inverse_information: Floats
    adrift: Ints


@dataclass(frozen=True, slots=True, eq=False)
class _Point:
    """The likelihood at one set of parameters. All but its `value` are (3, rows), by outcome: a won, b won, tied.

    `expected` counts of battles; `by_gap` and `by_tie`: what one battle with that outcome adds to the derivatives
    by gap and by log_tie.
    """

    value: float
    expected: Floats
    by_gap: Floats
    by_tie: Floats


def solve(rows: Rows, prior: float, *, davidson: bool = False, trusted: Bools | None = None) -> Solution:
    """Maximises likelihood times prior. Covariance: C = K^-1 G K^-1, K the curvature (Huber-White, HC0).

    G is the second moment of the score: as the votes have it in rows where `trusted` (rows,) is true, as the model
    has it in the others and in the prior's. So where none is trusted C = K^-1. Default: all are.

    Costs (n + k)^3 + rows * k^2 per step of Newton's; 4 to 8 are usual.
    """
    model = Model.of(rows, prior, davidson=davidson)
    peak = maximise(model)
    adrift = _flat(peak.curvature) if model.anchored else np.zeros(0, np.int64)
    if len(adrift):
        unknown = np.full((model.parameters, model.parameters), np.inf)
        return Solution(peak.parameters, unknown, unknown, adrift)
    believed = np.zeros(len(model.rows.a), np.bool_)
    believed[: len(rows.a)] = True if trusted is None else trusted
    point = _at(model, peak.parameters)
    scatter = _moment(model, point, np.where(believed, model.rows.ended, point.expected))
    centre = np.eye(model.parameters)
    if rows.size > 1:  # a contender alone has nobody to be measured against: its spread is the prior's
        centre[: rows.size, : rows.size] -= 1 / rows.size
    centred = centre @ np.linalg.inv(peak.curvature)
    return Solution(centre @ peak.parameters, centred @ scatter @ centred.T, centred @ centre.T, adrift)


def maximise(model: Model, start: Floats | None = None) -> Peak:
    """Newton's method from `start`, or from all zeros, shortened where a full step might overshoot."""
    x = np.zeros(model.parameters) if start is None else start
    point = _at(model, x)
    for _ in range(MOST_STEPS):
        curvature = _curvature(model, point)
        curvature[np.diag_indices_from(curvature)] += RIDGE * max(float(np.trace(curvature)), 1.0)
        step = np.linalg.solve(curvature, _gradient(model, point)).astype(np.float64, copy=False)
        x = x + _sure_length(model, step) * step
        point = _at(model, x)
        if np.abs(step).max(initial=0) < SETTLED:
            break
    return Peak(x, _curvature(model, point))


def _sure_length(model: Model, step: Floats) -> float:
    """The share of Newton's step that is sure to gain.

    Let r be the most by which the step parts the log-weights of two outcomes of a battle. Along it the curvature
    changes by a factor of at most exp(r t) (t: share of the step), as the third central moment of what lies within r
    is at most r times its variance. So the gain is at least g (t - (exp(r t) - 1 - r t) / r^2) with g > 0, which is
    positive at t = 1 while r < 1.79 and greatest at t = log(1 + r) / r. (Generalised self-concordance: T. Sun and
    Q. Tran-Dinh, Mathematical Programming 178, 2019.)
    """
    gaps = np.abs(design_times(model.rows, step[:-1] if model.davidson else step))
    apart = float((np.maximum(gaps, gaps / 2 + abs(step[-1])) if model.davidson else gaps).max(initial=0))
    return 1.0 if apart < 1.79 else log1p(apart) / apart


def design_times(rows: Rows, strengths_and_effects: Floats) -> Floats:
    """(rows,): the gap in each row, linear in the strengths and effects (n + k,)."""
    strengths = np.append(strengths_and_effects[: rows.size], 0.0)  # the phantom's comes last
    return strengths[rows.a] - strengths[rows.b] + rows.covariates @ strengths_and_effects[rows.size :]


def _with_phantom(rows: Rows, prior: float, davidson: bool) -> Rows:
    size, effects = rows.size, rows.covariates.shape[1]
    phantom = np.full(size + effects, size)
    outcomes = np.array([1, 1, 1]) / 3 if davidson else np.array([1, 1, 0]) / 2
    return Rows(
        size,
        np.concatenate([rows.a, np.arange(size), phantom[size:]]),
        np.concatenate([rows.b, phantom]),
        np.hstack([rows.ended, np.tile(prior * outcomes[:, None], size + effects)]),
        np.vstack([rows.covariates, np.zeros((size, effects)), np.eye(effects)]),
    )


def _at(model: Model, x: Floats) -> _Point:
    log_tie = x[-1] if model.davidson else -np.inf
    gap = design_times(model.rows, x[:-1] if model.davidson else x)
    log_weights = np.stack([gap / 2, -gap / 2, np.full_like(gap, log_tie)])
    largest = log_weights.max(0)
    weights = np.exp(log_weights - largest)  # nothing overflows, and small probabilities stay exact
    total = weights.sum(0)
    a, b, tie = probabilities = weights / total
    won, lost, tied = model.rows.ended
    battles = won + lost + tied
    value = (won - lost) @ gap / 2 - battles @ (largest + np.log(total))
    return _Point(
        value=float(value + tied.sum() * log_tie) if model.davidson else float(value),
        expected=battles * probabilities,
        by_gap=np.stack([b + tie / 2, -a - tie / 2, (b - a) / 2]),
        by_tie=np.stack([-tie, -tie, a + b]),
    )


def _gradient(model: Model, point: _Point) -> Floats:
    ended = model.rows.ended
    tail = [(ended * point.by_tie).sum()] if model.davidson else []
    return np.append(_summed_designs(model.rows, (ended * point.by_gap).sum(0)), tail)


def _curvature(model: Model, point: _Point) -> Floats:
    total = _moment(model, point, point.expected)
    if model.anchored:
        strengths = total[: model.rows.size, : model.rows.size]
        strengths += max(float(np.trace(strengths)), 1.0) / max(model.rows.size, 1) ** 2  # as stiff as the rest
    return total


def _moment(model: Model, point: _Point, ended: Floats) -> Floats:
    """(p, p): the sum over battles of score times score', were they to end as in `ended` (3, rows)."""
    rows, n = model.rows, model.rows.size
    total = np.zeros((model.parameters, model.parameters))
    weight = (ended * point.by_gap**2).sum(0)
    met = _summed(rows.a * (n + 1) + rows.b, weight, (n + 1) ** 2).reshape(n + 1, n + 1)
    met += met.T
    total[:n, :n] = (np.diag(met.sum(1)) - met)[:n, :n]
    last = n + rows.covariates.shape[1]
    for at in range(n, last):
        total[:last, at] = total[at, :last] = _summed_designs(rows, weight * rows.covariates[:, at - n])
    if model.davidson:
        total[:last, last] = total[last, :last] = _summed_designs(rows, (ended * point.by_gap * point.by_tie).sum(0))
        total[last, last] = (ended * point.by_tie**2).sum()
    return total


def _flat(curvature: Floats) -> Ints:
    """Indices of parameters in whose direction the likelihood does not fall off, or only beyond all bounds."""
    steepness, directions = np.linalg.eigh(curvature)
    level = np.abs(directions[:, steepness <= FLAT * steepness.max(initial=0)])
    return np.flatnonzero((level > 1e-3).any(1))


def _summed_designs(rows: Rows, weight: Floats) -> Floats:
    """(n + k,): the sum over rows of weight times the row's design: 1 for seat a, -1 for seat b, the covariates."""
    strengths = _summed(rows.a, weight, rows.size + 1) - _summed(rows.b, weight, rows.size + 1)
    return np.concatenate([strengths[:-1], rows.covariates.T @ weight])


def _summed(at: Ints, weight: Floats, size: int) -> Floats:
    return np.bincount(at, weight, size).astype(np.float64, copy=False)
