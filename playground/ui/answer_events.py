"""What asks a model, and what moves among its answers: events of the chat page. Knows no vendor and no store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from ..conversation.growing import Reply
from ..errors import ProviderError
from ..types import Message
from . import keeping, safe
from .asking import question_of
from .chat_page import IDLE, ChatPage
from .chat_session import Asking, Session
from .keys import Taken
from .light import AS_IT_IS
from .pacing import Pace
from .quiet import DIRECT, QUIET
from .recent import Recent
from .refusal import refusal
from .shown_pictures import picture_file
from .untyped import EditData, EventData, gr

Changes = dict[Any, Any]


class AnswerEvents:
    """Handlers; they return updates by component, those that ask stream them."""

    def __init__(self, page: ChatPage, pace: Pace) -> None:
        self._page = page
        self._pace = pace
        self._writing: dict[str, Session] = {}  # by run, as far as the page has been told
        self._ends = Recent[str, Session]()  # by run

    async def ask(
        self, written: Mapping[str, Any] | None, session: Session, taken: Taken, **values: Any
    ) -> AsyncGenerator[Changes]:
        """The composer's message becomes the question, unless it cannot be sent as the page stands."""
        session = self._page.at_rest(session)
        asking = self._page.tab.askings.read(values)
        reads_files = bool(written and written.get("files"))
        message = (
            await asyncio.to_thread(self._checked, written, asking) if reads_files else self._checked(written, asking)
        )
        session = replace(session.asked(message), asking=asking)
        self._page.check_room(session)
        changes = self._page.begun(session)
        changes[self._page.tab.composer] |= {"value": {"text": "", "files": []}}
        async with aclosing(self._answered(session, taken, changes)) as answered:
            async for changes in answered:
                yield changes

    async def again(self, session: Session, taken: Taken, event: EventData, **values: Any) -> AsyncGenerator[Changes]:
        """A link under a turn that asks the model: retry, or write on."""
        session = self._page.at_rest(session)
        at = self._page.place(session, event)
        verbs = {"on": session.going_on, "repair": session.repairing}
        asked = replace(verbs.get(event.verb, session.retried)(at), asking=self._page.tab.askings.read(values))
        self._page.check_room(asked)
        async with aclosing(self._answered(asked, taken, self._page.begun(asked, redraw=True))) as answered:
            async for changes in answered:
                yield changes

    async def edit(self, session: Session, taken: Taken, event: EditData, **values: Any) -> AsyncGenerator[Changes]:
        """A turn in another wording; a question is asked anew."""
        session = self._page.at_rest(session)
        at = self._page.place_of_message(session, event.index)
        edited = session.edited(at, safe.plain(str(event.value)))
        self._page.check_room(edited)
        if not edited.running:
            yield self._page.still(edited)
            return
        asked = replace(edited, asking=self._page.tab.askings.read(values))
        async with aclosing(self._answered(asked, taken, self._page.begun(asked, redraw=True))) as answered:
            async for changes in answered:
                yield changes

    def move(self, session: Session, event: EventData) -> dict[Any, Any]:
        """A link under a turn that asks nobody: another branch, undo, fork."""
        session = self._page.at_rest(session)
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

    def _checked(self, written: Mapping[str, Any] | None, asking: Asking) -> Message:
        """The composer's message. Raises a refusal for what cannot be sent."""
        card = self._page.card(asking.contender.model)
        try:
            if asking.problem:
                raise asking.problem
            message = question_of(written)
        except ProviderError as error:
            raise refusal(error.message) from None
        if not message.content.strip() and not message.images:
            raise refusal("The message is empty: write something to send.")
        if message.images and card and not card.family.images:
            text = f"{card.name} does not accept images: remove them, or choose a model that does."
            raise refusal(text)
        return message

    async def _answered(self, session: Session, taken: Taken, begun: Changes) -> AsyncGenerator[Changes]:
        """The turn as it is written, and the session with it; then the page at rest.

        All in one event, because for the server an event costs as much as dozens of updates.
        """
        ended = asyncio.Event()
        # The question goes out before the page is told of it: what drawing costs is not waited for.
        growing = self._pace.follow(self._written(session, taken, ended), opening=begun, ended=ended)
        self._writing[session.run] = session
        shown: Changes | None = None
        try:
            async with aclosing(growing):
                async for changes in growing:
                    if session.run in self._ends:  # stopped: what comes after that is not shown
                        break
                    session = self._writing[session.run] = changes[self._page.tab.session]
                    # Said once more, the first one would empty the composer of what is typed meanwhile.
                    yield changes if changes is not shown else {self._page.tab.totals: AS_IT_IS}
                    shown = changes
            if session.run not in self._ends:
                await asyncio.sleep(self._pace.courtesy_s())
        finally:
            self._writing.pop(session.run, None)
        yield self._page.still(self._ended(session))
        # What the last step held is sent once more when an event ends: so it is not the conversation.
        yield {self._page.tab.totals: AS_IT_IS}

    async def _written(self, session: Session, taken: Taken, ended: asyncio.Event) -> AsyncGenerator[Changes]:
        async with aclosing(self._replies(session, taken, ended)) as replies:
            async for reply in replies:
                session = replace(session, reply=reply)
                yield {self._page.tab.running: self._page.writing(session), self._page.tab.session: session}

    async def _replies(self, session: Session, taken: Taken, ended: asyncio.Event) -> AsyncGenerator[Reply]:
        asking = session.asking
        if asking is None:
            return
        if asking.problem:
            yield Reply(asking.contender.model, error=asking.problem)
            return
        card = self._page.card(asking.sent.model)
        key = taken.keys.get(card.provider) if card else None
        begun = session.cut.text if session.cut else ""
        replies = self._page.backends.reply(
            asking.sent, session.history(), key=key, options=asking.options, ended=ended, begun=begun
        )
        async with aclosing(replies):
            async for reply in replies:
                yield reply

    def settle(self, session: Session) -> dict[Any, Any]:
        """The page once nothing is written any more, also when the reader stopped it."""
        if not session.running:
            return {self._page.tab.session: session}
        return self._page.still(self._page.stopped.note(session.run, self._ended(session)))

    def rest(self, session: Session) -> Changes:
        """After every end, also that of a failure: the page at rest, unless another answer is being written.

        Said once more after the stream, because a browser may still be busy with the composer's first change when the
        one that undoes it comes.
        """
        if not session.running:
            return {self._page.tab.composer: gr.update(**IDLE)}
        lost = session.run not in self._writing
        return self.settle(session) if lost else {self._page.tab.totals: AS_IT_IS}

    def discard(self, session: Session, event: EventData) -> dict[Any, Any]:
        """A conversation was deleted: if it is in view, it goes. The script is told the rest of it, for who wants it
        back."""
        if event.id != session.conversation.id:
            return {}
        _, told = keeping.saved(self._ended(session), shown=None)
        return {**self._page.still(Session()), self._page.tab.page: told}

    def _ended(self, session: Session) -> Session:
        """With the answer as a part of the conversation. Once for each run: Stop and the end of the stream both come
        here, and who comes second may have seen more of the answer; as another answer it would be kept beside it."""
        asking = session.asking
        if asking is None or session.question is None:
            return session
        if ended := self._ends.get(session.run):
            return ended
        session = self._writing.get(session.run, session)
        if session.reply is not None and not session.reply.done:
            stopped = self._page.backends.cut_off(asking.sent, session.history(), session.reply)
            session = replace(session, reply=stopped)
        return self._ends.note(session.run, session.settled(asking.contender))  # both may come at once, in threads


def wire(page: ChatPage, pace: Pace) -> None:
    """Every way to ask streams; Stop and what goes wrong leave the page at rest."""
    tab, events = page.tab, AnswerEvents(page, pace)
    streaming: dict[str, Any] = {
        "outputs": tab.shown,
        "inputs_kwargs": tab.askings.named,
        "concurrency_limit": None,
        "trigger_mode": "multiple",  # so that who asks while an answer is written hears why that cannot be
        **QUIET,
    }
    streams = [
        tab.composer.submit(events.ask, [tab.composer, tab.session, tab.keys.taken], **streaming),
        tab.page.submit(events.again, [tab.session, tab.keys.taken], **streaming),
        tab.finished.edit(events.edit, [tab.session, tab.keys.taken], **streaming),
    ]
    for stream in streams:
        for ended in (stream.then, stream.failure):
            ended(events.rest, tab.session, tab.shown, **DIRECT)
    tab.composer.stop(events.settle, tab.session, tab.shown, cancels=streams, **DIRECT)
    tab.page.delete(events.discard, tab.session, tab.shown, cancels=streams, **DIRECT)
    tab.page.click(events.move, tab.session, tab.shown, **QUIET)
