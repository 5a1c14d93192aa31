"""The chat page's components, and how a session is drawn into them. Knows no event and no provider."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from ..conversation import records
from ..conversation.reply import Backends
from ..errors import ProviderError
from ..types import Contender, Message, ModelSpec
from . import history_view, keeping
from .asking import Askings
from .chat_session import Session
from .keys import Keys
from .recent import Recent
from .refusal import refusal
from .transcript import Shown
from .untyped import EventData, gr

IDLE: dict[str, Any] = {"submit_btn": "Send", "stop_btn": False}
FULL = "With this the conversation would be too large to be opened again: begin a new one, or fork an earlier message."
BUSY: dict[str, Any] = {"submit_btn": False, "stop_btn": "Stop"}


@dataclass(frozen=True)
class ChatTab:
    """The components that the wiring needs.

    `session` and what `keys` takes stay on the server. `page` is the script's side: the list of conversations, and the
    events that no component has. `meter` is the line under the composer; `system_area` and `more` (below the sampling
    parameters) are places for what else goes into a request.
    """

    session: Any
    keys: Keys
    page: Any
    finished: Any
    running: Any
    composer: Any
    meter: Any
    totals: Any
    askings: Askings
    system_area: Any
    more: Any

    @property
    def shown(self) -> list[Any]:
        """What an event that changes the session may change."""
        return [self.session, self.page, self.finished, self.running, self.composer, self.totals]


@dataclass(frozen=True)
class ChatPage:
    """Draws sessions: updates by component. `stopped` is what readers have stopped of late, by run."""

    tab: ChatTab
    backends: Backends
    stopped: Recent[str, Session] = field(default_factory=Recent[str, Session])

    def begun(self, session: Session, *, redraw: bool = False) -> dict[Any, Any]:
        """An answer is about to be written; `redraw` where the turns before it are others than those in view."""
        session, told = keeping.saved(session)
        changes = {self.tab.session: session, self.tab.page: told, self.tab.running: self.writing(session)}
        if redraw:
            changes[self.tab.finished] = self._drawn(session)
        return {**changes, self.tab.composer: gr.update(**BUSY)}

    def still(self, session: Session, **more: Any) -> dict[Any, Any]:
        """Nothing is being written; `more` is told to the page's script."""
        session, told = keeping.saved(session, **more)
        return {
            self.tab.session: session,
            self.tab.page: told,
            self.tab.finished: self._drawn(session),
            self.tab.running: [],
            self.tab.composer: gr.update(**IDLE),
            self.tab.totals: history_view.totals_html(session.conversation.totals()),
        }

    def tells(self, session: Session, **more: Any) -> dict[Any, Any]:
        """Nothing changes; the page's script is told `more`."""
        shown = session.conversation.id if session.conversation.turns else None
        return {self.tab.page: keeping.told(shown=shown, **more)}

    def shows(self, contender: Contender, card: ModelSpec) -> dict[Any, Any]:
        """The settings hold what `card`, the model that answers, takes of `contender`."""
        return self.tab.askings.shows(contender, card, self.backends.learned.of(card.id))

    def writing(self, session: Session) -> list[Shown]:
        """The turn that is being written."""
        if session.question is None:
            return []
        asked = session.conversation.turns[session.question].message
        return history_view.running(asked, session.shown_reply() or session.cut, self.card)

    def place(self, session: Session, event: EventData) -> int:
        """The place of the turn that a link names. It came from a browser, so it may be anything."""
        at = event.at
        if not isinstance(at, int) or not 0 <= at < len(session.conversation.turns):
            raise refusal("That message is no longer there: reload the page.")
        return at

    def place_of_message(self, session: Session, index: int) -> int:
        """The place of the turn that the chatbot's message at `index` belongs to."""
        shown = history_view.drawn(session.conversation, self.card)
        if not 0 <= index < len(shown):
            raise refusal("That message is no longer there: reload the page.")
        return shown[index][0]

    def at_rest(self, session: Session) -> Session:
        """`session` as something new may begin in it. Raises a refusal while an answer is being written: one that the
        reader has stopped is not, though its last step may have put the session back to the answer as it grew. One that
        has ended by itself since the event came is: who asks twice in a row would pay twice."""
        if not session.running:
            return session
        if session.run not in self.stopped:
            raise refusal("An answer is still being written: wait for it, or stop it first.")
        return self.stopped[session.run]

    def check_room(self, session: Session) -> None:
        """What makes a conversation grow needs room: one that is too large could not be opened again."""
        conversation, asking = session.conversation, session.asking
        if asking is not None:
            conversation = replace(conversation, contender=asking.contender)
        if session.cut is not None:  # what it goes on from stands in both answers
            copied = Message("assistant", session.cut.text)
            conversation = conversation.said(copied, session.cut, under=session.question)
        if records.is_full(conversation):
            raise refusal(FULL)

    def card(self, model_id: str) -> ModelSpec | None:
        try:
            return self.backends.catalog.get(model_id)
        except ProviderError:
            return None

    def _drawn(self, session: Session) -> list[Shown]:
        """The turns that stand; while a question is being answered it is drawn with its answer, not here."""
        shown = history_view.drawn(session.conversation, self.card)
        return [part for at, part in shown if at != session.question]
