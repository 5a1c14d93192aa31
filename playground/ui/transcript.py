"""Between the chatbot's messages and ours. Pure values; knows no component and no provider.

A turn of the model is up to three chatbot messages: thinking (folded), the answer, and a line of figures.
The last is told from an answer by its metadata id, so that it never goes back to a model.
"""

from __future__ import annotations

from typing import Any

from ..conversation.growing import Reply
from ..conversation.output import mask_keys
from ..types import Message, ModelSpec
from . import format, safe
from .shown_pictures import picture_block

FIGURES, THINKING, NOTE = "figures", "thinking", "note"
Shown = dict[str, Any]


def text_block(text: str) -> list[dict[str, str]]:
    """Text as a list of blocks: a bare string would lose its indentation (Gradio dedents it)."""
    return [{"type": "text", "text": safe.guarded(text)}]


def question(message: Message) -> list[Shown]:
    """The chatbot messages of what somebody asked."""
    pictures = [picture_block(image) for image in message.images]
    return [{"role": "user", "content": [*pictures, *(text_block(message.content) if message.content else [])]}]


def turn(reply: Reply, model: ModelSpec | None, *, over: bool = False) -> list[Shown]:
    """The chatbot messages of one answer as far as it has come; `over` says that no more will come of it."""
    shown: list[Shown] = []
    if reply.left_out:
        shown.append(folded(NOTE, format.left_out(reply.left_out, reply.strategy)))
    if reply.thinking:
        shown.append(_thinking(reply, over))
    if reply.text:
        text, _ = mask_keys(reply.text, growing=not (over or reply.done))
        shown.append({"role": "assistant", "content": text_block(text)})
    if reply.error:
        shown.append(failed(reply.error.message))
    elif reply.done and not reply.text.strip():
        shown.append(folded(NOTE, format.unwritten(reply)))
    elif over and not reply.done:
        shown.append(folded(NOTE, "Stopped. What had arrived is kept." if reply.text else "Stopped."))
    elif not reply.done and not reply.text and not reply.thinking:
        shown.append(folded(NOTE, reply.status or "Waiting for the first token", pending=True))
    if (over or reply.done) and (reply.text or reply.thinking or reply.usage):
        shown.append(folded(FIGURES, format.figures(reply, model), format.details(reply)))
    return shown


def stopped(shown: list[Shown]) -> list[Shown]:
    """The messages after the reader's Stop: nothing goes on spinning, and the last turn says that it was stopped."""
    kept = [message for message in shown if not (_kind(message) == NOTE and _is_pending(message))]
    for message in kept:
        if _is_pending(message):
            message["metadata"] = {**message["metadata"], "status": "done"}
    if kept and _kind(kept[-1]) not in {NOTE, FIGURES}:
        kept.append(
            folded(NOTE, "Stopped. What had arrived is kept." if kept[-1]["role"] == "assistant" else "Stopped.", "")
        )
    return kept


def _kind(message: Shown) -> str | None:
    metadata: Shown = message.get("metadata") or {}
    return metadata.get("id")


def _is_pending(message: Shown) -> bool:
    metadata: Shown = message.get("metadata") or {}
    return metadata.get("status") == "pending"


def _thinking(reply: Reply, over: bool) -> Shown:
    thinks = not (over or reply.text or reply.done)
    text, _ = mask_keys(reply.thinking, growing=thinks)
    thinking = folded(THINKING, "Thinking", text, pending=thinks)
    if reply.thinking_s is not None:
        thinking["metadata"] |= {"title": "Thought", "duration": round(reply.thinking_s, 1)}
    return thinking


def folded(kind: str, title: str, content: str = "", *, pending: bool = False) -> Shown:
    """A message with a title and a content that unfolds below it; `pending` spins."""
    status = "pending" if pending else "done"
    metadata = {"id": kind, "title": _plain(title), "status": status}
    return {"role": "assistant", "content": text_block(content), "metadata": metadata}


def failed(what: str) -> Shown:
    """A note that tells of an error."""
    note = folded(NOTE, what)
    note["metadata"]["title"] = f'<span class="wrong">{note["metadata"]["title"]}</span>'
    return note


def _plain(title: str) -> str:
    """A title that Markdown shows as it is: provider words and model names may hold its signs."""
    for sign in "\\`*_[]<>!":
        title = title.replace(sign, f"\\{sign}")
    return title
