"""What a wire is to the tests: how one vendor says things, as bytes; and responses made of such bytes."""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import httpx2

from playground.models.catalog import load_catalog
from playground.providers.base import Endpoint
from playground.settings import load_settings
from playground.types import Message, Request, SamplingParams

KEY = "sk-canary-0123456789"
CATALOG = load_catalog(load_settings({}))
ASKED = (Message("system", "Be brief."), Message("user", "Hello"))


def sse(value: object, event: str | None = None) -> bytes:
    name = f"event: {event}\n" if event else ""
    return f"{name}data: {json.dumps(value)}\n\n".encode()


class Chunks(httpx2.AsyncByteStream):
    """A body that arrives in the given chunks; an exception among them is raised, a callable awaited."""

    def __init__(self, *chunks):
        self.chunks = chunks

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self.chunks:
            if isinstance(chunk, Exception):
                raise chunk
            if callable(chunk):
                await chunk()
            else:
                yield chunk


def event_stream(*chunks) -> httpx2.Response:
    return httpx2.Response(200, headers={"content-type": "text/event-stream"}, stream=Chunks(*chunks))


@dataclass(frozen=True)
class Wire:
    """How one vendor says things. `close(reason, usage)` ends an answer: reason is stop, length or refusal."""

    name: str
    model_id: str
    adapter: type
    opening: bytes
    text: Callable[[str], bytes]
    thinking: Callable[[str], bytes]
    close: Callable[[str, bool], bytes]
    error_event: bytes
    error_body: Callable[[str, str], object]
    invalid_text: bytes
    base_url: str | None = None

    def provider(self, handler, base_url=None):
        transport = httpx2.MockTransport(handler)
        http = httpx2.AsyncClient(transport=transport)
        return self.adapter(Endpoint("Vendor", "VENDOR_API_KEY", KEY, base_url or self.base_url), lambda: http)

    def request(self, sampling=SamplingParams(), dropped=(), messages=ASKED, schema=None) -> Request:
        return Request(CATALOG.get(self.model_id), messages, sampling, dropped, schema)

    def answer(self, text: str, reason: str = "stop", usage: bool = True) -> bytes:
        return self.opening + self.text(text) + self.close(reason, usage)
