"""What asks a model, and what moves among its answers: events of the chat page. Knows no vendor and no store."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from ..conversation.reply import Reply
from ..errors import ProviderError
from . import keeping, safe
from .asking import question_of
from .chat_page import QUIET, REFUSING, ChatPage
from .chat_session import Session
from .keys import Taken
from .pacing import Pace
from .shown_pictures import picture_file
from .untyped import EditData, EventData, gr


class AnswerEvents:
    """Handlers; `answer` yields [messages, session], the others return updates by component."""

    def __init__(self, page: ChatPage, pace: Pace) -> None:
        self._page = page
        self._pace = pace

    def ask(self, written: Mapping[str, Any] | None, session: Session, **values: Any) -> dict[Any, Any]:
        """The composer's message becomes the question, unless it cannot be sent as the page stands."""
        self._page.check_idle(session)
        asking = self._page.tab.askings.read(values)
        card = self._page.card(asking.contender.model)
        try:
            if asking.problem:
                raise asking.problem
            message = question_of(written)
        except ProviderError as error:
            raise gr.Error(error.message, print_exception=False) from None
        if not message.content.strip() and not message.images:
            raise gr.Error("The message is empty: write something to send.", print_exception=False)
        if message.images and card and not card.family.images:
            text = f"{card.name} takes no images: remove them, or choose a model that does."
            raise gr.Error(text, print_exception=False)
        changes = self._page.begun(session.asked(message))
        changes[self._page.tab.composer] |= {"value": {"text": "", "files": []}}
        return changes

    def again(self, session: Session, event: EventData) -> dict[Any, Any]:
        """A link under a turn that asks the model: retry, or write on."""
        self._page.check_idle(session)
        at = self._page.place(session, event)
        verbs = {"on": session.going_on, "repair": session.repairing}
        return self._page.begun(verbs.get(event.verb, session.retried)(at), redraw=True)

    def edit(self, session: Session, event: EditData) -> dict[Any, Any]:
        """A turn in another wording; a question is asked anew."""
        self._page.check_idle(session)
        at = self._page.place_of_message(session, event.index)
        edited = session.edited(at, safe.plain(str(event.value)))
        return self._page.begun(edited, redraw=True) if edited.running else self._page.still(edited)

    def move(self, session: Session, event: EventData) -> dict[Any, Any]:
        """A link under a turn that asks nobody: another branch, undo, fork."""
        self._page.check_idle(session)
        at = self._page.place(session, event)
        match event.verb:
            case "undo":
                undone, question = session.undone()
                changes = self._page.still(undone)
                files = [picture_file(image) for image in question.images]
                changes[self._page.tab.composer] |= {"value": {"text": question.content, "files": files}}
                return changes
            case "fork":
                return self._page.still(session.forked(at))
            case verb:
                step = -1 if verb == "back" else 1
                return self._page.still(replace(session, conversation=session.conversation.switched(at, step)))

    async def answer(self, session: Session, taken: Taken, **values: Any) -> AsyncGenerator[list[Any]]:
        """Streams the turn that is being written, and the session with it."""
        if not session.running:
            yield [[], session]
            return
        asking = self._page.tab.askings.read(values)
        if asking.problem:
            session = replace(session, reply=Reply(asking.contender.model, error=asking.problem))
            yield [self._page.writing(session), session]
            return
        card = self._page.card(asking.sent.model)
        key = taken.keys.get(card.provider) if card else None
        replies = self._page.backends.reply(asking.sent, session.history(), key=key, options=asking.options)
        async with aclosing(self._pace.follow(replies)) as growing:
            async for reply in growing:
                session = replace(session, reply=reply)
                yield [self._page.writing(session), session]

    def settle(self, session: Session, **values: Any) -> dict[Any, Any]:
        """The page once nothing is written any more, also when the reader stopped it."""
        if not session.running:
            return {self._page.tab.session: session}
        return self._page.still(self._ended(session, values))

    def discard(self, session: Session, event: EventData, **values: Any) -> dict[Any, Any]:
        """A conversation was deleted: if it is in view, it goes. The script is told the rest of it, for who wants it
        back."""
        if event.id != session.conversation.id:
            return {}
        _, told = keeping.saved(self._ended(session, values), shown=None)
        return {**self._page.still(Session()), self._page.tab.page: told}

    def _ended(self, session: Session, values: Mapping[str, Any]) -> Session:
        asking = self._page.tab.askings.read(values)
        if session.reply is not None and not session.reply.done:
            stopped = self._page.backends.cut_off(asking.sent, session.history(), session.reply)
            session = replace(session, reply=stopped)
        return session.settled(asking.contender)


def wire(page: ChatPage, pace: Pace) -> None:
    """Every way to ask streams by `answer`, and ends in `settle`."""
    tab, events = page.tab, AnswerEvents(page, pace)
    asked = [
        tab.composer.submit(
            events.ask, [tab.composer, tab.session], tab.shown, inputs_kwargs=tab.askings.named, **REFUSING
        ),
        tab.page.submit(events.again, tab.session, tab.shown, **REFUSING),
        tab.finished.edit(events.edit, tab.session, tab.shown, **REFUSING),
    ]
    streams: list[Any] = []
    for event in asked:
        streamed = event.success(
            events.answer,
            [tab.session, tab.keys.taken],
            [tab.running, tab.session],
            inputs_kwargs=tab.askings.named,
            concurrency_limit=None,
            show_progress="hidden",
            api_visibility="private",
        )
        streamed.then(events.settle, tab.session, tab.shown, inputs_kwargs=tab.askings.named, **QUIET)
        streams.append(streamed)
    settled = {"inputs": tab.session, "outputs": tab.shown, "inputs_kwargs": tab.askings.named}
    tab.composer.stop(events.settle, **settled, cancels=streams, **QUIET)
    tab.page.delete(events.discard, **settled, cancels=streams, **QUIET)
    tab.page.click(events.move, tab.session, tab.shown, **REFUSING)
