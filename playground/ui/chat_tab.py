"""The Chat tab: layout and wiring. Knows no vendor and no store.

The old turns stand in one chatbot, the turn that is being written in a second one below it, and only the second is
streamed: an update costs by the number of messages it carries. The conversation itself stays on the server.
"""

from __future__ import annotations

from typing import Any

from ..compose import Composition
from ..conversation.room import LIMITS
from . import (
    answer_events,
    answer_options,
    code_panel,
    conversation_events,
    keys,
    meter,
    picker,
    preset_panel,
    sampling,
    theme,
    variables,
)
from .asking import Askings
from .chat_page import ChatPage, ChatTab
from .chat_session import Session
from .chatbot import chatbot
from .pacing import Pace
from .untyped import gr

SCRIPTS = ("chat.js", "conversation_room.js", "conversation_stores.js", "conversations.js")
PLACEHOLDER = (
    "## Ask anything\nChoose the model and its parameters in the settings. What you leave unset is up to the provider."
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
    answer_events.wire(page, pace)
    return page


def _lay_out(composition: Composition) -> tuple[ChatTab, preset_panel.PresetPanel, code_panel.CodePanel]:
    catalog = composition.backends.catalog
    with gr.Row(equal_height=False, elem_classes="chat-row", elem_id="chat"):
        with gr.Column(scale=2, min_width=200, elem_classes="chat-list"):
            page = gr.HTML(
                "",
                html_template=theme.script("conversations.html"),
                js_on_load="".join(map(theme.script, SCRIPTS)),
                kept="server" if composition.shelf else "browser",
                room=LIMITS,
                elem_id="conversations",
                padding=False,
                apply_default_css=False,
            )
        with gr.Column(scale=7, min_width=320, elem_classes="chat-main"):
            gr.HTML(theme.script("drawers.html"), padding=False, elem_classes="chat-drawers")
            with gr.Column(elem_classes="chat-scroll", elem_id="conversation"):
                # Both are as high as what they hold; the column around them scrolls.
                growing: dict[str, Any] = {"height": None, "autoscroll": False}
                finished = chatbot("finished", editable="all", placeholder=PLACEHOLDER, **growing)
                running = chatbot("running", **growing)
            composer = _composer()
            with gr.Row(elem_classes="chat-foot"):
                line = meter.lay_out()
                totals = gr.HTML("", elem_id="totals", padding=False)
        with gr.Column(scale=3, min_width=280, elem_classes="chat-side"):
            model = picker.lay_out(catalog)
            with gr.Column(elem_classes="system-area") as system_area:
                preset = preset_panel.lay_out_choice(catalog.presets)
                system_prompt = gr.Textbox(
                    label="System prompt",
                    placeholder="How the model should behave. Leave empty to send none.",
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
        meter=line,
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
