"""Style control: planted effects are found, and no longer credited to contenders."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.arena.connectivity import NoFiniteEstimateError
from playground.arena.counts import BadVoteError, Counts
from playground.arena.ratings import POINTS, Options, fit
from playground.arena.style import Style
from playground.arena.style_effects import LongerAnswer, StyledVote, fit_with_style, style_differences

NAMES = "ABCD"
STRENGTHS = np.array([0.6, 0.2, -0.2, -0.6])
VERBOSITY = np.array([1.0, 1.0, 1.0, 4.0])  # the weakest writes most
STYLES = st.builds(Style, *[st.integers(0, 40)] * 4)
VOTES = st.lists(
    st.builds(StyledVote, st.just("A"), st.sampled_from("BC"), st.sampled_from(["a", "b", "tie"]), STYLES, STYLES),
    max_size=12,
)


def simulated(pull_of_length, votes=6_000, seed=4):
    """Votes of people who like length: `pull_of_length` in log-odds per unit of (a - b) / (a + b) in tokens."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(votes):
        a, b = rng.choice(4, 2, replace=False)
        tokens = (rng.gamma(3.0, 100, 2) * VERBOSITY[[a, b]]).astype(int) + 1
        headers, lists, bold = rng.poisson([1, 4, 3], (2, 3)).T
        difference = (tokens[0] - tokens[1]) / tokens.sum()
        gap = STRENGTHS[a] - STRENGTHS[b] + pull_of_length * difference
        outcome = "a" if rng.random() < 1 / (1 + np.exp(-gap)) else "b"
        of_a, of_b = (Style(int(tokens[s]), int(headers[s]), int(lists[s]), int(bold[s])) for s in (0, 1))
        found.append(StyledVote(NAMES[a], NAMES[b], outcome, of_a, of_b))
    return found


def swapped(vote):
    outcome = {"a": "b", "b": "a"}.get(vote.outcome, vote.outcome)
    return StyledVote(vote.b, vote.a, outcome, vote.style_b, vote.style_a)


@pytest.fixture(scope="module")
def biased():
    return simulated(pull_of_length=1.5)


def test_a_planted_effect_is_recovered_and_absent_ones_are_not_invented(biased):
    effects = {effect.name: effect for effect in fit_with_style(biased, contenders=NAMES).effects}
    tokens = np.array([[vote.style_a.tokens, vote.style_b.tokens] for vote in biased])
    typical = np.sqrt((((tokens[:, 0] - tokens[:, 1]) / tokens.sum(1)) ** 2).mean())
    assert effects["tokens"].lower < 1.5 * typical < effects["tokens"].upper
    assert effects["tokens"].error < 0.1
    assert all(effects[name].lower < 0 < effects[name].upper for name in ("headers", "lists", "bold"))


def test_a_planted_length_bias_no_longer_changes_the_ratings(biased):
    rows = [(vote.a, vote.b, vote.outcome, 1) for vote in biased]
    naive = fit(Counts.of(rows, NAMES))
    fair = fit_with_style(biased, contenders=NAMES)
    truth = 1000 + POINTS * STRENGTHS
    assert np.abs(fair.ratings - truth).max() < 1.3 * fair.half_widths.max()
    assert naive.ratings[3] - truth[3] > 5 * naive.half_widths[3]
    assert fair.ratings[3] < fair.ratings[2]
    assert naive.ratings[3] > naive.ratings[2]


def test_without_a_bias_ratings_stay_what_they_are():
    votes = simulated(pull_of_length=0.0, votes=3_000)
    plain = fit(Counts.of([(vote.a, vote.b, vote.outcome, 1) for vote in votes], NAMES))
    fair = fit_with_style(votes, contenders=NAMES)
    assert np.abs(fair.ratings - plain.ratings).max() < 0.5 * fair.half_widths.max()


def test_the_share_that_the_longer_answer_won_is_of_those_that_differ():
    assert LongerAnswer(won=3, lost=1).share == 0.75
    assert LongerAnswer(won=0, lost=0).share is None


@given(VOTES, st.data(), st.sampled_from(["half", "drop", "davidson"]))
@settings(max_examples=60, deadline=None)
def test_who_of_the_two_sat_left_does_not_matter(votes, data, ties):
    some = [swapped(vote) if data.draw(st.booleans()) else vote for vote in votes]
    one, two = fit_with_style(votes, Options(ties), "ABC"), fit_with_style(some, Options(ties), "ABC")
    assert two.strengths == pytest.approx(one.strengths, abs=1e-6)
    assert two.covariance == pytest.approx(one.covariance, abs=1e-5)
    assert [effect.value for effect in two.effects] == pytest.approx([effect.value for effect in one.effects], abs=1e-6)


@given(VOTES, st.sampled_from(["half", "drop", "davidson"]), st.booleans())
@settings(max_examples=60, deadline=None)
def test_equal_styles_change_nothing(votes, ties, left_side):
    options = Options(ties, left_side=left_side)
    plain_votes = [replace(vote, style_b=vote.style_a) for vote in votes]
    plain = fit(Counts.of([(vote.a, vote.b, vote.outcome, 1) for vote in votes], "ABC"), options)
    fair = fit_with_style(plain_votes, options, "ABC")
    assert [effect.name for effect in fair.effects] == [effect.name for effect in plain.effects]
    assert fair.strengths == pytest.approx(plain.strengths, abs=1e-6)
    assert fair.covariance == pytest.approx(plain.covariance, abs=1e-5)


def test_differences_are_shares_in_units_of_their_usual_size():
    vote = StyledVote("A", "B", "a", Style(tokens=30, lists=5), Style(tokens=10, lists=0))
    other = StyledVote("A", "B", "b", Style(tokens=10, lists=0), Style(tokens=10, lists=0))
    names, differences = style_differences([vote, other])
    assert names == ("tokens", "lists")
    assert differences == pytest.approx(np.sqrt(2) * np.array([[1, 1], [0, 0]]))


def test_the_left_side_comes_before_the_style(biased):
    names = [effect.name for effect in fit_with_style(biased[:300], Options(left_side=True)).effects]
    assert names == ["left side", "tokens", "headers", "lists", "bold"]


def test_no_votes_have_no_effects():
    assert fit_with_style([], contenders="AB").effects == ()
    assert fit_with_style([], contenders="AB").ratings.tolist() == [1000, 1000]


def test_style_that_goes_with_one_contender_is_said_to_be_undetermined_without_a_prior():
    long, short = Style(tokens=30), Style(tokens=10)
    votes = [StyledVote("A", "B", outcome, long, short) for outcome in ("a", "a", "b")]
    with pytest.raises(NoFiniteEstimateError, match="A, B and tokens without bounds"):
        fit_with_style(votes, Options(prior=0))
    assert np.isfinite(fit_with_style(votes).half_widths).all()


@pytest.mark.parametrize(
    "vote",
    [
        StyledVote("A", "A", "a", Style(), Style()),
        StyledVote("A", "B", "left", Style(), Style()),
        StyledVote("A", "B", "a", Style(tokens=-1), Style()),
    ],
)
def test_votes_that_mean_nothing_are_refused(vote):
    with pytest.raises(BadVoteError):
        fit_with_style([vote])
