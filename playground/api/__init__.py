"""The HTTP side, on the page's own port. Thin: calls what the page calls. Knows no vendor and no Gradio."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import SecretStr

from ..arena.battle import Arena
from ..arena.standings import Standings
from ..conversation.reply import Backends
from ..lab.token_lab import TokenLab
from . import battles, chat, tokens
from . import standings as boards


@dataclass(frozen=True)
class Live:
    """What /healthz says."""

    status: Literal["ok"] = "ok"


def build_routes(
    backends: Backends, arena: Arena, standings: Standings, lab: TokenLab, admin_token: SecretStr | None
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
        *boards.build_router(standings, admin_token).routes,
        *tokens.build_router(lab).routes,
    ]
