"""What one page holds of its conversation: asking, stopping, retrying, editing, going on, undoing."""

import json
from dataclasses import replace

from playground.conversation.growing import Reply
from playground.conversation.output import MASK
from playground.types import Contender, Message, Usage
from playground.ui import history_view, keeping
from playground.ui.chat_session import GO_ON, Session

DONE = Reply("m", "A1", usage=Usage(1, 1), finish_reason="stop", cost=0.0)
CUT = Reply("m", "A1 and", usage=Usage(1, 1), finish_reason="length", cost=0.0)
WHO = Contender("m")


def answered(question="Q1", reply=DONE, session=None):
    asked = (session or Session()).asked(Message("user", question))
    return replace(asked, reply=reply).settled(WHO)


def texts(session):
    return [message.content for message in session.conversation.messages()]


def verbs(session):
    """What can be done to each turn in view."""
    found = {}
    for at, shown in history_view.drawn(session.conversation, lambda _: None):
        if (shown.get("metadata") or {}).get("id") == history_view.ACTIONS:
            found[at] = [part.split("-")[1] for part in shown["content"][0]["text"].split("(#")[1:]]
    return found


def test_an_answer_becomes_part_of_the_conversation_with_who_gave_it():
    session = answered()
    assert (texts(session), session.running, session.conversation.contender) == (["Q1", "A1"], False, WHO)
    assert session.settled(Contender("other")) is session, "nothing is written, nothing settles"


def test_stopped_before_the_first_word_the_question_stands_and_can_be_answered():
    session = Session().asked(Message("user", "Q1")).settled(WHO)
    assert texts(session) == ["Q1"]
    assert verbs(session) == {0: ["retry", "undo", "fork"]}


def test_retry_asks_the_same_again_and_keeps_the_first_answer():
    session = answered("Q2", session=answered())
    again = session.retried(1)
    assert [message.content for message in again.history()] == ["Q1"]
    settled = Session(again.conversation, again.question, Reply("m", "B1", finish_reason="stop")).settled(WHO)
    assert texts(settled) == ["Q1", "B1"]
    assert verbs(settled)[4] == ["back", "next", "retry", "undo", "fork"]


def test_an_edited_question_runs_and_an_edited_answer_does_not():
    session = answered()
    assert session.edited(0, "Better").running
    own = session.edited(1, "Mine")
    assert (own.running, texts(own)) == (False, ["Q1", "Mine"])


def test_an_edited_answer_keeps_the_key_that_is_hidden_in_it_and_goes_on_hiding_it():
    key = "sk-proj-abcDEF123456ghiJKL789mnoPQR"
    session = answered(reply=replace(DONE, text=f"Take {key}."))
    edited = session.edited(1, f"Never take {MASK}!")
    assert texts(edited) == ["Q1", f"Never take {key}!"]
    shown = str(history_view.drawn(edited.conversation, lambda _: None))
    assert MASK in shown
    assert key not in shown


def test_an_answer_that_was_cut_goes_on_in_its_own_place():
    session = answered(reply=CUT)
    assert verbs(session)[1] == ["on", "retry", "undo", "fork"]
    going = session.going_on(1)
    assert [message.content for message in going.history()] == ["Q1", "A1 and", GO_ON]
    rest = Reply("m", " more", usage=Usage(2, 2), finish_reason="stop", cost=0.0)
    settled = Session(going.conversation, going.question, rest, going.cut).settled(WHO)
    assert texts(settled) == ["Q1", "A1 and more"]
    assert verbs(settled)[2][:2] == ["back", "next"]
    stopped = Session(going.conversation, going.question, None, going.cut).settled(WHO)
    assert texts(stopped) == ["Q1", "A1 and"], "stopped before it went on, it is what it was"
    assert "on" in verbs(stopped)[2]
    assert stopped.conversation.totals() == going.conversation.totals(), "and has cost no more"


def test_an_answer_that_was_cut_before_its_first_word_cannot_go_on():
    for text in ("", " \n"):
        session = answered(reply=replace(CUT, text=text, thinking="Hm"))
        assert verbs(session)[1] == ["retry", "undo", "fork"]


def test_the_repair_is_asked_for_and_shown_without_the_key_that_is_wrong():
    key = "AIza" + "Sy0123456789abcdefghijklmnopqrstuvw"
    session = answered(reply=replace(DONE, text=f'{{"a": "{key}"}}', violations=(f"a: '{key}' is not a number.",)))
    repairing = session.repairing(1)
    shown = history_view.drawn(repairing.conversation, lambda _: None)
    assert f"- a: '{MASK}' is not a number." in texts(repairing)[-1]
    assert key not in str(shown)
    assert key in texts(repairing)[1], "the model gets its answer as it was"


def test_every_message_can_be_forked_a_question_too():
    session = answered("Q2", session=answered())
    assert [at for at, found in verbs(session).items() if "fork" in found] == [0, 1, 2, 3]
    fork = session.forked(2)
    assert (texts(fork), fork.running) == (["Q1", "A1", "Q2"], False)
    assert verbs(fork)[2] == ["retry", "undo", "fork"], "the question that it ends with can be answered"


def test_undo_gives_the_question_back():
    session, question = answered("Q2", session=answered()).undone()
    assert (texts(session), question.content) == (["Q1", "A1"], "Q2")
    assert Session().undone()[1].content == ""


def test_the_script_is_told_only_what_is_new():
    session, told = keeping.saved(answered())
    first = json.loads(told)["saves"][0]
    assert (first["from"], [turn["content"] for turn in first["turns"]]) == (0, ["Q1", "A1"])
    _, told = keeping.saved(answered("Q2", session=session))
    more = json.loads(told)["saves"][0]
    assert (more["from"], [turn["content"] for turn in more["turns"]], more["leaf"]) == (2, ["Q2", "A1"], 3)
    assert json.loads(keeping.saved(Session())[1])["saves"] == [], "an empty page is not kept"
