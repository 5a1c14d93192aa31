"""What all routes share: error bodies, status codes, server-sent events. Knows no route."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from typing import Any, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response, StreamingResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from ..errors import ErrorKind, PlaygroundError

log = logging.getLogger(__name__)

T = TypeVar("T")

STATUS: dict[ErrorKind, int] = {
    "bad_request": 400,
    "unsupported_param": 400,
    "context_length": 400,
    "blocked": 400,
    "auth": 401,
    "quota": 402,
    "permission": 403,
    "not_found": 404,
    "rate_limit": 429,
    "connection": 502,
    "protocol": 502,
    "truncated": 502,
    "server": 502,
    "overloaded": 503,
    "timeout": 504,
}
BROKEN = "The playground itself failed on this request: try again, and tell its owner if it happens again."
NOT_JSON = "The body cannot be read as JSON: check its quotes, brackets and encoding."
STREAM_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
DONE = "data: [DONE]\n\n"


class PlainErrors(APIRoute):
    """A route whose malformed bodies are answered in our own error shape, naming the field."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_plainly(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError as error:
                return error_response("bad_request", "; ".join(map(_field_sentence, error.errors())), status=422)
            except HTTPException:
                return error_response("bad_request", NOT_JSON, status=422)
            except PlaygroundError:
                raise
            except Exception as error:
                log.error("a request failed: %s", request.url.path, exc_info=error)
                return error_response("server", BROKEN, status=500)

        return handle_plainly


class EventStream(StreamingResponse):
    """Server-sent events, until the client hangs up. Starlette's own watch over that costs a fifth of a request."""

    def __init__(self, events: AsyncGenerator[str]) -> None:
        super().__init__(events, media_type="text/event-stream", headers=STREAM_HEADERS)
        self._events = events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        try:
            await unless_gone(receive, self.stream_response(send))
        finally:
            await self._events.aclose()  # cut off while it sent, it would wait to be collected, and its model write on


async def unless_gone(receive: Receive, work: Coroutine[Any, Any, T]) -> T | None:
    """The result of `work`, or None as soon as the client has hung up: nobody pays for an unread answer."""
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_disconnected(receive))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        gone.cancel()
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
            if not task.cancelled() and (error := task.exception()):
                log.error("what nobody waits for any more failed at its end", exc_info=error)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def error_body(kind: str, message: str, retry_after_s: float | None = None) -> dict[str, Any]:
    return {"error": {"kind": kind, "message": message, "retry_after_s": retry_after_s}}


def error_response(
    kind: ErrorKind, message: str, retry_after_s: float | None = None, *, status: int | None = None
) -> JSONResponse:
    headers = {} if retry_after_s is None else {"Retry-After": str(int(retry_after_s + 0.999))}
    return JSONResponse(error_body(kind, message, retry_after_s), status or STATUS[kind], headers)


def event(value: Mapping[str, Any]) -> str:
    return f"data: {json.dumps(value)}\n\n"


def _field_sentence(problem: Mapping[str, Any]) -> str:
    if problem["type"] == "json_invalid":
        return NOT_JSON
    where = ".".join(str(part) for part in problem["loc"] if part != "body") or "the body"
    return f"{where}: {problem['msg']}"
