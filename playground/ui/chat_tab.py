"""The Chat tab: layout and wiring around gr.ChatInterface. Knows no vendor."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from ..conversation.reply import Backends
from ..errors import ProviderError
from ..types import Contender, Message, ModelSpec
from . import format, sampling, transcript
from .pacing import Pace
from .untyped import gr

PLACEHOLDER = (
    "### Ask anything\nChoose a model and its parameters on the right. Nothing set means the provider's defaults."
)


@dataclass(frozen=True)
class ChatTab:
    """The components that the wiring needs."""

    model: Any
    system_prompt: Any
    sampling: sampling.Sampling


class Conversation(gr.ChatInterface):
    """gr.ChatInterface that keeps a message's text as it was typed, and its hint after the first question.

    The stock one passes strings, and a chatbot dedents strings: pasted code would lose its indentation.
    """

    def _clear_and_save_textbox(self, message: Any) -> Any:
        return gr.Textbox("", interactive=False), message

    def _message_as_message_dict(self, message: Any, role: Any) -> Any:
        if isinstance(message, str):
            message = {"content": transcript.text_block(message)}
        stock: Any = super()
        return stock._message_as_message_dict(message, role)


def build(backends: Backends, pace: Pace) -> None:
    """Renders the tab into the surrounding Blocks."""
    with gr.Row(equal_height=False, elem_classes="chat-row"):
        with gr.Column(scale=7, min_width=320, elem_classes="chat-main"):
            main = gr.Column()
        with gr.Column(scale=3, min_width=280, elem_classes="chat-side"):
            tab = _lay_out(backends)
    sampling.follow(tab.sampling, tab.model, backends.catalog)
    with main:
        _converse(tab, backends, pace)


def _lay_out(backends: Backends) -> ChatTab:
    models = sorted(backends.catalog.models.values(), key=lambda model: not model.available)
    start = backends.catalog.default()
    model = gr.Dropdown(
        [(format.model_label(model), model.id) for model in models],
        value=start.id,
        label="Model",
        filterable=True,
        elem_id="model",
    )
    system_prompt = gr.Textbox(
        label="System prompt",
        placeholder="How the model should behave. Empty sends none.",
        lines=4,
        max_lines=12,
        elem_id="system-prompt",
    )
    return ChatTab(model, system_prompt, sampling.lay_out(start))


def _converse(tab: ChatTab, backends: Backends, pace: Pace) -> None:
    async def answer(message: str, history: list[dict[str, Any]], *values: Any) -> AsyncGenerator[Any]:
        """Streams the chatbot messages of one answer."""
        model_id, system_prompt, *given = values
        contender = Contender(model_id, system_prompt or "", tab.sampling.read(given))
        turns = [*transcript.history_of(history), Message("user", message)]
        replies = backends.reply(contender, turns)
        async with aclosing(pace.follow(replies)) as shown:
            async for reply in shown:
                yield transcript.turn(reply, _card(backends, model_id))

    conversation = Conversation(
        answer,
        chatbot=gr.Chatbot(
            show_label=False,
            layout="panel",
            height="calc(100dvh - 220px)",
            min_height=280,
            buttons=["copy"],
            editable="user",
            group_consecutive_messages=False,
            latex_delimiters=transcript.LATEX,
            allow_tags=False,
            placeholder=PLACEHOLDER,
            feedback_options=None,
            elem_id="transcript",
        ),
        textbox=gr.Textbox(
            placeholder="Ask anything",
            show_label=False,
            label="Message",
            container=False,
            lines=1,
            max_lines=8,
            autofocus=True,
            submit_btn="Send",
            stop_btn="Stop",
            elem_id="composer",
            elem_classes="composer",
        ),
        additional_inputs=[tab.model, tab.system_prompt, *tab.sampling.inputs],
        editable=True,
        cache_examples=False,
        flagging_mode="never",
        concurrency_limit=None,
        show_progress="hidden",
        api_visibility="private",
        api_name=False,
    )
    conversation.textbox.stop(
        transcript.stopped,
        conversation.chatbot,
        conversation.chatbot,
        queue=False,
        show_progress="hidden",
        api_visibility="private",
    )


def _card(backends: Backends, model_id: str) -> ModelSpec | None:
    try:
        return backends.catalog.get(model_id)
    except ProviderError:
        return None
