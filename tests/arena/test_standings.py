"""Leaderboards from a store: whom they name, what they keep, how they grow."""

from dataclasses import replace

import pytest

from playground.arena.ratings import Options
from playground.arena.selection import Selection
from playground.arena.standings import Standings, UnknownContenderError
from playground.arena.style import Style
from playground.errors import PlaygroundError

from .records import CONTENDERS, battle


class Opened:
    """The store, and how often it was asked for counts."""

    def __init__(self, votes):
        self.votes, self.asked = votes, 0

    def __getattr__(self, name):
        if name == "counts":
            self.asked += 1
        return getattr(self.votes, name)


@pytest.fixture
def opened(votes):
    return Opened(votes)


@pytest.fixture
def standings(opened):
    async def store():
        return opened

    return Standings(store, lambda: CONTENDERS)


def vote(votes, *outcomes, a="x", b="y", voter="me", tokens=(0, 0)):
    for outcome in outcomes:
        one = battle(f"b{next(NUMBERS)}", a, b, voter)
        votes.add_battle(one)
        votes.close_turn(one, {"a": Style(tokens[0]), "b": Style(tokens[1])})
        votes.cast(one.id, outcome, voter)


NUMBERS = iter(range(10**9))


async def test_everyone_listed_is_named_and_who_never_met_is_unmet(standings, votes):
    vote(votes, "a", "a", "b")
    board = await standings.board()
    assert [one.contender for one in board.board.ratings] == ["X", "Y"]
    assert board.board.unmet == ("Z",)
    assert board.ids == {"X": "x", "Y": "y", "Z": "z"}


async def test_without_votes_it_is_empty(standings):
    board = await standings.board()
    assert (board.board.votes, board.board.ratings, board.board.unmet) == (0, (), ("X", "Y", "Z"))


async def test_the_retired_stay_on_the_board_under_their_name(standings, votes):
    votes.publish([replace(CONTENDERS[0], name="X")])
    vote(votes, "a")
    assert {one.contender for one in (await standings.board()).board.ratings} == {"X", "Y"}


async def test_two_of_one_name_are_told_apart(votes):
    twins = (CONTENDERS[0], replace(CONTENDERS[1], name="X"))
    votes.publish(twins)
    vote(votes, "a")

    async def store():
        return votes

    board = await Standings(store, lambda: twins).board()
    assert sorted(board.ids.items()) == [("X (x)", "x"), ("X (y)", "y")]


async def test_it_is_computed_once_until_somebody_votes(standings, opened):
    vote(opened.votes, "a")
    first = await standings.board()
    assert await standings.board() is first
    assert opened.asked == 1
    vote(opened.votes, "b")
    assert (await standings.board()).board.votes == 2
    last = opened.votes
    last.undo(f"b{next(NUMBERS) - 1}")
    assert (await standings.board()).board.votes == 1


async def test_options_and_selections_have_boards_of_their_own(standings, votes):
    vote(votes, "a", "tie", "tie", voter="you")
    vote(votes, "b")
    half, drop = await standings.board(), await standings.board(options=Options("drop"))
    assert half.board.ratings != drop.board.ratings
    assert (await standings.board(Selection(voter="you"))).board.votes == 3


async def test_the_kept_boards_do_not_grow_without_end(standings, votes):
    vote(votes, "a")
    for at in range(200):
        await standings.board(Selection(since=float(at)))
    assert len(standings._kept) <= 64


async def test_a_verdict_takes_ids_and_names(standings, votes):
    vote(votes, *["b"] * 20, "tie")
    for a, b in (("x", "y"), ("X", "Y"), ("x", "Y")):
        found = await standings.verdict(a, b)
        assert (found.verdict, found.wins_b, found.ties) == ("b", 20, 1)
    assert (await standings.verdict("y", "x")).verdict == "a"


async def test_who_never_fought_is_undecided_and_a_stranger_is_refused(standings, votes):
    assert (await standings.verdict("x", "z")).verdict == "undecided"
    with pytest.raises(UnknownContenderError, match="no contender 'nobody'"):
        await standings.verdict("x", "nobody")
    with pytest.raises(PlaygroundError, match="itself"):
        await standings.verdict("x", "X")


async def test_evidence_grows_to_the_verdict_of_today(standings, votes):
    vote(votes, *["b"] * 12, "tie", *["a"] * 2)
    steps = await standings.evidence("x", "y")
    assert steps[-1].verdict == await standings.verdict("x", "y")
    assert [step.votes for step in steps] == sorted(step.votes for step in steps)
    assert steps[-1].votes == 14
    assert await standings.evidence("x", "z") == []


async def test_at_equal_style_a_talker_loses_what_length_gave_him(standings, votes):
    vote(votes, *["a"] * 60, *["b"] * 6, tokens=(9, 1))
    vote(votes, *["a"] * 30, *["b"] * 30, tokens=(5, 5))
    vote(votes, *["b"] * 30, *["a"] * 4, tokens=(1, 9))
    plain, styled = await standings.board(), await standings.board(styled=True)
    lead = {board.styled: board.board.ratings[0].rating - board.board.ratings[1].rating for board in (plain, styled)}
    assert lead[True] < lead[False]
    assert (plain.longer.won, plain.longer.lost) == (90, 10)
    assert not plain.can_be_styled


async def test_figures_are_median_and_mean_and_an_unknown_price_is_none(standings, opened):
    opened.votes.figures = lambda contender, most: {
        "x": [(0.1, 0.01), (0.3, 0.03), (9.0, 0.02)],
        "y": [(0.5, 0.01), (None, None)],
        "z": [],
    }[contender]
    found = await standings.figures(["x", "y", "z"])
    assert (found["x"].ttft_s, found["x"].cost) == (0.3, pytest.approx(0.02))
    assert (found["y"].ttft_s, found["y"].cost) == (0.5, None)
    assert (found["z"].ttft_s, found["z"].cost) == (None, None)


async def test_agreement_counts_both_bad_as_the_tie_that_a_judge_would_call_it(standings, votes):
    for human, judge in (("a", "a"), ("both_bad", "tie"), ("b", "a")):
        vote(votes, human)
        votes.cast(f"b{next(NUMBERS) - 1}", judge, "judge", source="judge")
    agreement = await standings.agreement()
    assert (agreement.battles, agreement.same, agreement.share) == (3, 2, pytest.approx(2 / 3))
