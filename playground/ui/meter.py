"""The line under the composer while somebody types. Knows no provider; counting is the conversation's."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from ..conversation.meter import Reading
from ..errors import ProviderError
from . import format, theme
from .asking import question_of
from .chat_page import ChatPage
from .chat_session import Session
from .quiet import DIRECT
from .untyped import gr

# After the last change, in milliseconds: short enough to follow, long enough not to count every letter.
PAUSE_MS = 250
# Said in the browser alone, which waits for the pause: a wait of the event's own would hold the values of each key and
# send them all.
OLD = '() => void document.dispatchEvent(new Event("meter-is-old"))'
EXPLAINED = (
    "What sending would use: the system prompt, the conversation as far as it fits, and your message. "
    "“At most” is with the longest answer that your settings and the model allow. "
)


def lay_out() -> Any:
    """The component. Its script says when it is to be read."""
    return gr.HTML("", elem_id="meter", padding=False, js_on_load=theme.script("meter.js"), pause_ms=PAUSE_MS)


def line(reading: Reading) -> str:
    """The reading in one line of text."""
    about = "" if reading.exact else "≈ "
    window = f" / {reading.window:,}" if reading.window else ""
    share = f" ({100 * reading.input_tokens / reading.window:.1f}%)" if reading.window else ""
    parts = [f"prompt {about}{reading.input_tokens:,}{window} tokens{share}"]
    if reading.too_long:
        parts.append("too long for this model")
    elif reading.left_out:
        parts.append(f"{reading.left_out} message{'s' if reading.left_out > 1 else ''} will be left out")
    if reading.cost_to_send is None:
        parts.append("price unknown")
    elif reading.cost_to_send == 0 and not reading.cost_at_most:
        parts.append("free")
    else:
        parts.append(f"{format.money(reading.cost_to_send, estimated=not reading.exact)} to send")
        if reading.cost_at_most is not None:
            parts.append(f"at most {format.money(reading.cost_at_most)}")
    return format.DOT.join(parts)


def html(reading: Reading) -> str:
    """The line as HTML that explains itself on hover."""
    how = (
        "Counted by the model's own tokenizer."
        if reading.exact
        else "≈ means estimated: the model's own tokenizer is not at hand."
    )
    state = ' class="over"' if reading.too_long or reading.left_out else ""
    return f'<span{state} title="{escape(EXPLAINED + how)}">{format.unbroken(line(reading))}</span>'


def wire(page: ChatPage) -> None:
    """Reads the meter after a pause in typing, and when what goes along has changed: settings, the conversation."""
    tab = page.tab

    async def read(written: Mapping[str, Any] | None, session: Session, **values: Any) -> str:
        asking = tab.askings.read(values)
        try:
            if asking.problem:
                raise asking.problem
            draft = question_of(written)
            history = session.conversation.messages()
            return html(await page.backends.reading(asking.sent, [*history, draft], options=asking.options))
        except ProviderError as error:
            return f'<span class="over">{escape(error.message)}</span>'

    askings = tab.askings
    changes = [
        tab.composer.change,
        tab.page.change,  # the script is told of every change of the conversation, and of no token
        askings.model.change,
        askings.system_prompt.change,
        askings.sampling.values["max_tokens"].change,
        askings.sampling.switches["max_tokens"].change,
        *(field.change for field in askings.variables.fields),
        *(component.change for component in askings.answers.named.values()),
    ]
    gr.on(changes, None, None, None, js=OLD, **DIRECT)
    tab.meter.input(
        read,
        [tab.composer, tab.session],
        tab.meter,
        inputs_kwargs=askings.named,
        trigger_mode="always_last",
        **DIRECT,
    )
