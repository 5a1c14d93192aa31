"""Refuses what is too big before anything reads it. Plain ASGI middleware; knows no route's meaning."""

from __future__ import annotations

import json
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_BYTES = 5_000_000
# All files of one request, as the page sends what was chosen at once; each file has a limit of its own.
MAX_UPLOAD_BYTES = 15_000_000
UPLOADS = "/gradio_api/upload"
SHORTEN = "shorten the text or send fewer messages"
CHOOSE_FEWER = "choose fewer or smaller files"


class BodyLimit:
    """Answers 413 for a body over `max_bytes`, of files over `max_upload_bytes`, whether its length was told or not."""

    def __init__(self, app: ASGIApp, max_bytes: int = MAX_BODY_BYTES, max_upload_bytes: int = MAX_UPLOAD_BYTES) -> None:
        self.app = app
        self.max_bytes = max_bytes
        self.max_upload_bytes = max_upload_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in {"GET", "HEAD"}:
            await self.app(scope, receive, send)
            return
        uploads = scope["path"].startswith(UPLOADS)
        most, advice = (self.max_upload_bytes, CHOOSE_FEWER) if uploads else (self.max_bytes, SHORTEN)
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > most:
            await _refuse(send, most, advice)
            return
        seen = 0
        begun = refused = False

        async def counted() -> Message:
            nonlocal seen, refused
            message = await receive()
            seen += len(message.get("body", b""))
            if seen <= most:
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
                await _refuse(send, most, advice)


async def _refuse(send: Send, most: int, advice: str) -> None:
    text = f"The request is larger than {most / 1e6:g} MB: {advice}."
    error: dict[str, Any] = {"kind": "bad_request", "message": text, "retry_after_s": None}
    body = json.dumps({"error": error, "detail": text}).encode()  # the page's own client shows the detail
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body})
