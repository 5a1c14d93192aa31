"""The blind arena as values: what each moment of a battle allows, says and reveals."""

from dataclasses import replace

import pytest

from playground.arena.blinding import Pane
from playground.arena.counts import Tally
from playground.arena.fights import Showing
from playground.arena.records import Answer, Battle, Reveal, Side, Stats, Turn
from playground.models.contenders import ListedContender
from playground.types import Contender, SamplingParams, Usage
from playground.ui import arena_view
from playground.ui.arena_view import Board

BATTLE = Battle("secret-id", "x", "y", "me", 0.0, (Turn("Hello"),), status="running")


def side(name="One", prompt="", **sampling):
    listed = ListedContender(name, name, Contender("model-1", prompt, SamplingParams(**sampling)))
    return Side(listed, Stats(Usage(1200, 34), 0.41, 88.0, None, 2.0))


def showing(a="", b="", *, turn=0, **more):
    panes = {"a": a if isinstance(a, Pane) else Pane(a), "b": b if isinstance(b, Pane) else Pane(b)}
    return Showing("secret-id", turn, panes, **more)


def voted(outcome="a", leaked=(), revised=False, **sides):
    board = Board.of(BATTLE).shown(showing(Pane("Hi", True), Pane("Ho", True), over=True, ready=True))
    return board.voted(Reveal(outcome, sides.get("a", side()), sides.get("b", side("Two")), leaked, revised))


def texts(messages):
    return [(message["role"], message["content"][0]["text"]) for message in messages]


def test_a_pane_holds_the_prompt_and_waits_for_both():
    board = Board.of(BATTLE).shown(showing())
    shown = arena_view.messages(board, "a")
    assert texts(shown)[0] == ("user", "Hello")
    assert shown[1]["metadata"]["title"] == arena_view.WAITING
    assert arena_view.messages(board, "a") == arena_view.messages(board, "b")


def test_an_answer_grows_below_its_prompt_and_indentation_stays():
    board = Board.of(BATTLE).shown(showing("    code\n", "Ho"))
    assert texts(arena_view.messages(board, "a")) == [("user", "Hello"), ("assistant", "    code\n")]


def test_further_turns_stand_below_earlier_ones():
    first = Turn("One", Answer("Hi", "stop"), Answer("Ho", "stop"))
    board = Board.of(replace(BATTLE, turns=(first, Turn("Two")))).shown(showing("A", "B", turn=1))
    assert [text for _, text in texts(arena_view.messages(board, "b"))] == ["One", "Ho", "Two", "B"]


@pytest.mark.parametrize(("text", "said"), [("", arena_view.FAILED), ("Half", arena_view.BROKE_OFF)])
def test_a_failing_side_says_so_in_the_same_words_whoever_it_is(text, said):
    board = Board.of(BATTLE).shown(showing(Pane(text, failed=True), Pane("Ho", True), over=True, failed=("a",)))
    assert arena_view.messages(board, "a")[-1]["metadata"]["title"] == f'<span class="wrong">{said}</span>'
    assert board.phase == "failed"
    now = arena_view.controls(board)
    assert (now.can_vote, now.can_redraw, now.can_undo) == (False, True, False)
    assert "side A" in now.notice


def test_the_vote_opens_when_the_battle_is_ready_and_only_then():
    board = Board.of(BATTLE)
    assert not arena_view.controls(board).can_vote
    assert not arena_view.controls(board.shown(showing("Hi", "Ho"))).can_vote
    ready = board.shown(showing(Pane("Hi", True), Pane("Ho", True), over=True, ready=True))
    assert arena_view.controls(ready).can_vote and ready.can_go_on
    assert not arena_view.controls(voted()).can_vote
    cut = board.shown(showing(over=True))
    assert not arena_view.controls(cut).can_vote and "Ask again" in arena_view.notice(cut)


def test_no_name_is_in_anything_before_the_vote():
    board = Board.of(BATTLE).shown(showing("Hi", "Ho", over=True, ready=True))
    for seat in "ab":
        assert arena_view.seat_card(board, seat, str) == f'<div class="seat"><h2><b>{seat.upper()}</b></h2></div>'
        assert "secret-id" not in repr(arena_view.messages(board, seat))
    assert "secret-id" not in repr(arena_view.controls(board))


def test_the_reveal_names_everything_and_escapes_it():
    board = voted(a=side("<b>One</b>", "Be <i>brief</i>.", temperature=0.7, stop=("END",)))
    card = arena_view.seat_card(board, "a", lambda _: "Model <1>")
    for said in (
        "&lt;b&gt;One&lt;/b&gt;",
        "Model &lt;1&gt;",
        "Be &lt;i&gt;brief&lt;/i&gt;.",
        "temperature 0.7, stop &#x27;END&#x27;",
        "<i>first token 0.41 s</i> · <i>88 tok/s</i> · <i>1,200 in</i> · <i>34 out</i> · <i>price unknown</i>",
    ):
        assert said in card, card
    assert 'class="seat won"' in card
    assert "won" not in arena_view.seat_card(board, "b", str)


def test_a_vote_that_does_not_count_says_why():
    assert "not counted" not in arena_view.notice(voted())
    assert "Side B named" in arena_view.notice(voted(leaked=("b",)))
    assert "seen the names" in arena_view.notice(voted(revised=True))
    assert "not counted" in arena_view.notice(voted().undone())


def test_a_seat_is_offered_to_another_only_while_nobody_knows_the_names():
    ready = Board.of(BATTLE).shown(showing("Hi", "Ho", over=True, ready=True, failed=("a",)))
    assert arena_view.controls(ready).can_redraw
    for later in (replace(ready, phase="running"), ready.voted(voted().reveal), ready.voted(voted().reveal).undone()):
        assert not arena_view.controls(later).can_redraw


def test_after_undo_the_next_prompt_starts_another_battle():
    undone = voted().undone()
    assert arena_view.controls(undone).can_vote
    assert not undone.can_go_on
    assert "One" in arena_view.seat_card(undone, "a", str)


def test_a_tally_counts_by_contender():
    table = arena_view.tally_table([(ListedContender("x", "<One>", Contender("m")), Tally(9, 4, 3, 1, 1))])
    assert "&lt;One&gt;" in table
    assert "title='You found its answer better'>Won" in table
    assert "<td>9</td><td>4</td><td>3</td><td>1</td><td>1</td>" in table
    assert "not voted yet" in arena_view.tally_table([])
