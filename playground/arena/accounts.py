"""Who is signed in, as Gradio's sign-in notes it in the session's signed cookie. Pure; knows no page and no store."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, cast

# What a voter's hash begins with where it is an account's: the store keeps it, so votes can be told apart.
ACCOUNT = "account:"


def account_of(scope: Mapping[str, Any], now: float | None = None) -> str | None:
    """The account's id in the session of an ASGI `scope`, None for whoever is not signed in any more.

    Only where sign-in is offered is there a session at all, and only the server can have signed it.
    """
    session: Any = scope.get("session")
    noted: Any = cast(Mapping[str, Any], session).get("oauth_info") if isinstance(session, Mapping) else None
    if not isinstance(noted, Mapping):
        return None
    noted = cast(Mapping[str, Any], noted)
    until, who = noted.get("expires_at"), noted.get("userinfo")
    if isinstance(until, int | float) and until < (time.time() if now is None else now):
        return None
    found = cast(Mapping[str, Any], who).get("sub") if isinstance(who, Mapping) else None
    return found if isinstance(found, str) and found else None
