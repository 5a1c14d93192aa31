"""The Chat tab: layout and wiring. Knows no vendor and no store.

The old turns stand in one chatbot, the turn that is being written in a second one below it, and only the second is
streamed: an update costs by the number of messages it carries. The conversation itself stays on the server.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from ..compose import Composition
from ..conversation.reply import Reply
from ..errors import ProviderError
from . import (
    answer_options,
    code_panel,
    conversation_events,
    keys,
    meter,
    picker,
    preset_panel,
    safe,
    sampling,
    theme,
    transcript,
    variables,
)
from .asking import Askings, question_of
from .chat_page import QUIET, REFUSING, ChatPage, ChatTab
from .chat_session import Session
from .keys import Taken
from .pacing import Pace
from .shown_pictures import picture_file
from .untyped import EditData, EventData, gr

PLACEHOLDER = (
    "## Ask anything\nThe model and its parameters are in the settings. What you leave unset is the provider's default."
)


def build(composition: Composition, pace: Pace, loaded: Any) -> ChatPage:
    """Renders the tab into the surrounding Blocks; `loaded` is the event of a page that has just been opened."""
    backends, catalog = composition.backends, composition.backends.catalog
    tab, presets, code = _lay_out(composition)
    page = ChatPage(tab, backends)
    sampling.follow(tab.askings.sampling, tab.askings.model, catalog, backends.learned)
    answer_options.wire(tab.askings.answers, tab.askings.model, catalog)
    variables.wire(tab.askings.variables, tab.askings.system_prompt)
    preset_panel.wire(presets, page, catalog.presets, loaded)
    code_panel.wire(code, page, composition.target)
    meter.wire(page)
    picker.wire(tab.askings.model, tab.keys, catalog, composition.listings)
    keys.wire(tab.keys, catalog, tab.askings.model, picker.shows, loaded)
    conversation_events.wire(page, loaded)
    _wire(tab, _Asking(page, pace))
    return page


class _Asking:
    """What asks a model, and what moves among its answers."""

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
        asking = self._page.tab.askings.read(values)
        if session.reply is not None and not session.reply.done:
            stopped = self._page.backends.cut_off(asking.sent, session.history(), session.reply)
            session = replace(session, reply=stopped)
        return self._page.still(session.settled(asking.contender))


def _wire(tab: ChatTab, asking: _Asking) -> None:
    asked = [
        tab.composer.submit(
            asking.ask, [tab.composer, tab.session], tab.shown, inputs_kwargs=tab.askings.named, **REFUSING
        ),
        tab.page.submit(asking.again, tab.session, tab.shown, **REFUSING),
        tab.finished.edit(asking.edit, tab.session, tab.shown, **REFUSING),
    ]
    streams: list[Any] = []
    for event in asked:
        streamed = event.success(
            asking.answer,
            [tab.session, tab.keys.taken],
            [tab.running, tab.session],
            inputs_kwargs=tab.askings.named,
            concurrency_limit=None,
            show_progress="hidden",
            api_visibility="private",
        )
        streamed.then(asking.settle, tab.session, tab.shown, inputs_kwargs=tab.askings.named, **QUIET)
        streams.append(streamed)
    settled = {"inputs": tab.session, "outputs": tab.shown, "inputs_kwargs": tab.askings.named}
    tab.composer.stop(asking.settle, **settled, cancels=streams, **QUIET)
    tab.page.click(asking.move, tab.session, tab.shown, **REFUSING)


def _lay_out(composition: Composition) -> tuple[ChatTab, preset_panel.PresetPanel, code_panel.CodePanel]:
    catalog = composition.backends.catalog
    with gr.Row(equal_height=False, elem_classes="chat-row", elem_id="chat"):
        with gr.Column(scale=2, min_width=200, elem_classes="chat-list"):
            page = gr.HTML(
                "",
                html_template=theme.script("conversations.html"),
                js_on_load=theme.script("chat.js") + theme.script("conversations.js"),
                kept="server" if composition.shelf else "browser",
                elem_id="conversations",
                padding=False,
                apply_default_css=False,
            )
        with gr.Column(scale=7, min_width=320, elem_classes="chat-main"):
            gr.HTML(theme.script("drawers.html"), padding=False, elem_classes="chat-drawers")
            with gr.Column(elem_classes="chat-scroll", elem_id="conversation"):
                finished = _chatbot("finished", editable="all", placeholder=PLACEHOLDER)
                running = _chatbot("running")
            composer = _composer()
            with gr.Row(elem_classes="chat-foot"):
                meter = gr.HTML("", elem_id="meter", padding=False)
                totals = gr.HTML("", elem_id="totals", padding=False)
        with gr.Column(scale=3, min_width=280, elem_classes="chat-side"):
            model = picker.lay_out(catalog)
            with gr.Column(elem_classes="system-area") as system_area:
                preset = preset_panel.lay_out_choice(catalog.presets)
                system_prompt = gr.Textbox(
                    label="System prompt",
                    placeholder="How the model should behave. Empty sends none.",
                    lines=4,
                    max_lines=12,
                    elem_id="system-prompt",
                )
                form = variables.lay_out()
                presets = preset_panel.lay_out(preset)
            accordion = sampling.lay_out(catalog.default())
            with gr.Column(elem_classes="more") as more:
                answers = answer_options.lay_out(catalog.default())
                code = code_panel.lay_out()
                own_keys = keys.lay_out(catalog)
    tab = ChatTab(
        session=gr.State(Session()),
        keys=own_keys,
        page=page,
        finished=finished,
        running=running,
        composer=composer,
        meter=meter,
        totals=totals,
        askings=Askings(model, system_prompt, accordion, form, answers),
        system_area=system_area,
        more=more,
    )
    return tab, presets, code


def _composer() -> Any:
    return gr.MultimodalTextbox(
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
