"""Get code: the page's next request as a program. Layout and wiring; what a program says is the conversation's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..conversation.snippet import Snippet, Target, snippets
from ..errors import ProviderError
from ..types import Message
from .asking import question_of
from .chat_page import ChatPage
from .chat_session import Session
from .quiet import QUIET
from .refusal import refusal
from .untyped import gr

FIRST = "Python"
EXAMPLE = "Hello"
HINT = "Your next message with everything sent along. Keys are read from the environment, images from files."
LANGUAGES = {"python": "python", "shell": "shell", "javascript": "javascript"}
Where = Callable[[str], Target]


@dataclass(frozen=True)
class CodePanel:
    """The components; `write` makes the programs anew."""

    write: Any
    stream: Any
    which: Any
    code: Any


def lay_out() -> CodePanel:
    """An accordion with a button, because a program is long and most requests never need one."""
    with gr.Accordion("Get code", open=False, elem_classes="get-code"):
        gr.HTML(f"<p>{HINT}</p>", padding=False, elem_classes="fine-print")
        stream = gr.Checkbox(True, label="Stream the answer", container=False)
        which = gr.Radio(
            [], show_label=False, label="Language", container=False, visible=False, elem_id="code-language"
        )
        write = gr.Button("Write the code", size="sm")
        code = gr.Code(
            language="python", lines=12, max_lines=28, visible=False, interactive=False, wrap_lines=True, elem_id="code"
        )
    return CodePanel(write, stream, which, code)


def wire(panel: CodePanel, page: ChatPage, where: Where) -> None:
    """`where` says to whom a provider's requests go."""
    tab = page.tab

    async def write(
        written: Mapping[str, Any] | None, session: Session, stream: bool, which: str | None, **values: Any
    ) -> list[Any]:
        asking = tab.askings.read(values)
        try:
            if asking.problem:
                raise asking.problem
            model = page.backends.catalog.get(asking.sent.model)
            draft = question_of(written)
            asked = draft if draft.content.strip() or draft.images else replace(draft, content=EXAMPLE)
            history: list[Message] = [*session.conversation.messages(), asked]
            # A program can be had for a model that nobody here has a key for.
            prepared = await page.backends.prepared(model, asking.sent, history, key="none", options=asking.options)
            found = snippets(prepared.request, where(model.provider), stream=stream)
        except ProviderError as error:
            raise refusal(error.message) from None
        chosen = chosen_of(found, which)
        names = [snippet.name for snippet in found]
        return [
            gr.update(choices=names, value=chosen.name, visible=True),
            gr.update(value=chosen.code, language=LANGUAGES[chosen.language], visible=True),
        ]

    for event in (panel.write.click, panel.stream.input, panel.which.input):
        event(
            write,
            [tab.composer, tab.session, panel.stream, panel.which],
            [panel.which, panel.code],
            inputs_kwargs=tab.askings.named,
            **QUIET,
        )


def chosen_of(found: list[Snippet], which: str | None) -> Snippet:
    """The program of that name; for another vendor's SDK, this one's."""
    return next((snippet for snippet in found if snippet.name == which), None) or next(
        (snippet for snippet in found if which and snippet.name.split()[0] == which.split()[0]), found[0]
    )
