"""OpenAI and every compatible server. The only file that knows the openai SDK; knows no family by name.

The SDK says where to ask and with which headers, once, and lists the models. Questions go out and streams are read
here: it takes half a millisecond to write a request down, and several times what all the rest of a stream does to read
one, and checks nothing of it.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator
from contextlib import aclosing, contextmanager, suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import httpx2
import orjson

from ..types import Event, Request, Started, joined
from . import faults
from .base import Endpoint, load_sdk
from .openai_wires import CHAT, WIRES, SoFar, Wire
from .sse import Events

if TYPE_CHECKING:
    from openai import AsyncOpenAI

# After the end marker comes the usage (Chat), or nothing; reading that nothing lets the connection be used again.
REST_S = 1.0
# The list has no word for what a model does; these do something else.
NO_CHAT = re.compile(
    r"embed|whisper|tts|dall-e|image|moderation|transcri|realtime|audio|sora|babbage|davinci|rerank|computer-use", re.I
)


class OpenAIProvider:
    """Any server that speaks OpenAI's protocol. `http` gives the shared client."""

    def __init__(self, endpoint: Endpoint, http: Callable[[], httpx2.AsyncClient]) -> None:
        self._endpoint = endpoint
        self._http = http
        self._envelopes: dict[str, httpx2.Request] = {}  # by path, for the owner's key

    async def stream(self, request: Request, key: str | None = None) -> AsyncGenerator[Event]:
        """As Provider.stream."""
        wire = WIRES.get(request.model.family.wire, CHAT)
        endpoint = faults.asked_with(self._endpoint, key)
        await load_sdk("openai")
        with _translated(endpoint, request):
            asked = self._asked(wire, request, key)
            yield Started(request.dropped)
            response = await self._http().send(asked, stream=True)
            async for event in _answer(response, wire, request, endpoint):
                yield event

    def _asked(self, wire: Wire, request: Request, key: str | None) -> httpx2.Request:
        if key:
            envelope = self._envelope(self._client.with_options(api_key=key), wire.path)
        elif (envelope := self._envelopes.get(wire.path)) is None:
            envelope = self._envelopes[wire.path] = self._envelope(self._client, wire.path)
        # Written as the SDK writes it. What JSON or a header cannot hold is told of by `_translated`.
        body = json.dumps(wire.body(request), ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
        return httpx2.Request(
            "POST", envelope.url, headers=envelope.headers, content=body, extensions=envelope.extensions
        )

    def _envelope(self, client: AsyncOpenAI, path: str) -> httpx2.Request:
        """Where a question goes and what its head says; it has no body yet."""
        # As the SDK puts them together: a later one replaces an earlier one, or takes it away.
        said = {name.lower(): value for name, value in (client.auth_headers | client.default_headers).items()}
        envelope = self._http().build_request(
            "POST",
            client.base_url.copy_with(raw_path=client.base_url.raw_path + path.lstrip("/").encode()),
            headers={name: value for name, value in said.items() if isinstance(value, str)},
            timeout=None,
        )
        for own in ("content-length", "cookie"):  # of one question, and of whoever asked before
            envelope.headers.pop(own, None)
        return envelope

    async def list_models(self, key: str | None = None) -> list[str]:
        """Ids of the models that can chat, as far as their names tell."""
        await load_sdk("openai")
        client = self._client.with_options(api_key=key) if key else self._client
        return [model.id async for model in client.models.list() if not NO_CHAT.search(model.id)]

    @cached_property
    def _client(self) -> AsyncOpenAI:
        from openai import AsyncOpenAI, Omit

        # The SDK would add these from the environment, to every compatible server and to a reader's own key as well.
        ambient: dict[str, Any] = {"OpenAI-Organization": Omit(), "OpenAI-Project": Omit()}
        return AsyncOpenAI(
            api_key=self._endpoint.api_key or "none",
            base_url=self._endpoint.base_url,
            default_headers=ambient,
            http_client=self._http(),
            timeout=None,
            max_retries=0,
        )


@contextmanager
def _translated(endpoint: Endpoint, request: Request) -> Generator[None]:
    """Every foreign error of a call becomes a ProviderError here, unchained: theirs may quote the key."""
    try:
        yield
    except Exception as error:
        if (known := faults.from_exception(error, endpoint, request)) is None:
            raise
        raise known from None


async def _answer(response: httpx2.Response, wire: Wire, request: Request, endpoint: Endpoint) -> AsyncGenerator[Event]:
    async with aclosing(response):
        if not response.is_success:
            await response.aread()
            raise faults.from_response(response.status_code, _said(response), response.headers, endpoint, request)
        await faults.expect_events(response, endpoint, request)
        so_far = SoFar(
            lambda body: faults.from_response(200, body, response.headers, endpoint, request),
            faults.protocol_error(endpoint, request),
        )
        async with aclosing(_arriving(response, so_far)) as arriving:
            strange = False
            async for pieces in arriving:
                events, error = _read(pieces, wire, so_far)
                for event in joined(events):
                    yield event
                if so_far.reason is not None:
                    break
                if error is not None:
                    raise error
                strange = not so_far.heard
            if so_far.reason is not None:
                for event in await _rest(arriving, wire, so_far):
                    yield event
                yield so_far.finished()
            elif strange:
                raise so_far.malformed


def _said(response: httpx2.Response) -> object:
    """The body of an error: parsed, or its text."""
    try:
        return response.json()
    except ValueError:
        return response.text


def _read(pieces: Iterator[object], wire: Wire, so_far: SoFar) -> tuple[list[Event], Exception | None]:
    """What arrived together, and what is wrong behind it."""
    events: list[Event] = []
    try:
        for piece in pieces:
            wire.read(so_far.table(piece), so_far, events)
    except Exception as error:
        return events, error
    return events, None


async def _arriving(response: httpx2.Response, so_far: SoFar) -> AsyncGenerator[Iterator[object]]:
    """The JSON of the events that arrived together, until the end marker."""
    events, arriving = Events(), response.aiter_bytes()
    async for bytes_ in arriving:
        if not (known := events.feed(bytes_)):
            continue
        last = next((at for at, data in enumerate(known) if data.startswith(b"[DONE]")), None)
        if last != 0:
            yield _pieces(known[:last], so_far)
        if last is not None:
            with suppress(Exception):  # read to its end, a connection can be used again
                async with asyncio.timeout(REST_S):
                    async for _ in arriving:
                        pass
            return


def _pieces(events: list[bytes], so_far: SoFar) -> Iterator[object]:
    """The JSON of each event; an error among them is raised."""
    for data in events:
        value: Any = _parsed(data)
        if isinstance(value, dict) and (error := cast(dict[str, Any], value).get("error")):
            raise so_far.fault(error)
        yield value


def _parsed(data: bytes) -> object:
    """What orjson refuses and others take, half an escaped character or NaN, is not refused here."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return json.loads(data.decode("utf-8", "surrogatepass"))


async def _rest(arriving: AsyncIterator[Iterator[object]], wire: Wire, so_far: SoFar) -> list[Event]:
    """What follows the end marker, not waited for long: an answer that has ended stays ended."""
    events: list[Event] = []
    with suppress(Exception):
        async with asyncio.timeout(REST_S):
            async for pieces in arriving:
                events += _read(pieces, wire, so_far)[0]
    return events
