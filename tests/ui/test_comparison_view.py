"""A named comparison as values, and the pairs its vote is made of."""

from dataclasses import replace

import pytest

from playground.arena.comparison import ballots
from playground.arena.records import ArenaError
from playground.conversation.growing import Reply
from playground.errors import ProviderError
from playground.models.contenders import ListedContender
from playground.types import Contender, Usage
from playground.ui import comparison_view as view
from playground.ui.comparison_view import Comparison


def contenders(names):
    return tuple(ListedContender(name, name, Contender(f"model-{name}")) for name in names)


def done(text, **more):
    return Reply("m", text, usage=Usage(1, 2), finish_reason="stop", **more)


def answered(names="xyz", prompt="Hello", start=None):
    comparison = (start or Comparison()).asked(prompt, contenders(names))
    grown = comparison.grown({at: done(f"{prompt} {name}") for at, name in enumerate(names)})
    return replace(grown, running=False)


def test_each_column_keeps_its_own_history():
    second = answered(prompt="More", start=answered()).asked("Third", contenders("xyz"))
    said = [(message.role, message.content) for message in second.history(1)]
    assert said == [
        ("user", "Hello"),
        ("assistant", "Hello y"),
        ("user", "More"),
        ("assistant", "More y"),
        ("user", "Third"),
    ]


@pytest.mark.parametrize("names", ["xy", "xyw"])
def test_other_columns_start_anew(names):
    again = answered().asked("Again", contenders(names))
    assert again.prompts == ("Again",)
    assert len(again.replies) == len(names)


def test_a_vote_is_open_once_when_every_column_has_answered():
    comparison = Comparison().asked("Hello", contenders("xy"))
    assert not Comparison().can_vote and not comparison.can_vote
    assert answered("xy").can_vote
    failed = replace(
        comparison.grown({0: done("Hi"), 1: Reply("m", error=ProviderError("auth", "No."))}), running=False
    )
    assert not failed.can_vote and "gave no answer" in view.notice(failed)
    voted = replace(answered("xy"), voted=1)
    assert not voted.can_vote and "B is best" in view.notice(voted)
    assert voted.asked("Next", contenders("xy")).prompts == ("Next",)


def pairs(comparison, choice):
    found = ballots(comparison.id, comparison.prompts, comparison.columns(), choice, "me", 5.0)
    assert {battle.kind for battle, _ in found} == {"side_by_side"}
    assert {battle.status for battle, _ in found} == {"ready"}
    return sorted((battle.a, battle.b, outcome) for battle, outcome in found)


def test_the_best_column_has_beaten_each_other_one():
    assert pairs(answered("wxyz"), 2) == [("y", "w", "a"), ("y", "x", "a"), ("y", "z", "a")]


@pytest.mark.parametrize("choice", ["tie", "both_bad"])
def test_a_tie_holds_for_every_pair(choice):
    assert pairs(answered("xyz"), choice) == [("x", "y", choice), ("x", "z", choice), ("y", "z", choice)]


def test_a_contender_does_not_meet_itself():
    assert pairs(answered("xxy"), 0) == [("x", "y", "a")]
    with pytest.raises(ArenaError, match="same"):
        pairs(answered("xx"), 0)


def test_every_vote_on_one_comparison_meets_the_first_ones_ids():
    comparison = answered("wxyz")
    first, *others = (
        {battle.id for battle, _ in ballots(comparison.id, ("Hello",), comparison.columns(), choice, "me", 5.0)}
        for choice in (0, 1, "tie")
    )
    assert len(first) == 3 and all(first & other for other in others)
    assert answered("wxyz", start=replace(comparison, voted=0)).id != comparison.id
    assert answered("wxyz", start=comparison).id == comparison.id


def test_a_stored_pair_holds_what_both_said():
    [(battle, _)] = ballots("c", ("Hello",), answered("xy").columns(), 0, "me", 5.0)
    assert (battle.turns[0].prompt, battle.turns[0].a.text, battle.turns[0].b.text) == ("Hello", "Hello x", "Hello y")


def test_a_column_that_was_stopped_says_so_and_can_be_voted_on():
    comparison = Comparison().asked("Hello", contenders("xy")).grown({0: Reply("m", "Half"), 1: done("Whole")})
    stopped = replace(comparison, running=False)
    assert "Stopped" in view.messages(stopped, 0, None)[-1]["metadata"]["title"]
    assert stopped.can_vote
    assert stopped.columns()[0].answers[0].stopped
