"""Conversations from and to files: our JSON, Markdown, and message lists as OpenAI's API takes them. Pure text.

Markdown marks each message with a comment, so that it reads well anywhere and can be read back exactly.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, cast

from ..errors import ProviderError
from ..models.tokens import half_character
from ..types import Contender, Image, Message
from .archive import Conversation
from .images import image_at
from .records import FORMAT, LONGEST_TITLE, UnreadableError, load

HEADINGS = {"system": "System prompt", "user": "You", "assistant": "Model"}
MARK = re.compile(r"^<!-- (system|user|assistant)(?:: (.*?))? -->$")
KNOWN_ROLES = ("system", "developer", "user", "assistant")
TEXT_PARTS = ("text", "input_text", "output_text")
IMAGE_PARTS = ("image_url", "input_image")


def to_markdown(conversation: Conversation) -> str:
    """The branch in view as Markdown: title, system prompt, questions and answers."""
    parts = [f"# {conversation.name}"]
    if conversation.contender.system_prompt:
        parts.append(_section("system", "", conversation.contender.system_prompt))
    for at in conversation.path():
        turn = conversation.turns[at]
        parts.append(_section(turn.message.role, turn.reply.model if turn.reply else "", turn.message.content))
    return "\n\n".join(parts) + "\n"


def read_file(text: str, conversation_id: str) -> Conversation:
    """The conversation in a file: JSON of ours, an OpenAI-style list of messages, or Markdown of ours.

    Raises UnreadableError with a sentence that names the message it stumbles over.
    """
    stripped = text.lstrip("\ufeff \t\r\n")
    if not stripped:
        raise UnreadableError("The file is empty.")
    if stripped[0] not in "[{":
        return _from_markdown(stripped, conversation_id)
    try:
        content: Any = json.loads(stripped)
    except json.JSONDecodeError as error:
        raise UnreadableError(f"The file is not valid JSON: line {error.lineno}, {error.msg}.") from None
    except (RecursionError, ValueError):
        text = "The file is nested too deeply, or contains a number too long, to be a conversation."
        raise UnreadableError(text) from None
    if isinstance(content, list):
        return from_messages(cast(list[Any], content), conversation_id)
    record: dict[str, Any] = content
    if record.get("format") == FORMAT:
        return load({**record, "id": conversation_id})
    if isinstance(record.get("messages"), list):
        return from_messages(cast(list[Any], record["messages"]), conversation_id)
    raise UnreadableError(
        'The file has neither "messages" nor this page\'s own format: nothing in it is a conversation.'
    )


def from_messages(messages: Sequence[Any], conversation_id: str) -> Conversation:
    """The conversation of a list of {"role", "content"}; content is a string or a list of parts: texts, and in a
    user's message pictures as data: addresses.

    System and developer messages become the system prompt.
    """
    system: list[str] = []
    conversation = Conversation(conversation_id)
    for number, given in enumerate(messages, start=1):
        if not isinstance(given, dict):
            raise UnreadableError(f'Message {number} must be an object with "role" and "content".')
        message = cast(dict[str, Any], given)
        role = message.get("role")
        if role not in KNOWN_ROLES:
            raise UnreadableError(f"Message {number} has the role {role!r}: known ones are {', '.join(KNOWN_ROLES)}.")
        text, images = _content_of(message.get("content"), number)
        if images and role != "user":
            raise UnreadableError(f"Message {number} has an image: only a user's message can have one.")
        if half_character(text) is not None:  # no answer to a browser could hold it
            raise UnreadableError(f"Message {number} contains half a character (a lone surrogate): remove it.")
        if role in ("user", "assistant"):
            conversation = conversation.said(Message(role, text, images), under=conversation.leaf)
        else:
            system.append(text)
    if not conversation.turns:
        raise UnreadableError("The file has no message from a user or an assistant.")
    return Conversation(
        conversation_id,
        turns=conversation.turns,
        leaf=conversation.leaf,
        contender=Contender("", "\n\n".join(system)),
    )


def _content_of(content: Any, number: int) -> tuple[str, tuple[Image, ...]]:
    if isinstance(content, str):
        return content, ()
    if not isinstance(content, list) or not content:
        raise UnreadableError(f"Message {number} has no text: its content must be a string or a list of parts.")
    pieces: list[str] = []
    images: list[Image] = []
    for part in cast(list[Any], content):
        table = cast(dict[str, Any], part) if isinstance(part, dict) else {}
        if table.get("type") in IMAGE_PARTS:
            images.append(_image_of(table.get("image_url"), number))
        elif table.get("type") in TEXT_PARTS and isinstance(table.get("text"), str):
            pieces.append(table["text"])
        else:
            kind = table.get("type") or "unknown"
            raise UnreadableError(
                f"Message {number} has a part of type {kind!r}: only text and images can be imported."
            )
    return "".join(pieces), tuple(images)


def _image_of(address: Any, number: int) -> Image:
    """The picture at an address as Chat Completions ({"url"}) or Responses (a string) has it."""
    url = cast(dict[str, Any], address).get("url") if isinstance(address, dict) else address
    try:
        return image_at(str(url), "Its image")
    except ProviderError as error:
        raise UnreadableError(f"Message {number}: {error.message}") from None


def _section(role: str, model: str, text: str) -> str:
    mark = f"<!-- {role}: {model} -->" if model and "--" not in model else f"<!-- {role} -->"
    heading = f"## {HEADINGS[role]}" + (f": {model}" if model else "")
    return f"{mark}\n{heading}\n\n{_escaped(text)}"


def _escaped(text: str) -> str:
    """A line of the text that looks like one of our marks is none."""
    return "\n".join(f"\\{line}" if MARK.match(line.lstrip("\\")) else line for line in text.split("\n"))


def _from_markdown(text: str, conversation_id: str) -> Conversation:
    lines = text.replace("\r\n", "\n").split("\n")
    starts = [at for at, line in enumerate(lines) if MARK.match(line)]
    if not starts:
        raise UnreadableError(
            "The file is neither JSON nor Markdown that was exported here: no message has a mark like <!-- user -->."
        )
    messages: list[dict[str, str]] = []
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        found = MARK.match(lines[start])
        body = lines[start + 1 : end]
        if body and body[0].startswith("## "):
            body = body[1:]
        text_lines = [line[1:] if line.startswith("\\") and MARK.match(line.lstrip("\\")) else line for line in body]
        messages.append({"role": found[1] if found else "", "content": "\n".join(text_lines).strip("\n")})
    read = from_messages(messages, conversation_id)
    title = lines[0].removeprefix("# ").strip()[:LONGEST_TITLE] if lines[0].startswith("# ") else ""
    return Conversation(read.id, title, read.turns, read.leaf, read.contender)
