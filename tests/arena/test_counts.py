"""Votes as counts: what is counted how, and what is refused."""

from math import nan

import numpy as np
import pytest

from playground.arena.counts import OUTCOMES, BadVoteError, Counts, Tally

ROWS = [("A", "B", "a", 3), ("B", "A", "a", 2), ("A", "B", "tie", 1), ("B", "C", "both_bad", 4), ("A", "B", "a", 5)]


def test_rows_add_up_and_keep_who_sat_where():
    counts = Counts.of(ROWS)
    assert counts.contenders == ("A", "B", "C")
    assert counts.battles[0, 1].tolist() == [8, 0, 1, 0]
    assert counts.battles[1, 0].tolist() == [2, 0, 0, 0]
    assert counts.battles[1, 2].tolist() == [0, 0, 0, 4]
    assert counts.votes == 15


def test_contenders_without_votes_come_first_in_the_order_given():
    assert Counts.of(ROWS, ["D", "B"]).contenders == ("D", "B", "A", "C")


def test_wins_and_ties_do_not_depend_on_the_seat():
    counts = Counts.of([("A", "B", "a", 3), ("B", "A", "b", 2), ("B", "A", "a", 1), ("A", "B", "tie", 1)])
    assert counts.wins.tolist() == [[0, 5], [1, 0]]
    assert counts.ties.tolist() == [[0, 1], [1, 0]]


def test_a_tally_has_both_bad_in_its_own_column_and_adds_up():
    counts = Counts.of(ROWS)
    assert counts.tally("A") == Tally(battles=11, wins=8, losses=2, ties=1, both_bad=0)
    assert counts.tally("B") == Tally(battles=15, wins=2, losses=8, ties=1, both_bad=4)
    assert counts.tally("C") == Tally(battles=4, wins=0, losses=0, ties=0, both_bad=4)


def test_only_keeps_the_votes_among_those_kept():
    kept = Counts.of(ROWS).only(np.array([True, True, False]))
    assert kept.contenders == ("A", "B")
    assert kept.votes == 11


def test_no_rows_are_no_votes():
    counts = Counts.of([])
    assert (counts.contenders, counts.votes, counts.battles.shape) == ((), 0, (0, 0, len(OUTCOMES)))


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        (("A", "B", "tie (bothbad)", 1), "unknown outcome"),
        (("A", "B", "A", 1), "unknown outcome"),
        (("A", "A", "a", 1), "A cannot meet itself"),
        (("A", "B", "a", -1), "A against B: a count of votes is below zero"),
        (("A", "B", "a", nan), "A against B: nan is not a number of votes"),
        (("A", "B", "a", 1.5), "A against B: 1.5 is not a number of votes"),
        (("A", "B", "a", None), "A against B: None is not a number of votes"),
    ],
)
def test_a_vote_that_means_nothing_is_refused(row, complaint):
    with pytest.raises(BadVoteError, match=complaint.replace("(", r"\(")):
        Counts.of([("A", "B", "a", 1), row])


@pytest.mark.parametrize(
    ("battles", "complaint"),
    [
        (np.full((2, 2, 4), nan), "whole numbers"),
        (-np.ones((2, 2, 4), np.int64), "below zero"),
        (np.ones((2, 2, 4), np.int64), "A cannot meet itself"),
    ],
)
def test_battles_that_mean_nothing_are_refused(battles, complaint):
    with pytest.raises(BadVoteError, match=complaint):
        Counts(("A", "B"), battles)


def test_battles_must_fit_the_contenders():
    with pytest.raises(ValueError, match="shape"):
        Counts(("A", "B", "C"), np.zeros((2, 2, 4), np.int64))
    with pytest.raises(ValueError, match="twice"):
        Counts(("A", "A"), np.zeros((2, 2, 4), np.int64))
