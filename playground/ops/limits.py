"""Refuses what is too big before anything reads it. Plain ASGI middleware; knows no route's meaning."""

from __future__ import annotations

import json
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_BYTES = 5_000_000
UPLOADS = "/gradio_api/upload"


class BodyLimit:
    """Answers 413 for a body over `max_bytes`, whether its length was announced or not."""

    def __init__(self, app: ASGIApp, max_bytes: int = MAX_BODY_BYTES) -> None:
        self.app = app
        self.max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in {"GET", "HEAD"} or scope["path"].startswith(UPLOADS):
            await self.app(scope, receive, send)
            return
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > self.max_bytes:
            await self._refuse(send)
            return
        seen = 0
        begun = refused = False

        async def counted() -> Message:
            nonlocal seen, refused
            message = await receive()
            seen += len(message.get("body", b""))
            if seen <= self.max_bytes:
                return message
            refused = True
            return {"type": "http.disconnect"}

        async def noted(message: Message) -> None:
            nonlocal begun
            if begun or not refused:
                begun = True
                await send(message)

        try:
            await self.app(scope, counted, noted)
        finally:
            if refused and not begun:
                await self._refuse(send)

    async def _refuse(self, send: Send) -> None:
        text = f"The request is larger than {self.max_bytes / 1e6:g} MB: shorten the text or send fewer messages."
        error: dict[str, Any] = {"kind": "bad_request", "message": text, "retry_after_s": None}
        body = json.dumps({"error": error}).encode()
        headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 413, "headers": headers})
        await send({"type": "http.response.body", "body": body})
