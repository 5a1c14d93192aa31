"""What the page's script is told of conversations, as one JSON text. Pure; knows no component.

The script keeps them (in the browser, or over HTTP on the server). Turns are only ever added, so after the first
time the new ones are enough.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from ..conversation.archive import Conversation
from ..conversation.records import dump
from .chat_session import Session


def saved(session: Session, **more: Any) -> tuple[Session, str]:
    """(the session as one that is kept, the text that has the script keep it)."""
    conversation = session.conversation
    saves = [save(conversation, session.saved)] if conversation.turns else []
    shown = {"shown": conversation.id if conversation.turns else None}
    return replace(session, saved=len(conversation.turns)), told(saves=saves, **{**shown, **more})


def save(conversation: Conversation, start: int = 0) -> dict[str, Any]:
    """The head of a conversation, and its turns from `start` on."""
    record = dump(conversation)
    return {**record, "turns": record["turns"][start:], "from": start}


def told(*, saves: Iterable[dict[str, Any]] = (), shown: str | None = None, **more: Any) -> str:
    """The text; a mark makes each differ from the one before, or the script would not notice it."""
    return json.dumps({"mark": secrets.token_hex(4), "saves": list(saves), "shown": shown, **more}, ensure_ascii=False)
