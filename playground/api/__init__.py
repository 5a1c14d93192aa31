"""The HTTP side, on the page's own port. Thin: calls what the page calls. Knows no vendor and no Gradio."""

from __future__ import annotations

from typing import Any

from ..compose import Composition
from . import battles, chat, conversations, experiments, operation, tokens
from . import standings as boards
from .operation import Readiness


def build_routes(parts: Composition) -> list[Any]:
    """The routes to hand to Gradio's launch, in the order they are tried."""
    readiness = Readiness(parts.arena.unwritable, parts.guard, parts.gate)
    routers = [
        operation.build_router(readiness, parts.guard, parts.gate, parts.admin_token),
        chat.build_router(parts.backends),
        battles.build_router(parts.arena),
        conversations.build_router(parts.shelf),
        boards.build_router(parts.standings, parts.admin_token),
        experiments.build_router(parts.sweeps),
        tokens.build_router(parts.token_lab),
    ]
    return [route for router in routers for route in router.routes]
