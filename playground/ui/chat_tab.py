"""The Chat tab: layout and wiring. Knows no vendor and no store.

The old turns stand in one chatbot, the turn that is being written in a second one below it, and only the second is
streamed: an update costs by the number of messages it carries. The conversation itself stays on the server.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

from ..conversation.reply import Backends
from ..errors import ProviderError
from ..types import ModelSpec
from . import format, history_view, sampling, theme, transcript
from .asking import Askings, question_of
from .chat_session import Session
from .pacing import Pace
from .untyped import EditData, EventData, gr

PLACEHOLDER = (
    "### Ask anything\nChoose a model and its parameters on the right. Nothing set means the provider's defaults."
)
QUIET: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}


@dataclass(frozen=True)
class ChatTab:
    """The components that the wiring needs.

    `session` and `keys` stay on the server. `page` is the script's side: it raises the events that no component has.
    `meter` is the line under the composer, `system_area` and `more` are places for what else goes into a request.
    """

    session: Any
    keys: Any
    page: Any
    finished: Any
    running: Any
    composer: Any
    meter: Any
    totals: Any
    askings: Askings
    system_area: Any
    more: Any


def build(backends: Backends, pace: Pace) -> ChatTab:
    """Renders the tab into the surrounding Blocks."""
    tab = _lay_out(backends)
    sampling.follow(tab.askings.sampling, tab.askings.model, backends.catalog)
    _wire(tab, _Wiring(tab, backends, pace))
    return tab


class _Wiring:
    """What the events of the page do."""

    def __init__(self, tab: ChatTab, backends: Backends, pace: Pace) -> None:
        self._tab = tab
        self._backends = backends
        self._pace = pace

    def ask(self, written: Any, session: Session) -> dict[Any, Any]:
        """The composer's message becomes the question."""
        message = question_of(written)
        self._check_idle(session)
        if not message.content.strip():
            raise gr.Error("The message is empty: write something to send.", print_exception=False)
        asked = session.asked(message)
        return {**self._begun(asked), self._tab.composer: gr.update(value=None, submit_btn=False, stop_btn="Stop")}

    def again(self, session: Session, event: EventData) -> dict[Any, Any]:
        """A link under a turn that asks the model: retry, or write on."""
        self._check_idle(session)
        at = self._place(session, event)
        begun = session.going_on(at) if event.verb == "on" else session.retried(at)
        return {**self._begun(begun), self._tab.finished: self._drawn(begun, upto_question=True)}

    def edit(self, session: Session, event: EditData) -> dict[Any, Any]:
        """A turn in another wording; a question is asked anew."""
        shown = history_view.drawn(session.conversation, self._card)
        at = shown[event.index][0]
        self._check_idle(session)
        edited = session.edited(at, event.value if isinstance(event.value, str) else "")
        if not edited.running:
            return self._still(edited)
        return {**self._begun(edited), self._tab.finished: self._drawn(edited, upto_question=True)}

    def change(self, session: Session, event: EventData) -> dict[Any, Any]:
        """A link under a turn that asks nobody: another branch, undo, fork."""
        self._check_idle(session)
        at, verb = self._place(session, event), event.verb
        conversation = session.conversation
        if verb == "undo":
            undone, text = session.undone()
            return {**self._still(undone), self._tab.composer: gr.update(value={"text": text, "files": []})}
        if verb == "fork":
            return self._still(session.forked(at))
        step = -1 if verb == "back" else 1
        return self._still(replace(session, conversation=conversation.switched(at, step)))

    async def answer(self, session: Session, **values: Any) -> AsyncGenerator[list[Any]]:
        """Streams the turn that is being written, and the session with it."""
        if not session.running:
            yield [[], session]
            return
        asking = self._tab.askings.read(values)
        replies = self._backends.reply(asking.contender, session.history())
        async with aclosing(self._pace.follow(replies)) as growing:
            async for reply in growing:
                session = replace(session, reply=reply)
                yield [self._running(session), session]

    def settle(self, session: Session, **values: Any) -> dict[Any, Any]:
        """The page once nothing is written any more, also when the reader stopped it."""
        contender = self._tab.askings.read(values).contender
        if session.reply is not None and not session.reply.done:
            stopped = self._backends.cut_off(contender, session.history(), session.reply)
            session = replace(session, reply=stopped)
        idle = gr.update(submit_btn="Send", stop_btn=False)
        return {**self._still(session.settled(contender)), self._tab.composer: idle}

    def _begun(self, session: Session) -> dict[Any, Any]:
        return {self._tab.session: session, self._tab.running: self._running(session)}

    def _still(self, session: Session) -> dict[Any, Any]:
        return {
            self._tab.session: session,
            self._tab.finished: self._drawn(session),
            self._tab.running: [],
            self._tab.totals: _figures(history_view.totals_line(session.conversation.totals())),
        }

    def _running(self, session: Session) -> list[transcript.Shown]:
        if session.question is None:
            return []
        asked = session.conversation.turns[session.question].message
        return history_view.running(asked, session.shown_reply() or session.cut, "", self._card)

    def _drawn(self, session: Session, *, upto_question: bool = False) -> list[transcript.Shown]:
        """The turns that stand; while a question is being answered it is drawn with its answer, not here."""
        shown = history_view.drawn(session.conversation, self._card)
        return [part for at, part in shown if not (upto_question and at == session.question)]

    def _place(self, session: Session, event: EventData) -> int:
        """The place of the turn that a link names. It came from a browser, so it may be anything."""
        at = event.at
        if not isinstance(at, int) or not 0 <= at < len(session.conversation.turns):
            raise gr.Error("That message is no longer there: reload the page.", print_exception=False)
        return at

    def _check_idle(self, session: Session) -> None:
        if session.running:
            raise gr.Error("An answer is being written: wait for its end, or stop it.", print_exception=False)

    def _card(self, model_id: str) -> ModelSpec | None:
        try:
            return self._backends.catalog.get(model_id)
        except ProviderError:
            return None


def _wire(tab: ChatTab, wiring: _Wiring) -> None:
    begun = [tab.session, tab.running, tab.finished, tab.composer, tab.totals]
    asked = [
        tab.composer.submit(wiring.ask, [tab.composer, tab.session], begun, **QUIET),
        tab.page.submit(wiring.again, tab.session, begun, **QUIET),
        tab.finished.edit(wiring.edit, tab.session, begun, **QUIET),
    ]
    streams: list[Any] = []
    for event in asked:
        streamed = event.success(
            wiring.answer,
            tab.session,
            [tab.running, tab.session],
            inputs_kwargs=tab.askings.named,
            concurrency_limit=None,
            show_progress="hidden",
            api_visibility="private",
        )
        streamed.then(wiring.settle, tab.session, begun, inputs_kwargs=tab.askings.named, **QUIET)
        streams.append(streamed)
    tab.composer.stop(wiring.settle, tab.session, begun, inputs_kwargs=tab.askings.named, cancels=streams, **QUIET)
    tab.page.click(wiring.change, tab.session, begun, **QUIET)


def _lay_out(backends: Backends) -> ChatTab:
    with gr.Row(equal_height=False, elem_classes="chat-row", elem_id="chat"):
        with gr.Column(scale=2, min_width=200, elem_classes="chat-list"):
            gr.HTML("", elem_id="conversations", padding=False)
        with gr.Column(scale=7, min_width=320, elem_classes="chat-main"):
            with gr.Column(elem_classes="chat-scroll", elem_id="conversation"):
                finished = _chatbot("finished", editable="all", placeholder=PLACEHOLDER)
                running = _chatbot("running")
            composer = gr.MultimodalTextbox(
                placeholder="Ask anything",
                show_label=False,
                label="Message",
                container=False,
                lines=1,
                max_lines=8,
                autofocus=True,
                sources=["upload"],
                file_types=["image"],
                file_count="multiple",
                submit_btn="Send",
                elem_id="composer",
                elem_classes="composer",
            )
            with gr.Row(elem_classes="chat-foot"):
                meter = gr.HTML("", elem_id="meter", padding=False)
                totals = gr.HTML("", elem_id="totals", padding=False)
        with gr.Column(scale=3, min_width=280, elem_classes="chat-side"):
            askings, system_area, more = _lay_out_side(backends)
        page = gr.HTML("", js_on_load=theme.script("chat.js"), elem_id="chat-events", padding=False)
    return ChatTab(
        session=gr.State(Session()),
        keys=gr.State({}),
        page=page,
        finished=finished,
        running=running,
        composer=composer,
        meter=meter,
        totals=totals,
        askings=askings,
        system_area=system_area,
        more=more,
    )


def _lay_out_side(backends: Backends) -> tuple[Askings, Any, Any]:
    models = sorted(backends.catalog.models.values(), key=lambda model: not model.available)
    start = backends.catalog.default()
    model = gr.Dropdown(
        [(format.model_label(model), model.id) for model in models],
        value=start.id,
        label="Model",
        filterable=True,
        elem_id="model",
    )
    with gr.Column(elem_classes="system-area") as system_area:
        system_prompt = gr.Textbox(
            label="System prompt",
            placeholder="How the model should behave. Empty sends none.",
            lines=4,
            max_lines=12,
            elem_id="system-prompt",
        )
    accordion = sampling.lay_out(start)
    with gr.Column(elem_classes="more") as more:
        pass
    return Askings(model, system_prompt, accordion), system_area, more


def _chatbot(elem_id: str, **more: Any) -> Any:
    return gr.Chatbot(
        show_label=False,
        layout="panel",
        height=None,
        autoscroll=False,
        buttons=["copy"],
        group_consecutive_messages=False,
        latex_delimiters=transcript.LATEX,
        allow_tags=False,
        feedback_options=None,
        elem_id=elem_id,
        elem_classes="transcript",
        **more,
    )


def _figures(line: str) -> str:
    return f'<span title="All answers of this conversation together">{line}</span>' if line else ""
