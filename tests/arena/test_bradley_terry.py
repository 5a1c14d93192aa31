"""The likelihood, against published numbers and against itself written out vote by vote."""

import csv
from pathlib import Path

import numpy as np
import pytest

from playground.arena.bradley_terry import Model, Rows, maximise, solve

BASEBALL = Path(__file__).parent / "data" / "agresti-baseball-1987.csv"
# A. Agresti, Categorical Data Analysis: log-abilities of 1987 against Baltimore, without a home term.
PUBLISHED = {
    "Cleveland": 0.684,
    "Boston": 1.108,
    "New York": 1.248,
    "Toronto": 1.294,
    "Detroit": 1.436,
    "Milwaukee": 1.581,
    "Baltimore": 0.0,
}


def baseball(*, home_term):
    with BASEBALL.open() as lines:
        games = list(csv.DictReader(lines))
    index = {team: at for at, team in enumerate(PUBLISHED)}
    won, lost = ([float(game[side]) for game in games] for side in ("home.wins", "away.wins"))
    return Rows(
        size=len(index),
        a=np.array([index[game["home.team"]] for game in games]),
        b=np.array([index[game["away.team"]] for game in games]),
        ended=np.array([won, lost, [0.0] * len(games)]),
        covariates=np.ones((len(games), int(home_term))),
    )


def some_rows(seed=3, contenders=4, rows=9, covariates=2):
    """Rows where everyone met everyone, with all outcomes and arbitrary covariates."""
    rng = np.random.default_rng(seed)
    a = np.arange(rows) % contenders
    b = (a + 1 + np.arange(rows) // contenders) % contenders
    ended = rng.integers(1, 6, (3, rows)).astype(float)
    return Rows(contenders, a, b, ended, rng.normal(size=(rows, covariates)))


def written_out(rows, x, prior, davidson):
    """The log-likelihood plus prior, one battle after the other, from the formulas in the module's docstring."""

    def of(gap, won, lost, tied):
        nu = np.exp(x[-1]) if davidson else 0.0
        weights = np.array([np.exp(gap / 2), np.exp(-gap / 2), nu])
        a, b, tie = weights / weights.sum()
        of_ties = tied * np.log(tie) if davidson else tied * (np.log(a) + np.log(b)) / 2
        return won * np.log(a) + lost * np.log(b) + of_ties

    total = 0.0
    for a, b, (won, lost, tied), covariates in zip(rows.a, rows.b, rows.ended.T, rows.covariates, strict=True):
        effects = x[rows.size : rows.size + len(covariates)]
        total += of(x[a] - x[b] + covariates @ effects, won, lost, tied)
    share = prior / 3 if davidson else prior / 2
    for parameter in x[:-1] if davidson else x:
        total += of(parameter, share, share, share if davidson else 0.0)
    return total


def design(rows):
    """(rows, n + k)"""
    strengths = np.eye(rows.size)[rows.a] - np.eye(rows.size)[rows.b]
    return np.hstack([strengths, rows.covariates])


def slope(function, x, step=1e-5):
    return np.array([(function(x + step * e) - function(x - step * e)) / (2 * step) for e in np.eye(len(x))])


def test_baseball_has_the_published_abilities():
    fitted = solve(baseball(home_term=False), prior=0)
    abilities = fitted.parameters - fitted.parameters[list(PUBLISHED).index("Baltimore")]
    assert abilities == pytest.approx(list(PUBLISHED.values()), abs=6e-4)


def test_baseball_has_the_published_home_advantage():
    fitted = solve(baseball(home_term=True), prior=0)
    assert fitted.parameters[-1] == pytest.approx(0.302, abs=6e-4)
    assert np.sqrt(fitted.inverse_information[-1, -1]) == pytest.approx(0.131, abs=6e-4)


@pytest.mark.parametrize("davidson", [False, True])
@pytest.mark.parametrize("prior", [0, 0.5])
def test_the_peak_is_where_the_likelihood_written_out_is_highest(davidson, prior):
    rows = some_rows()
    model = Model.of(rows, prior, davidson=davidson)
    peak = maximise(model)

    def likelihood(x):
        return written_out(rows, x, prior, davidson)

    assert slope(likelihood, peak.parameters) == pytest.approx(0, abs=1e-6)
    second = -slope(lambda x: slope(likelihood, x, 1e-4), peak.parameters, 1e-4)
    differences = np.eye(model.parameters)
    if prior == 0:  # only differences of strengths have a curvature of their own
        differences[: rows.size, : rows.size] -= 1 / rows.size
    assert differences @ peak.curvature @ differences == pytest.approx(differences @ second @ differences, abs=1e-4)


def test_the_sandwich_is_the_sum_over_single_votes():
    rows = some_rows()
    fitted = solve(rows, prior=0)
    x, d = fitted.parameters, design(rows)
    p = 1 / (1 + np.exp(-d @ x))
    meat = sum(
        votes * (score - p[row]) ** 2 * np.outer(d[row], d[row])
        for row in range(len(d))
        for score, votes in zip((1, 0, 0.5), rows.ended[:, row], strict=True)
    )
    bread = np.linalg.pinv((d.T * (rows.ended.sum(0) * p * (1 - p))) @ d)
    assert fitted.covariance == pytest.approx(bread @ meat @ bread, abs=1e-9)
    assert fitted.inverse_information == pytest.approx(bread, abs=1e-9)


def test_rows_that_are_not_trusted_have_the_models_variance():
    rows = some_rows()
    nobody = solve(rows, prior=0.5, trusted=np.zeros(9, np.bool_))
    assert nobody.covariance == pytest.approx(nobody.inverse_information, abs=1e-12)
    some = solve(rows, prior=0.5, trusted=np.arange(9) < 4)
    assert np.abs(some.covariance - nobody.covariance).max() > 1e-3


@pytest.mark.parametrize("davidson", [False, True])
def test_the_prior_is_a_phantom_whom_everyone_met(davidson):
    rows = some_rows(covariates=0)
    half_a_battle = [1 / 6, 1 / 6, 1 / 6] if davidson else [1 / 4, 1 / 4, 0]
    phantom = Rows(
        size=5,
        a=np.append(rows.a, np.arange(4)),
        b=np.append(rows.b, np.full(4, 4)),
        ended=np.hstack([rows.ended, np.tile(np.array(half_a_battle)[:, None], 4)]),
        covariates=np.zeros((13, 0)),
    )
    real = solve(phantom, prior=0, davidson=davidson).parameters
    with_prior = solve(rows, prior=0.5, davidson=davidson).parameters
    assert with_prior[:4] == pytest.approx(real[:4] - real[:4].mean(), abs=1e-9)
    assert with_prior[4:] == pytest.approx(real[5:], abs=1e-9)


@pytest.mark.parametrize("davidson", [False, True])
@pytest.mark.parametrize("far", [-30.0, 30.0])
def test_the_peak_is_found_from_far_away(davidson, far):
    model = Model.of(some_rows(), 0.05, davidson=davidson)
    start = np.zeros(model.parameters)
    start[[0, -1]] = far
    assert maximise(model, start).parameters == pytest.approx(maximise(model).parameters, abs=1e-9)


def test_extreme_counts_are_no_trouble():
    rows = Rows(3, np.array([0, 1]), np.array([1, 2]), np.array([[1e9, 1.0], [1.0, 1e9], [0.0, 0.0]]), np.zeros((2, 0)))
    fitted = solve(rows, prior=0)
    gaps = fitted.parameters[[0, 2]] - fitted.parameters[1]
    assert gaps == pytest.approx(np.log(1e9), rel=1e-6)
    assert len(fitted.adrift) == 0


def test_ties_inform_only_the_tie_parameter_where_all_are_equal():
    rows = Rows(2, np.array([0]), np.array([1]), np.array([[10.0], [10.0], [5.0]]), np.zeros((1, 0)))
    *strengths, log_tie = solve(rows, prior=0, davidson=True).parameters
    assert strengths == pytest.approx([0, 0], abs=1e-9)
    assert np.exp(log_tie) == pytest.approx(5 / 10)


def test_an_effect_that_explains_everything_is_adrift_without_a_prior():
    left_always_won = Rows(
        2, np.array([0, 1]), np.array([1, 0]), np.array([[4.0, 2.0], [0, 0], [0, 0]]), np.ones((2, 1))
    )
    assert 2 in solve(left_always_won, prior=0).adrift
    assert np.isinf(solve(left_always_won, prior=0).covariance).all()
    assert len(solve(left_always_won, prior=0.5).adrift) == 0


def test_an_effect_that_cannot_be_told_from_the_strengths_is_adrift_without_a_prior():
    always_left = Rows(2, np.array([0]), np.array([1]), np.array([[4.0], [2.0], [1.0]]), np.ones((1, 1)))
    assert solve(always_left, prior=0).adrift.tolist() == [0, 1, 2]
    assert len(solve(always_left, prior=0.5).adrift) == 0
