"""Ratings against reference fits, in degenerate arenas, and in simulation."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from playground.arena.connectivity import NoFiniteEstimateError
from playground.arena.counts import Counts
from playground.arena.ratings import POINTS, Options, difference_ranks, fit, overlap_ranks, rate
from playground.errors import PlaygroundError

REFERENCE = json.loads((Path(__file__).parent / "data" / "ratings.json").read_text())
CASES = REFERENCE["cases"]
OUTCOME_OF = {"model_a_wins": "a", "model_b_wins": "b", "ties": "tie", "both_bad": "both_bad"}
NO_PRIOR = Options(prior=0)
EVERY_OPTION = [
    Options(ties=ties, left_side=left_side) for ties in ("half", "drop", "davidson") for left_side in (False, True)
]


def counted(case):
    rows = [
        (row["model_a"], row["model_b"], outcome, row[column])
        for row in case["battles"]
        for column, outcome in OUTCOME_OF.items()
    ]
    return Counts.of(rows, case.get("models", ()))


def simulated(rng, strengths, votes, nu=0.0):
    """Votes between pairs drawn evenly, with Davidson's probabilities of a win, a loss and a tie."""
    size = len(strengths)
    first, second = np.triu_indices(size, 1)
    pairs = rng.integers(0, len(first), votes)
    a, b = first[pairs], second[pairs]
    gap = strengths[a] - strengths[b]
    weights = np.stack([np.exp(gap / 2), np.exp(-gap / 2), np.full(votes, nu)])
    outcome = (rng.random(votes) > np.cumsum(weights / weights.sum(0), axis=0)[:2]).sum(0)
    battles = np.zeros((size, size, 4), np.int64)
    np.add.at(battles, (a, b, outcome), 1)
    return Counts(tuple(f"contender {at}" for at in range(size)), battles)


# Against reference fits


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_ratings_bounds_and_both_ranks_are_those_of_the_reference(case):
    counts = counted(case)
    lines = {line.contender: line for line in rate(counts, fit(counts, NO_PRIOR))}
    of = [lines[model] for model in case["models"]]
    assert [line.rating for line in of] == pytest.approx(case["rating"], abs=1e-3)
    assert [line.lower for line in of] == pytest.approx(case["lower"], abs=1e-2)
    assert [line.upper for line in of] == pytest.approx(case["upper"], abs=1e-2)
    assert [line.rank for line in of] == case["rank_ci_overlap"]
    assert [line.rank_by_difference for line in of] == case["rank_difference_test"]
    assert fit(counts, NO_PRIOR).covariance * POINTS**2 == pytest.approx(np.array(case["covariance"]), abs=1e-2)


WITH_DAVIDSON = {name: case for name, case in CASES.items() if "davidson" in case}


@pytest.mark.parametrize("case", WITH_DAVIDSON.values(), ids=WITH_DAVIDSON)
def test_davidson_ratings_are_those_of_the_reference(case):
    fitted = fit(counted(case), Options(ties="davidson", prior=0))
    assert fitted.ratings == pytest.approx(case["davidson"]["ratings"], abs=1e-3)
    assert fitted.tie_parameter == pytest.approx(case["davidson"]["nu"], abs=1e-5)


@pytest.mark.parametrize("case", REFERENCE["no_fit"].values(), ids=REFERENCE["no_fit"])
def test_without_a_finite_estimate_the_contenders_are_named(case):
    with pytest.raises(NoFiniteEstimateError, match=r"A never lost or tied; B and C never won") as caught:
        fit(counted(case), NO_PRIOR)
    assert [caveat.contenders for caveat in caught.value.caveats] == [("A",), ("B", "C")]
    assert np.isfinite(fit(counted(case)).ratings).all()


def test_dropped_ties_are_as_if_they_had_not_been_cast():
    counts = counted(CASES["five_models_ties_both_orders"])
    decided = Counts(counts.contenders, counts.battles * np.array([1, 1, 0, 0]))
    assert fit(counts, Options(ties="drop")).ratings == pytest.approx(fit(decided).ratings, abs=1e-9)


def test_the_prior_moves_ratings_towards_the_mean_and_hardly_with_many_votes():
    for votes, most in ((4, 30), (400, 0.6)):
        counts = Counts.of([("A", "B", "a", 3 * votes), ("A", "B", "b", votes)])
        moved = fit(counts, NO_PRIOR).ratings - fit(counts).ratings
        assert 0 < moved[0] < most


# Degenerate arenas


def test_nobody_has_no_ratings():
    for options in (*EVERY_OPTION, NO_PRIOR):
        assert fit(Counts.of([]), options).ratings.shape == (0,)
    assert rate(Counts.of([]), fit(Counts.of([]))) == ()


def test_one_contender_alone_is_average_and_quite_uncertain():
    fitted = fit(Counts.of([], ["A"]))
    assert fitted.ratings.tolist() == [1000]
    assert fitted.half_widths[0] > 900
    with pytest.raises(NoFiniteEstimateError, match="A has no battle"):
        fit(Counts.of([], ["A"]), NO_PRIOR)


def test_a_contender_without_a_battle_does_not_pass_for_known():
    fitted = fit(Counts.of([("A", "B", "a", 500), ("B", "A", "a", 400)], ["new"]))
    newcomer, a, _ = fitted.half_widths
    assert newcomer > 500 > a
    assert {line.rank for line in rate(Counts.of([], fitted.contenders), fitted)} == {1}


def test_all_ties_are_equal_and_not_certain_of_it():
    counts = Counts.of([("A", "B", "tie", 4), ("B", "C", "both_bad", 4)])
    for options in (Options(), NO_PRIOR, Options(ties="davidson")):
        fitted = fit(counts, options)
        assert fitted.ratings == pytest.approx(1000)
        assert (fitted.half_widths > 100).all()
    with pytest.raises(NoFiniteEstimateError, match="every vote was a tie") as caught:
        fit(counts, Options(ties="davidson", prior=0))
    assert caught.value.caveats[0].contenders == ("A", "B", "C")


def test_davidson_without_ties_is_bradley_terry():
    counts = Counts.of([("A", "B", "a", 4), ("B", "A", "a", 3)])
    assert fit(counts, Options(ties="davidson")).strengths == pytest.approx(fit(counts).strengths)
    assert fit(counts, Options(ties="davidson")).tie_parameter == 0
    assert fit(counts).tie_parameter is None


@pytest.mark.parametrize("votes", [1, 5, 500])
def test_the_undefeated_have_a_rating_with_a_wide_interval(votes):
    rows = [("A", "B", "a", votes), ("B", "C", "a", 30), ("C", "B", "a", 20)]
    fitted = fit(Counts.of(rows))
    assert fitted.ratings.argmax() == 0
    assert fitted.half_widths[0] > 300
    with pytest.raises(NoFiniteEstimateError, match="A never lost or tied; B and C never won"):
        fit(Counts.of(rows), NO_PRIOR)


def test_islands_are_not_compared_with_certainty_however_many_votes_they_have():
    rows = [(a, b, "a", 5000) for a, b in (("A", "B"), ("B", "A"), ("C", "D"), ("D", "C"))]
    covariance = fit(Counts.of(rows)).covariance

    def error(one, other):
        return POINTS * np.sqrt(covariance[one, one] + covariance[other, other] - 2 * covariance[one, other])

    assert error(0, 1) < 5
    assert error(0, 2) > 300
    with pytest.raises(NoFiniteEstimateError, match="A and B never met any of the others; C and D never met"):
        fit(Counts.of(rows), NO_PRIOR)


def test_a_newcomers_first_win_leaves_the_intervals_of_the_others_alone():
    rows = [("A", "B", "a", 300), ("A", "B", "tie", 300), ("B", "A", "a", 200)]
    before = fit(Counts.of(rows))
    after = fit(Counts.of([*rows, ("C", "A", "a", 1)]))
    gap = np.array([1, -1])
    assert gap @ after.covariance[:2, :2] @ gap == pytest.approx(gap @ before.covariance @ gap, rel=0.02)
    assert after.half_widths[2] > 300


def test_a_left_side_that_always_wins_is_not_certain_to():
    counts = Counts.of([("A", "B", "a", 10), ("B", "A", "a", 10)])
    [left] = fit(counts, Options(left_side=True)).effects
    assert left.value > 2
    assert left.error > 1
    with pytest.raises(NoFiniteEstimateError, match="without bounds"):
        fit(counts, Options(prior=0, left_side=True))


@pytest.mark.parametrize("options", [{"ties": "both"}, {"prior": -1}, {"prior": float("nan")}, {"prior": float("inf")}])
def test_options_that_mean_nothing_are_refused(options):
    with pytest.raises(PlaygroundError):
        replace(Options(), **options)


# Ranks


def test_a_rank_is_one_more_than_those_whose_interval_lies_above():
    lower, upper = np.array([90.0, 70, 40, 10]), np.array([110.0, 95, 60, 39])
    assert overlap_ranks(lower, upper).tolist() == [1, 1, 3, 4]


def test_a_difference_that_overlapping_intervals_hide_shows_in_the_other_rank():
    strengths, covariance = np.array([1.0, 0.0]), np.array([[1.0, 0.95], [0.95, 1.0]])
    half_widths = 1.96 * np.sqrt(covariance.diagonal())
    assert overlap_ranks(strengths - half_widths, strengths + half_widths).tolist() == [1, 1]
    assert difference_ranks(strengths, covariance).tolist() == [1, 2]
    assert difference_ranks(strengths, covariance * np.array([[1, -1], [-1, 1]])).tolist() == [1, 1]


def test_equals_share_every_rank():
    counts = Counts.of([(a, b, "a", 50) for a in "ABC" for b in "ABC" if a != b])
    assert {(line.rank, line.rank_by_difference) for line in rate(counts, fit(counts))} == {(1, 1)}


def test_lines_come_best_first_with_their_votes():
    counts = Counts.of([("B", "A", "a", 9), ("A", "B", "a", 3), ("A", "B", "tie", 2), ("A", "B", "both_bad", 1)])
    best, other = rate(counts, fit(counts))
    assert (best.contender, best.battles, best.wins, best.losses, best.ties, best.both_bad) == ("B", 15, 9, 3, 2, 1)
    assert (other.contender, other.wins, other.losses) == ("A", 3, 9)
    assert best.lower < best.rating < best.upper


# In simulation

ARENAS = 500


@pytest.mark.parametrize("votes", [20, 50, 100, 1_000])
@pytest.mark.parametrize(("ties", "nu"), [("half", 0.0), ("davidson", 0.7)])
def test_intervals_cover_the_truth_from_the_first_votes_on(votes, ties, nu):
    rng = np.random.default_rng(1987)
    covered = 0
    for _ in range(ARENAS):
        strengths = rng.normal(0, 0.7, 10)
        truth = 1000 + POINTS * (strengths - strengths.mean())
        fitted = fit(simulated(rng, strengths, votes, nu), Options(ties=ties))
        covered += (np.abs(fitted.ratings - truth) <= fitted.half_widths).sum()
    print(f"{ties}, {votes} votes: the 95 % interval covered {covered / ARENAS / 10:.1%}")
    assert 0.93 <= covered / ARENAS / 10 <= 0.999


def test_the_left_side_is_found_and_ratings_do_not_suffer_from_it():
    rng = np.random.default_rng(5)
    strengths = np.linspace(-1, 1, 5)
    a, b = rng.integers(0, 5, (2, 20_000))
    a, b = a[a != b], b[a != b]
    left_wins = rng.random(len(a)) < 1 / (1 + np.exp(-(strengths[a] - strengths[b] + 0.3)))
    battles = np.zeros((5, 5, 4), np.int64)
    np.add.at(battles, (a, b, 1 - left_wins.astype(int)), 1)
    fitted = fit(Counts(tuple("ABCDE"), battles), Options(left_side=True))
    [left] = fitted.effects
    assert (left.name, left.lower < 0.3 < left.upper) == ("left side", True)
    assert left.error < 0.03
    assert (np.abs(fitted.strengths - strengths) < 1.5 * fitted.half_widths / POINTS).all()
