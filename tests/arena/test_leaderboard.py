"""The leaderboard: what stands on it, and what it says about itself."""

import numpy as np
import pytest

from playground.arena.connectivity import NoFiniteEstimateError
from playground.arena.counts import Counts
from playground.arena.leaderboard import leaderboard, left_bias
from playground.arena.ratings import Options

ROWS = [
    ("A", "B", "a", 30),
    ("B", "A", "a", 12),
    ("B", "C", "a", 19),
    ("C", "B", "a", 6),
    ("A", "C", "tie", 4),
    ("C", "A", "both_bad", 5),
]


def test_it_has_everyone_who_voted_on_best_first():
    board = leaderboard(Counts.of(ROWS))
    assert board.votes == 76
    assert board.connected
    assert board.caveats == ()
    assert [line.contender for line in board.ratings] == ["A", "B", "C"]
    best = board.ratings[0]
    assert (best.battles, best.wins, best.losses, best.ties, best.both_bad) == (51, 30, 12, 4, 5)
    assert best.lower < best.rating < best.upper
    assert [line.rank for line in board.ratings] == [1, 1, 2]
    assert board.flips_to_change_first == 8


def test_who_never_fought_is_named_and_has_no_rating():
    board = leaderboard(Counts.of(ROWS, ["D", "E"]))
    assert board.unmet == ("D", "E")
    assert [line.contender for line in board.ratings] == ["A", "B", "C"]
    assert board.connected


def test_no_votes_are_an_empty_leaderboard():
    for options in (Options(), Options(prior=0), Options(ties="davidson")):
        board = leaderboard(Counts.of([], ["A", "B"]), options)
        assert (board.votes, board.ratings, board.unmet, board.connected) == (0, (), ("A", "B"), True)
        assert board.flips_to_change_first is None


def test_the_undefeated_and_winless_are_said_to_be_so_beside_their_wide_intervals():
    board = leaderboard(Counts.of([("A", "B", "a", 40), ("B", "C", "a", 20), ("C", "B", "a", 20)]))
    assert [(caveat.kind, caveat.contenders) for caveat in board.caveats] == [
        ("undefeated", ("A",)),
        ("winless", ("B", "C")),
    ]
    assert board.ratings[0].upper - board.ratings[0].lower > 600


def test_islands_are_said_not_to_be_connected():
    board = leaderboard(Counts.of([("A", "B", "a", 4), ("B", "A", "a", 3), ("C", "D", "a", 5), ("D", "C", "a", 5)]))
    assert not board.connected
    assert [caveat.kind for caveat in board.caveats] == ["disconnected", "disconnected"]
    assert {line.rank for line in board.ratings} == {1}


def test_all_ties_are_said_to_tell_nobody_apart():
    board = leaderboard(Counts.of([("A", "B", "tie", 40), ("B", "C", "both_bad", 40)]))
    assert [caveat.kind for caveat in board.caveats] == ["undecided"]
    assert [line.rating for line in board.ratings] == pytest.approx([1000] * 3)
    assert board.flips_to_change_first == 0


def test_dropped_ties_stay_in_their_columns():
    board = leaderboard(Counts.of([*ROWS, ("A", "D", "tie", 3)]), Options(ties="drop"))
    assert board.unmet == ("D",)
    assert (board.ratings[0].contender, board.ratings[0].battles, board.ratings[0].ties) == ("A", 54, 7)
    assert board.votes == 79


def test_without_a_prior_the_undefeated_have_no_leaderboard():
    with pytest.raises(NoFiniteEstimateError, match="A never lost or tied"):
        leaderboard(Counts.of([("A", "B", "a", 4)]), Options(prior=0))


def test_the_bias_of_the_left_seat_is_measured():
    rows = [(a, b, outcome, votes) for a in "AB" for b in "AB" if a != b for outcome, votes in (("a", 600), ("b", 400))]
    bias = leaderboard(Counts.of(rows)).left_bias
    assert bias is not None
    assert bias.points == pytest.approx(400 * np.log10(600 / 400), rel=0.01)
    assert 0 < bias.lower < bias.points < bias.upper
    assert (bias.left_wins, bias.right_wins, bias.share) == (1200, 800, 0.6)


def test_a_good_contender_who_often_sits_left_is_no_bias():
    counts = Counts.of([("A", "B", "a", 720), ("A", "B", "b", 180), ("B", "A", "a", 20), ("B", "A", "b", 80)])
    bias = left_bias(counts)
    assert bias is not None
    assert bias.share == 0.74
    assert bias.lower < 0 < bias.upper


def test_a_bias_without_bounds_is_none_and_the_ratings_stand():
    counts = Counts.of([("A", "B", "a", 4), ("B", "A", "a", 2)])
    assert leaderboard(counts, Options(prior=0)).left_bias is None
    assert leaderboard(counts, Options(prior=0)).ratings[0].contender == "A"
    assert left_bias(Counts.of([("A", "B", "tie", 2)])).share is None
