"""The verdict on two contenders against exact arithmetic, and against somebody who looks after every vote."""

from __future__ import annotations

from fractions import Fraction
from math import comb, log

import numpy as np
import pytest

from playground.arena.counts import BadVoteError
from playground.arena.verdict import DECIDED, EXCLUDED, confidence_sequence, log_e_value, verdict

LOOKS = 2_000


def exact_e_value(won: int, lost: int) -> Fraction:
    """The integral of 2 (2p)^won (2(1-p))^lost over 1/2 < p < 1, its polynomial integrated term by term."""
    half = Fraction(1, 2)
    terms = (Fraction((-1) ** k * comb(lost, k), won + k + 1) * (1 - half ** (won + k + 1)) for k in range(lost + 1))
    return 2 ** (won + lost + 1) * sum(terms, Fraction())


@pytest.mark.parametrize(("won", "lost"), [(0, 0), (1, 0), (0, 1), (4, 4), (17, 3), (3, 17), (90, 60), (60, 90)])
def test_the_e_value_is_the_integral(won: int, lost: int) -> None:
    assert log_e_value(won, lost) == pytest.approx(log(exact_e_value(won, lost)), abs=1e-9)


def test_looking_after_every_vote_decides_between_equals_in_at_most_five_of_a_hundred() -> None:
    least = [_fewest_that_decide(votes) for votes in range(1, LOOKS + 1)]
    rng = np.random.default_rng(20_261)
    runs, decided = 20_000, 0
    for _ in range(10):
        heads = (rng.random((runs // 10, LOOKS), dtype=np.float32) < 0.5).cumsum(1, dtype=np.int32)
        leading = np.maximum(heads, np.arange(1, LOOKS + 1) - heads)
        decided += int((leading >= np.array(least)).any(1).sum())
    print(f"verdicts between equals under {LOOKS} looks: {decided / runs:.2%}")
    assert 0.02 < decided / runs <= 0.05


def _fewest_that_decide(votes: int) -> int:
    """The smallest number of votes for the leader of `votes` that gives a verdict; one more than all if none does."""
    low, high = votes // 2, votes + 1
    while high - low > 1:
        middle = (low + high) // 2
        if verdict(middle, votes - middle).verdict == "a":
            high = middle
        else:
            low = middle
    return high


def test_the_interval_always_holds_the_truth_in_95_of_a_hundred() -> None:
    rng = np.random.default_rng(7)
    missed, runs = 0, 300
    for _ in range(runs):
        won = (rng.random(400) < 0.7).cumsum()
        looks = range(0, 400, 9)
        missed += any(not low <= 0.7 <= high for low, high in _sequence(won, looks))
    assert missed / runs <= 0.05


def _sequence(won: np.ndarray, looks: range) -> list[tuple[float, float]]:
    return [confidence_sequence(int(won[at]), at + 1 - int(won[at])) for at in looks]


@pytest.mark.parametrize(("won", "lost"), [(3, 1), (17, 3), (120, 200), (0, 9)])
def test_at_the_edges_of_the_interval_the_likelihood_ratio_is_twenty(won: int, lost: int) -> None:
    low, high = confidence_sequence(won, lost)
    beta = 1 / Fraction((won + lost + 1) * comb(won + lost, won))
    for edge in {low, high} - {0.0, 1.0}:
        assert float(beta) / (edge**won * (1 - edge) ** lost) == pytest.approx(EXCLUDED, rel=1e-9)


def test_a_verdict_leaves_equality_outside_the_interval() -> None:
    for votes in range(1, 300, 7):
        for b in range(votes + 1):
            found = verdict(votes - b, b)
            if found.verdict != "undecided":
                low, high = found.interval
                assert low > 0.5 if found.verdict == "b" else high < 0.5


def test_exchanging_the_two_exchanges_the_verdict() -> None:
    one, other = verdict(30, 8, 4), verdict(8, 30, 4)
    assert (one.verdict, other.verdict) == ("a", "b")
    assert one.evidence == other.evidence
    assert one.interval == pytest.approx((1 - other.interval[1], 1 - other.interval[0]))


def test_the_forecast_comes_true_when_the_share_stays() -> None:
    now = verdict(24, 16)
    assert now.verdict == "undecided"
    assert now.votes_needed
    more = now.votes_needed
    assert verdict(round(0.6 * (40 + more)), round(0.4 * (40 + more))).verdict == "a"
    almost = 40 + more - 5
    assert verdict(round(0.6 * almost), almost - round(0.6 * almost)).verdict == "undecided"


def test_a_forecast_counts_the_ties_that_will_come_in_between() -> None:
    without, with_ties = verdict(24, 16).votes_needed, verdict(24, 16, 40).votes_needed
    assert without
    assert with_ties == 2 * without


@pytest.mark.parametrize("votes", [(0, 0, 0), (0, 0, 50), (7, 7, 0)])
def test_without_a_lead_there_is_neither_verdict_nor_forecast(votes: tuple[int, int, int]) -> None:
    found = verdict(*votes)
    assert (found.verdict, found.votes_needed) == ("undecided", None)
    assert found.evidence <= 1


def test_a_million_votes_still_fit_a_float() -> None:
    found = verdict(1_000_000, 0)
    assert DECIDED < found.evidence < float("inf")
    assert found.verdict == "a"


def test_a_lead_too_small_to_be_told_in_a_lifetime_has_no_forecast() -> None:
    assert verdict(5_001, 5_000).votes_needed is None


def test_a_count_below_zero_is_refused() -> None:
    with pytest.raises(BadVoteError, match="below zero"):
        verdict(3, -1)
