"""A route whose ArenaErrors have status codes of their own. Knows no route."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse, Response

from ..arena.records import ArenaError, ArenaErrorKind
from .wire import PlainErrors, error_body

STATUS: dict[ArenaErrorKind, int] = {
    "bad_request": 400,
    "auth": 401,
    "context_length": 400,
    "not_found": 404,
    "conflict": 409,
    "too_early": 425,
    "rate_limit": 429,
    "unavailable": 503,
}


class ArenaRoute(PlainErrors):
    """A route whose ArenaErrors have their own status codes."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_plainly(request: Request) -> Response:
            try:
                return await handle(request)
            except ArenaError as error:
                body = error_body(error.kind, error.message)
                return JSONResponse(
                    body if error.outcome is None else {**body, "outcome": error.outcome}, STATUS[error.kind]
                )

        return handle_plainly
