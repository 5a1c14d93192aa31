"""Who meets whom next: never oneself, pins and weights hold, and newcomers get their interval soon."""

from collections import Counter
from math import exp
from random import Random

import numpy as np
import pytest

from playground.arena.counts import Counts
from playground.arena.pairing import Standing, draw, pairs
from playground.arena.ratings import fit
from playground.models.contenders import ListedContender
from playground.types import Contender


def some(names, **how):
    return [ListedContender(name, name, Contender(name), **how) for name in names]


def standing(names, votes=()):
    """The standing after `votes`: (seat a, seat b, outcome index, how often)."""
    battles = np.zeros((len(names), len(names), 4), dtype=np.int64)
    for a, b, outcome, times in votes:
        battles[names.index(a), names.index(b), outcome] += times
    return Standing.of(Counts(tuple(names), battles))


def drawn(candidates, now, times=2000):
    rng = Random(4)
    return Counter(tuple(one.id for one in draw(candidates, now, rng)) for _ in range(times))


def test_nobody_meets_themselves_and_seats_are_shuffled():
    met = drawn(pairs(some("xyz")), standing("xyz"))
    assert set(met) == {(a, b) for a in "xyz" for b in "xyz" if a != b}
    assert all(250 < times < 420 for times in met.values())


def test_two_contenders_are_enough_and_one_is_not():
    assert set(drawn(pairs(some("xy")), standing("xy"))) == {("x", "y"), ("y", "x")}
    assert pairs(some("x")) == []
    with pytest.raises(ValueError):
        draw([], standing("x"), Random(1))


def test_retired_and_unavailable_contenders_are_never_drawn():
    listed = [*some("xy"), *some("r", retired=True), *some("u", available=False)]
    assert pairs(listed) == [(listed[0], listed[1])]


def test_a_pinned_contender_is_in_every_battle():
    listed = [*some("xyz"), *some("p", pinned=True)]
    assert all("p" in pair for pair in drawn(pairs(listed), standing("xyzp")))


def test_one_side_can_be_fixed_and_others_left_out():
    found = pairs(some("wxyz"), against="x", leave_out=["z"])
    assert {tuple(one.id for one in pair) for pair in found} == {("w", "x"), ("x", "y")}


def test_weight_makes_pairs_likelier():
    listed = [*some("xy"), *some("h", weight=4.0)]
    met = drawn(pairs(listed), standing("xyh"))
    with_heavy = sum(times for pair, times in met.items() if "h" in pair)
    assert with_heavy / 2000 == pytest.approx(8 / 9, abs=0.03)


def test_the_pair_that_teaches_most_is_drawn_most_and_none_is_shut_out():
    votes = [("w", "x", 0, 400), ("x", "w", 0, 400), ("w", "y", 0, 3), ("y", "w", 0, 3)]
    met = drawn(pairs(some("wxy")), standing("wxy", votes))
    pair = Counter()
    for seats, times in met.items():
        pair["".join(sorted(seats))] += times
    assert pair["wx"] < pair["xy"] and pair["wx"] < pair["wy"]
    assert pair["wx"] > 0.1 / 3 * 2000 / 2


def test_a_contender_without_any_standing_is_drawn_too():
    met = drawn(pairs(some("wxyn")), standing("wxy", [("w", "x", 0, 9), ("x", "y", 0, 9), ("y", "w", 0, 9)]))
    assert sum(times for pair, times in met.items() if "n" in pair) > 1000


def test_the_gain_is_how_much_the_summed_variance_falls():
    now = standing("wxyz", [("w", "x", 0, 9), ("x", "y", 1, 5), ("y", "z", 2, 7), ("z", "w", 0, 3)])
    apart = now.strengths[0] - now.strengths[2]
    v = 1 / (2 + exp(apart) + exp(-apart))
    x = np.array([1.0, 0.0, -1.0, 0.0])
    after = np.linalg.inv(np.linalg.inv(now.covariance + 1e-3) + v * np.outer(x, x))
    assert now.gains()[0, 2] == pytest.approx(np.trace(now.covariance + 1e-3) - np.trace(after), rel=1e-6)


def votes_until(target, draws, seed):
    """How many votes until the tenth, who joins nine with 3,000 votes, has an interval of +-target points."""
    rng = Random(seed)
    names = tuple(f"c{at}" for at in range(10))
    listed = some(names)
    strengths = [rng.gauss(0, 0.6) for _ in names]
    battles = np.zeros((10, 10, 4), dtype=np.int64)

    def vote(i, j):
        battles[i, j, int(rng.random() > 1 / (1 + exp(strengths[j] - strengths[i])))] += 1

    for _ in range(3000):
        vote(*rng.sample(range(9), 2))
    for votes in range(5000):
        if votes % 5 == 0:
            counts = Counts(names, battles)
            if votes and fit(counts).half_widths[9] <= target:
                return votes
            now = Standing.of(counts)
        first, second = draw(pairs(listed), now, rng) if draws == "optimal" else rng.sample(listed, 2)
        vote(names.index(first.id), names.index(second.id))
    raise AssertionError("never reached")


@pytest.mark.parametrize("target", [60, 50])
def test_a_newcomer_reaches_its_interval_in_a_third_of_the_votes_of_uniform_drawing(target):
    ours, uniform = ([votes_until(target, draws, seed) for seed in range(4)] for draws in ("optimal", "uniform"))
    share = sum(ours) / sum(uniform)
    print(f"\n+-{target} points: {ours} votes, uniform {uniform}: {share:.2f} of them")
    assert share <= 1 / 3
