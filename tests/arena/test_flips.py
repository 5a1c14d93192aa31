"""How many votes must be reversed: against arithmetic where there is some, and against exhaustive search."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.arena import flips
from playground.arena.bradley_terry import maximise, solve
from playground.arena.counts import Counts
from playground.arena.flips import flips_to_change_first
from playground.arena.ratings import Options, has_tie_parameter, rows_of


def exhaustive(counts, options, most=5_000):
    """The smallest number by trying every choice of votes; "too many" where there are more than `most`."""
    rows = rows_of(counts, options)
    davidson = has_tie_parameter(rows, options)
    before = solve(rows, options.prior, davidson=davidson).parameters[: rows.size]
    leader = before.argmax()
    if (before > before.max() - 1e-9).sum() > 1:
        return 0
    won, lost, _ = rows.ended.astype(int)
    if np.prod(won + lost + 1) > most:
        return "too many"
    choices = product(*(range(-w, n + 1) for w, n in zip(won, lost, strict=True)))
    for choice in sorted(choices, key=lambda choice: sum(map(abs, choice))):
        ended = rows.ended + np.array([choice, np.negative(choice), np.zeros(len(choice))])
        after = solve(replace(rows, ended=ended), options.prior, davidson=davidson).parameters[: rows.size]
        if after.max() > after[leader] + 1e-9:
            return sum(map(abs, choice))
    return None


def some_arena(rng):
    size = int(rng.integers(2, 6))
    strengths = rng.normal(0, 1.2, size)
    battles = np.zeros((size, size, 4), np.int64)
    for _ in range(int(rng.integers(1, 12))):
        a, b = rng.choice(size, 2, replace=False)
        b_won = int(rng.random() > 1 / (1 + np.exp(strengths[b] - strengths[a])))
        battles[a, b, 2 if rng.random() < 0.2 else b_won] += 1
    return Counts(tuple("ABCDE"[:size]), battles)


@pytest.mark.parametrize("ties", ["half", "drop", "davidson"])
def test_exhaustive_search_on_small_arenas_finds_the_same_number(ties):
    rng = np.random.default_rng(7)
    options = Options(ties=ties)
    found = [(exhaustive(counts, options), counts) for counts in (some_arena(rng) for _ in range(60))]
    compared = [(number, flips_to_change_first(counts, options)) for number, counts in found if number != "too many"]
    assert [theirs for theirs, _ in compared] == [ours for _, ours in compared]
    assert len(compared) > 30
    assert {number for number, _ in compared} >= {0, 1, 2}


@given(st.integers(0, 2000), st.integers(0, 2000), st.sampled_from(["half", "davidson"]), st.sampled_from([0, 0.5]))
@settings(max_examples=60, deadline=None)
def test_between_two_it_is_half_the_lead_and_a_vote(wins, losses, ties, prior):
    counts = Counts.of([("A", "B", "a", wins), ("B", "A", "a", losses), ("A", "B", "tie", 3)])
    expected = 0 if wins == losses else abs(wins - losses) // 2 + 1
    assert flips_to_change_first(counts, Options(ties=ties, prior=prior)) == expected


@pytest.mark.parametrize("seed", range(6))
def test_where_all_met_equally_often_it_follows_from_the_points(seed):
    """Then the order of ratings is that of points. A reversal moves a point from one to the other where they met,
    which makes two of the gap, and one elsewhere."""
    rng = np.random.default_rng(seed)
    size, each = 12, 30
    battles = np.zeros((size, size, 4), np.int64)
    strengths = rng.normal(0, 0.6, size)
    for a, b in zip(*np.triu_indices(size, 1), strict=True):
        battles[a, b, 0] = rng.binomial(each, 1 / (1 + np.exp(strengths[b] - strengths[a])))
        battles[a, b, 1] = each - battles[a, b, 0]
    counts = Counts(tuple(f"contender {at}" for at in range(size)), battles)
    points = counts.wins.sum(1)
    leader = points.argmax()

    def needed(challenger):
        gap = points[leader] - points[challenger]
        where_they_met = min(gap // 2 + 1, counts.wins[leader, challenger])
        return where_they_met + max(gap - 2 * where_they_met + 1, 0)

    fewest = min(needed(challenger) for challenger in range(size) if challenger != leader)
    assert flips_to_change_first(counts) == fewest


def test_it_can_take_votes_between_others():
    """A and B never met; each met C only. Taking from A costs C's losses, giving to B costs C's wins."""
    counts = Counts.of([("A", "C", "a", 8), ("C", "A", "a", 2), ("B", "C", "a", 5), ("C", "B", "a", 5)])
    assert flips_to_change_first(counts) == exhaustive(counts, Options()) == 4


def test_ties_cannot_be_reversed():
    counts = Counts.of([("A", "B", "a", 1), ("A", "B", "tie", 500)])
    assert flips_to_change_first(counts) == 1


def test_a_shared_first_place_needs_no_reversal():
    assert flips_to_change_first(Counts.of([("A", "B", "a", 4), ("B", "A", "a", 4)])) == 0
    assert flips_to_change_first(Counts.of([("A", "B", "tie", 4)])) == 0


def test_without_a_second_contender_there_is_no_number():
    assert flips_to_change_first(Counts.of([])) is None
    assert flips_to_change_first(Counts.of([], ["A"])) is None


@pytest.mark.parametrize("options", [Options(), Options(prior=0), Options(ties="davidson", left_side=True)])
def test_two_or_more_always_have_a_number(options):
    """Reversing every vote turns the order round, so at most all of them are needed."""
    rng = np.random.default_rng(11)
    for counts in (some_arena(rng) for _ in range(60)):
        number = flips_to_change_first(counts, options)
        assert number is not None
        assert 0 <= number <= counts.wins.sum()


def test_a_large_arena_has_a_number_too():
    rng = np.random.default_rng(0)
    size = 40
    strengths = rng.normal(0, 0.5, size)
    met = rng.poisson(20, (size, size)) * ~np.eye(size, dtype=bool)
    battles = np.zeros((size, size, 4), np.int64)
    battles[:, :, 0] = rng.binomial(met, 1 / (1 + np.exp(strengths[None, :] - strengths[:, None])))
    battles[:, :, 1] = met - battles[:, :, 0]
    counts = Counts(tuple(f"contender {at}" for at in range(size)), battles)
    for options in (Options(), Options(prior=0), Options(left_side=True)):
        number = flips_to_change_first(counts, options)
        assert number is not None
        assert 1 <= number <= counts.votes // size


def ring(size, each):
    """Everyone beats the next two so often; more wins make a leader whom all others are equally far behind."""
    battles = np.zeros((size, size, 4), np.int64)
    for at in range(size):
        battles[at, (at + 1) % size, 0] = battles[at, (at + 2) % size, 0] = each
    battles[0, 5, 0] = 3 * each
    return Counts(tuple(f"contender {at}" for at in range(size)), battles)


@pytest.mark.parametrize("each", [1, 3])
def test_hundreds_of_challengers_alike_are_not_all_tried(monkeypatch, each):
    """Each takes a few fits of all contenders: with 200 the leaderboard would take seconds."""
    fits = []
    monkeypatch.setattr(flips, "maximise", lambda *given: fits.append(given) or maximise(*given))
    few, many = flips_to_change_first(ring(60, each)), flips_to_change_first(ring(200, each))
    assert few == many == each
    assert len(fits) < 120


def test_those_that_are_not_tried_would_not_have_needed_fewer(monkeypatch):
    rng = np.random.default_rng(3)
    arenas: list[Counts] = []
    for size, votes, spread in product((40, 80), (40, 200, 2_000), (0.1, 1.0)):
        strengths = rng.normal(0, spread, size)
        battles = np.zeros((size, size, 4), np.int64)
        for a, b in (rng.choice(size, 2, replace=False) for _ in range(votes)):
            battles[a, b, int(rng.random() > 1 / (1 + np.exp(strengths[b] - strengths[a])))] += 1
        arenas.append(Counts(tuple(f"contender {at}" for at in range(size)), battles))
    numbers = [flips_to_change_first(counts) for counts in arenas]
    monkeypatch.setattr(flips, "LIKELIEST", 80)
    assert numbers == [flips_to_change_first(counts) for counts in arenas]
    assert max(number for number in numbers if number) > 1
