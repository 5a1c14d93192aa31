"""The HTTP side, on the page's own port. Thin: calls what the page calls. Knows no vendor and no Gradio."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import SecretStr

from ..arena.battle import Arena
from ..arena.standings import Standings
from ..conversation.reply import Backends
from ..conversation.shelf import Shelf
from . import battles, chat, conversations
from . import standings as boards


@dataclass(frozen=True)
class Live:
    """What /healthz says."""

    status: Literal["ok"] = "ok"


def build_routes(
    backends: Backends, arena: Arena, standings: Standings, admin_token: SecretStr | None, shelf: Shelf | None = None
) -> list[Any]:
    """The routes to hand to Gradio's launch, in the order they are tried."""
    operation = APIRouter(tags=["operation"])

    @operation.get("/healthz")
    async def healthz() -> Live:
        """Says that the process is alive; asks no provider."""
        return Live()

    return [
        *operation.routes,
        *chat.build_router(backends).routes,
        *battles.build_router(arena).routes,
        *conversations.build_router(shelf).routes,
        *boards.build_router(standings, admin_token).routes,
    ]
