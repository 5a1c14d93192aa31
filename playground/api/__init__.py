"""The HTTP side, on the page's own port. Thin: calls what the page calls. Knows no vendor and no Gradio."""

from __future__ import annotations

from typing import Any

from pydantic import SecretStr

from ..arena.battle import Arena
from ..arena.standings import Standings
from ..conversation.reply import Backends
from ..ops.gate import Gate
from ..ops.guard import Guard
from . import battles, chat, operation
from . import standings as boards
from .operation import Readiness


def build_routes(
    backends: Backends,
    arena: Arena,
    standings: Standings,
    guard: Guard,
    gate: Gate,
    admin_token: SecretStr | None,
) -> list[Any]:
    """The routes to hand to Gradio's launch, in the order they are tried."""
    return [
        *operation.build_router(Readiness(arena.unwritable, guard, gate), guard, gate, admin_token).routes,
        *chat.build_router(backends).routes,
        *battles.build_router(arena).routes,
        *boards.build_router(standings, admin_token).routes,
    ]
