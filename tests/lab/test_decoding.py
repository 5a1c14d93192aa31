"""Softmax and filters in llama.cpp's order, on distributions that can be checked by hand."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.errors import ProviderError
from playground.lab.decoding import Distribution, Filters, decode, entropy_bits

P = [0.05, 0.4, 0.2, 0.3, 0.05]  # by id; ranked: 1, 3, 2, 0, 4
DISTRIBUTION = Distribution.of([math.log(p) for p in P])
LOGITS = st.lists(st.floats(-30, 30), min_size=1, max_size=40)
FILTERS = st.builds(Filters, st.floats(0, 2), st.integers(0, 50), st.floats(0, 1, exclude_min=True), st.floats(0, 1))


def left(**filters):
    found = decode(DISTRIBUTION, Filters(**filters))
    return [round(p, 6) for p in found.p.tolist()]


def test_a_distribution_is_ranked_with_ties_by_id():
    assert DISTRIBUTION.ids.tolist() == [1, 3, 2, 0, 4]
    assert DISTRIBUTION.p == pytest.approx([0.4, 0.3, 0.2, 0.05, 0.05])
    assert DISTRIBUTION.greedy == 1


def test_logits_are_known_only_up_to_what_is_added_to_all():
    shifted = Distribution.of([math.log(p) + 1234.5 for p in P])
    assert shifted.logprobs == pytest.approx(DISTRIBUTION.logprobs)
    assert Distribution.of([1e6, -1e30]).p.tolist() == [1, 0]


def test_no_filter_leaves_the_models_own_distribution():
    found = decode(DISTRIBUTION, Filters())
    assert found.p == pytest.approx(DISTRIBUTION.p)
    assert (found.kept, found.kept_mass) == (5, pytest.approx(1))
    assert found.entropy_bits == pytest.approx(DISTRIBUTION.entropy_bits)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"top_k": 2}, [0.571429, 0.428571]),
        ({"top_k": 99}, [0.4, 0.3, 0.2, 0.05, 0.05]),
        ({"top_p": 0.5}, [0.571429, 0.428571]),  # 0.4 is not enough, 0.7 is
        ({"top_p": 0.39}, [1]),
        ({"top_p": 0.0}, [1]),
        ({"min_p": 0.6}, [0.571429, 0.428571]),  # 0.6 x 0.4 = 0.24
        ({"min_p": 1.0}, [1]),
        ({"temperature": 0}, [1]),
        ({"temperature": 0.5}, [round(p * p / 0.295, 6) for p in (0.4, 0.3, 0.2, 0.05, 0.05)]),
        ({"temperature": 1e-300}, [1, 0, 0, 0, 0]),
    ],
)
def test_each_filter_alone(filters, expected):
    assert left(**filters) == expected


def test_top_p_counts_the_mass_among_what_top_k_left():
    # Of all, three tokens are needed for 0.75; of the first three, whose mass is 0.9, two have 0.7 / 0.9 = 0.78.
    assert len(left(top_p=0.75)) == 3
    assert len(left(top_k=3, top_p=0.75)) == 2


def test_temperature_comes_last_and_lets_nothing_more_in():
    hot = decode(DISTRIBUTION, Filters(temperature=50, top_p=0.5))
    assert hot.kept == 2
    assert hot.kept_mass == pytest.approx(0.7)
    assert hot.p == pytest.approx([0.5, 0.5], abs=0.01)


def test_what_each_filter_left_is_told():
    found = decode(DISTRIBUTION, Filters(top_k=4, top_p=0.8, min_p=0.6))
    assert found.steps == (("top-k", 4), ("top-p", 3), ("min-p", 2))
    assert found.p_after(1) == pytest.approx(3 / 7)
    assert found.p_after(2) == 0


def test_entropy_is_in_bits():
    assert entropy_bits(np.full(8, 1 / 8)) == pytest.approx(3)
    assert f"{entropy_bits(np.array([1.0, 0.0]))}" == "0.0", "not minus nothing"
    assert DISTRIBUTION.entropy_bits == pytest.approx(-sum(p * math.log2(p) for p in P))


@given(logits=LOGITS, filters=FILTERS)
@settings(deadline=None, database=None, derandomize=True)
def test_whatever_is_asked_something_is_left_and_adds_up(logits, filters):
    distribution = Distribution.of(logits)
    found = decode(distribution, filters)
    assert 1 <= found.kept == len(found.p) <= len(logits)
    assert found.p.sum() == pytest.approx(1)
    assert 0 < found.kept_mass <= 1
    assert all(found.p[:-1] >= found.p[1:])
    assert found.kept_mass == pytest.approx(distribution.p[: found.kept].sum())


@pytest.mark.parametrize("name", ["temperature", "top_k", "top_p", "min_p"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -0.1, 10**400])
def test_what_is_no_setting_is_refused_by_name(name, value):
    with pytest.raises(ProviderError, match=f"{name} must be between 0 and") as caught:
        Filters(**{name: value})
    assert (caught.value.kind, caught.value.param) == ("bad_request", name)
