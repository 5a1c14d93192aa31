"""What holds for the ratings of every arena: under any names, order, seats and number of votes."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.arena.counts import Counts
from playground.arena.ratings import Options, fit, rate

from .test_ratings import EVERY_OPTION


@st.composite
def arenas(draw):
    """Small arenas of any shape: also disconnected, undefeated, empty."""
    size = draw(st.integers(1, 5))
    seats = st.tuples(st.integers(0, size - 1), st.integers(0, size - 1)).filter(lambda seats: seats[0] != seats[1])
    battle = st.tuples(seats, st.integers(0, 3), st.integers(1, 9))
    battles = np.zeros((size, size, 4), np.int64)
    for (a, b), outcome, how_often in draw(st.lists(battle, max_size=12)) if size > 1 else []:
        battles[a, b, outcome] += how_often
    return Counts(tuple("ABCDE"[:size]), battles)


@given(arenas(), st.sampled_from(EVERY_OPTION), st.randoms(use_true_random=False))
@settings(max_examples=80, deadline=None)
def test_the_order_of_contenders_does_not_matter(counts, options, random):
    order = random.sample(range(len(counts.contenders)), len(counts.contenders))
    other = Counts(tuple(counts.contenders[at] for at in order), counts.battles[np.ix_(order, order)])
    one, two = fit(counts, options), fit(other, options)
    assert two.strengths == pytest.approx(one.strengths[order], abs=1e-6)
    assert two.covariance == pytest.approx(one.covariance[np.ix_(order, order)], abs=1e-5)
    assert two.inverse_information == pytest.approx(one.inverse_information[np.ix_(order, order)], abs=1e-5)


@given(arenas(), st.sampled_from(EVERY_OPTION))
@settings(max_examples=80, deadline=None)
def test_swapping_all_seats_changes_the_left_side_and_nothing_else(counts, options):
    swapped = Counts(counts.contenders, counts.battles.transpose(1, 0, 2)[:, :, [1, 0, 2, 3]])
    one, two = fit(counts, options), fit(swapped, options)
    assert two.strengths == pytest.approx(one.strengths, abs=1e-6)
    assert two.covariance == pytest.approx(one.covariance, abs=1e-5)
    assert [-effect.value for effect in two.effects] == pytest.approx(
        [effect.value for effect in one.effects], abs=1e-6
    )


@given(arenas(), st.sampled_from(EVERY_OPTION), st.integers(2, 50))
@settings(max_examples=60, deadline=None)
def test_so_many_times_the_votes_are_the_same_ratings_with_narrower_intervals(counts, options, times):
    more = Counts(counts.contenders, counts.battles * times)
    one, two = fit(counts, options), fit(more, replace(options, prior=options.prior * times))
    assert two.strengths == pytest.approx(one.strengths, abs=1e-6)
    assert two.covariance * times == pytest.approx(one.covariance, rel=1e-5, abs=1e-5)


@given(arenas(), st.sampled_from([Options(ties="half"), Options(ties="drop")]), st.data())
@settings(max_examples=80, deadline=None)
def test_a_win_each_way_between_two_brings_them_nearer_and_leaves_equals_alone(counts, options, data):
    size = len(counts.contenders)
    if size < 2:
        return
    i, j = data.draw(st.permutations(range(size)))[:2]
    battles = counts.battles.copy()
    battles[i, j, :2] += 1
    one, two = fit(counts, options).strengths, fit(Counts(counts.contenders, battles), options).strengths
    before, after = one[i] - one[j], two[i] - two[j]
    assert abs(after) <= abs(before) + 1e-6
    assert before * after >= -1e-6
    if abs(before) < 1e-9:
        assert two == pytest.approx(one, abs=1e-6)


@given(arenas(), st.sampled_from(EVERY_OPTION))
@settings(max_examples=60, deadline=None)
def test_names_are_names_only(counts, options):
    renamed = Counts(tuple(f"{name}'s other name" for name in counts.contenders), counts.battles)
    assert (fit(renamed, options).ratings == fit(counts, options).ratings).all()
    assert fit(renamed, options).contenders == renamed.contenders


@given(arenas(), st.sampled_from(EVERY_OPTION))
@settings(max_examples=60, deadline=None)
def test_calling_all_winners_losers_turns_the_ratings_round(counts, options):
    turned = Counts(counts.contenders, counts.battles[:, :, [1, 0, 2, 3]])
    assert fit(turned, options).strengths == pytest.approx(-fit(counts, options).strengths, abs=1e-6)


@given(arenas(), st.sampled_from(EVERY_OPTION))
@settings(max_examples=60, deadline=None)
def test_every_arena_has_finite_ratings_with_mean_1000_and_intervals_that_claim_no_certainty(counts, options):
    fitted = fit(counts, options)
    assert np.isfinite(fitted.ratings).all()
    assert fitted.ratings.mean() == pytest.approx(1000, abs=1e-6)
    assert (fitted.half_widths > 20).all()
    assert sum(line.battles for line in rate(counts, fitted)) == 2 * counts.votes
