"""What happens to an answer that ends in more than one way at once."""

import asyncio
from dataclasses import replace
from types import SimpleNamespace

import gradio as gr
import pytest

from playground.conversation.growing import Reply
from playground.types import Contender, Message
from playground.ui.answer_events import AnswerEvents
from playground.ui.chat_page import ChatPage
from playground.ui.chat_session import Asking, Session
from playground.ui.conversation_events import ConversationEvents
from playground.ui.pacing import Pace

WHO = Contender("a-model")


class Page(ChatPage):
    """Tells of a session by the session itself."""

    def still(self, session):
        return session


def a_page():
    backends = SimpleNamespace(cut_off=lambda contender, history, reply: replace(reply, status=""))
    return AnswerEvents(Page(SimpleNamespace(session="session", totals="totals"), backends), Pace())


def answering(text, session=Session()):
    asked = replace(session.asked(Message("user", "Hello")), asking=Asking(WHO, WHO))
    return replace(asked, reply=Reply("a-model", text))


def test_stop_and_the_end_of_the_stream_keep_one_answer_though_one_has_seen_more_of_it():
    events, running = a_page(), answering("One")
    stopped = events.settle(running)
    late = events.settle(replace(running, reply=Reply("a-model", "One two")))
    assert late is stopped
    assert [turn.message.content for turn in stopped.conversation.turns] == ["Hello", "One"]


async def test_stop_keeps_what_the_page_was_told_though_its_own_value_is_older():
    events, running = a_page(), answering("One")
    told = [{"session": replace(running, reply=Reply("a-model", text))} for text in ("One two", "One two three")]

    async def growing(*_, **__):
        for changes in told:
            yield changes

    events._pace = SimpleNamespace(follow=growing, courtesy_s=lambda: 0.0)
    stream = events._answered(running, None, {})
    await anext(stream)
    stopped = events.settle(running)
    assert stopped.conversation.turns[1].message.content == "One two"
    assert await anext(stream) is stopped, "nothing more is shown"
    await stream.aclose()


async def test_the_page_waits_with_its_rest_for_others_last_words_and_a_stop_meanwhile_keeps_the_whole_answer():
    events, running = a_page(), answering("One")

    async def growing(*_, **__):
        yield {"session": replace(running, reply=Reply("a-model", "One two three", finish_reason="stop"))}

    for courtesy_s, at_once in ((0.0, True), (3600.0, False)):
        events._pace = SimpleNamespace(follow=growing, courtesy_s=lambda courtesy_s=courtesy_s: courtesy_s)
        stream = events._answered(running, None, {})
        await anext(stream)
        rest = asyncio.ensure_future(anext(stream))
        await asyncio.wait({rest}, timeout=0.05)
        assert rest.done() is at_once
        settled = events.settle(running)
        assert settled.conversation.turns[1].message.content == "One two three"
        rest.cancel()
        await asyncio.wait({rest})
        events, running = a_page(), answering("One")


def test_the_next_answer_ends_by_itself():
    events = a_page()
    first = events.settle(answering("One"))
    again = replace(first.retried(1), asking=Asking(WHO, WHO), reply=Reply("a-model", "Other"))
    assert [turn.message.content for turn in events.settle(again).conversation.turns] == ["Hello", "One", "Other"]


FORK = SimpleNamespace(verb="fork", at=0)


def test_after_a_stop_something_new_can_begin_though_the_last_step_came_after_it():
    events, running = a_page(), answering("One")
    stopped = events.settle(running)
    late = replace(running, reply=Reply("a-model", "One two"))
    assert events.move(late, FORK).conversation.turns == stopped.conversation.turns[:1]
    assert ConversationEvents(events._page).begin(late).conversation.turns == ()


def test_who_asks_twice_in_a_row_is_refused_though_the_first_answer_has_ended_meanwhile():
    """In public the second waits for the first, and comes with the session as it was when it was sent."""
    events, running = a_page(), answering("One")
    events._ended(running)
    with pytest.raises(gr.Error, match="still being written"):
        events.move(running, FORK)


def test_while_an_answer_is_written_nothing_new_begins():
    events, running = a_page(), answering("One")
    with pytest.raises(gr.Error, match="still being written"):
        events.move(running, FORK)
    with pytest.raises(gr.Error, match="still being written"):
        ConversationEvents(events._page).begin(running)


@pytest.mark.parametrize("way", ["again", "edit", "ask"])
async def test_while_an_answer_is_written_nothing_else_is_asked(way):
    events, running = a_page(), answering("One")
    given = (None, running, None) if way == "ask" else (running, None, FORK)
    with pytest.raises(gr.Error, match="still being written"):
        await anext(getattr(events, way)(*given))
