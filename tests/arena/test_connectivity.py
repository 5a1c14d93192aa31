"""Whether votes can rank everyone, and whose names are said when they cannot."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.arena.connectivity import caveats, cores, enumerated, is_connected, undecided, unmet
from playground.arena.counts import Counts

CIRCLE = [("A", "B", "a", 1), ("B", "C", "a", 1), ("C", "A", "a", 1)]


def said(rows, ties="half", contenders=()):
    return [(caveat.kind, *caveat.contenders) for caveat in caveats(Counts.of(rows, contenders), ties)]


def test_a_circle_of_wins_needs_no_caveat():
    assert said(CIRCLE) == []


def test_a_contender_without_a_battle_is_named():
    assert said(CIRCLE, contenders=["D"]) == [("unmet", "D")]


def test_one_who_never_lost_and_those_below_are_named():
    assert said([*CIRCLE, ("D", "A", "a", 2)]) == [("winless", "A", "B", "C"), ("undefeated", "D")]


def test_a_tie_takes_a_point_unless_ties_are_dropped():
    rows = [("A", "B", "a", 5), ("B", "A", "tie", 1)]
    assert said(rows) == []
    assert said(rows, "davidson") == []
    assert said(rows, "drop") == [("undefeated", "A"), ("winless", "B")]


def test_a_chain_names_its_ends_only():
    assert said([("A", "B", "a", 1), ("B", "C", "a", 1)]) == [("undefeated", "A"), ("winless", "C")]


def test_two_islands_are_disconnected_and_each_named():
    rows = [("A", "B", "a", 1), ("B", "A", "a", 1), ("C", "D", "tie", 1)]
    assert said(rows) == [("disconnected", "A", "B"), ("disconnected", "C", "D")]
    assert not is_connected(Counts.of(rows), "half")
    assert is_connected(Counts.of([*rows, ("A", "D", "a", 1)]), "half")


def test_dropped_ties_connect_nobody():
    rows = [("A", "B", "a", 1), ("C", "D", "a", 1), ("B", "C", "tie", 9)]
    assert is_connected(Counts.of(rows), "half")
    assert not is_connected(Counts.of(rows), "drop")


def test_who_has_not_met_anyone_does_not_disconnect_the_others():
    counts = Counts.of(CIRCLE, ["D"])
    assert unmet(counts, "half").tolist() == [True, False, False, False]
    assert is_connected(counts, "half")


@pytest.mark.parametrize("contenders", [(), ("A",)])
def test_an_arena_without_battles_is_connected(contenders):
    assert is_connected(Counts.of([], contenders), "half")
    assert [caveat.kind for caveat in caveats(Counts.of([], contenders), "half")] == ["unmet"] * len(contenders)


def test_the_caveats_are_sentences_with_the_names_in_them():
    texts = [caveat.text for caveat in caveats(Counts.of([*CIRCLE, ("D", "A", "a", 2)]), "half")]
    assert texts == ["A, B and C never won or tied against anyone else", "D never lost or tied"]
    assert enumerated(["A", "B"]) == "A and B"
    assert enumerated("ABCDEF") == "A, B, C, D, E and F"
    assert enumerated("ABCDEFG") == "A, B, C, D, E and 2 others"


def test_all_ties_are_said_to_tell_nobody_apart():
    [caveat] = undecided(Counts.of([("A", "B", "tie", 3), ("B", "C", "both_bad", 1)]))
    assert (caveat.kind, caveat.contenders) == ("undecided", ("A", "B", "C"))
    assert undecided(Counts.of([("A", "B", "tie", 3), ("A", "B", "a", 1)])) == ()
    assert undecided(Counts.of([], ["A"])) == ()


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=14))
@settings(max_examples=60, deadline=None)
def test_cores_hold_whoever_leads_to_each_other(pairs):
    arrows = np.zeros((7, 7), np.bool_)
    for here, there in pairs:
        arrows[here, there] = True

    def reached(start):
        seen, todo = {start}, [start]
        while todo:
            here = todo.pop()
            new = {there for there in range(7) if arrows[here, there]} - seen
            seen |= new
            todo += new
        return seen

    paths = [reached(start) for start in range(7)]
    assert cores(arrows).tolist() == [[b in paths[a] and a in paths[b] for b in range(7)] for a in range(7)]
