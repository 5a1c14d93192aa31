"""Who votes, as nearly as a browser tells: a random word that it keeps. Knows no tab."""

from __future__ import annotations

import secrets
from typing import Any

from ..arena.accounts import account_of
from ..arena.battle import Arena
from .brought import brought
from .quiet import DIRECT
from .untyped import Request, gr

# The same in every process, or a restart would make every returning voter a new one. It hides nothing from anybody.
STORAGE: dict[str, str] = {"storage_key": "llm-playground-voter", "secret": "llm-playground"}


def remember(page: Any) -> Any:
    """The component that holds the word, in the surrounding Blocks `page`; a new browser is given one."""
    word = gr.BrowserState("", **STORAGE)
    brought(page.load(_recognize, word, word, **DIRECT), "voter")
    return word


async def voter_of(arena: Arena, word: str, request: Request) -> str:
    """The voter under which this browser's votes are stored: the account that is signed in, else the word.

    A browser that keeps nothing is another voter in each window.
    """
    scope: Any = getattr(getattr(request, "request", None), "scope", None)
    return await arena.voter(f"browser {word or request.session_hash}", account_of(scope or {}))


def _recognize(word: str) -> str:
    return word or secrets.token_urlsafe(18)
