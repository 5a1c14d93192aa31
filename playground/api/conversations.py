"""/conversations: where the page keeps them if the owner wants them on the server. Thin; knows no page.

The header `X-Browser` holds the secret word of a browser; who does not say it sees nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Header
from fastapi.responses import JSONResponse, Response

from ..conversation.shelf import Shelf, ShelfError

T = TypeVar("T")
Word = Annotated[str, Header(alias="X-Browser")]


def build_router(shelf: Shelf | None) -> APIRouter:
    """No routes without a shelf."""
    router = APIRouter(tags=["conversations"], prefix="/conversations")
    if shelf is None:
        return router

    async def done(work: Callable[..., Any], *arguments: Any) -> Response:
        try:
            return JSONResponse(await asyncio.to_thread(work, *arguments))
        except ShelfError as error:
            return _refused(str(error), error.status)
        except OSError:
            return _refused("The server's disk cannot be written: the conversation is not kept. Export it.", 507)

    @router.get("")
    async def heads(word: Word = "", whole: bool = False) -> Response:
        """{"id", "name", "updated"} of each conversation of this browser; with `whole` all of each."""
        return await done(shelf.records if whole else shelf.heads, word)

    @router.get("/{conversation}")
    async def get(conversation: str, word: Word = "") -> Response:
        return await done(shelf.get, word, conversation)

    @router.put("/{conversation}")
    async def put(conversation: str, record: dict[str, Any], word: Word = "") -> Response:
        return await done(shelf.put, word, conversation, record)

    @router.delete("/{conversation}")
    async def delete(conversation: str, word: Word = "") -> Response:
        return await done(shelf.delete, word, conversation)

    return router


def _refused(message: str, status: int) -> Response:
    return JSONResponse({"error": {"kind": "bad_request", "message": message, "retry_after_s": None}}, status)
