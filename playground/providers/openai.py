"""OpenAI and every compatible server. The only file that knows the openai SDK; knows no family by name.

The SDK asks and the stream's bytes are read here: its own reading costs several times what all the rest of a stream
does, and checks nothing.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import aclosing, asynccontextmanager, suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import httpx2

from ..types import Event, Request, Started, together
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

    async def stream(self, request: Request, key: str | None = None) -> AsyncGenerator[Event]:
        """As Provider.stream."""
        wire = WIRES.get(request.model.family.wire, CHAT)
        endpoint = faults.asked_with(self._endpoint, key)
        await load_sdk("openai")
        async with _translated(endpoint, request):
            client = self._client.with_options(api_key=key) if key else self._client
            yield Started(request.dropped)
            async for event in _answer(client, wire, request, endpoint):
                yield event

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


@asynccontextmanager
async def _translated(endpoint: Endpoint, request: Request) -> AsyncGenerator[None]:
    """Every foreign error of a call becomes a ProviderError here.

    Nothing is chained: the SDK's own errors quote the provider, and that may quote the key.
    """
    from openai import APIError, APIStatusError

    try:
        yield
    except APIStatusError as error:
        raise faults.from_response(error.status_code, error.body, error.response.headers, endpoint, request) from None
    except Exception as error:
        known = faults.from_exception(error, endpoint, request)
        if known is None and isinstance(error, APIError):
            known = faults.from_response(200, error.body, {}, endpoint, request)
        if known is None:
            raise
        raise known from None


async def _answer(client: AsyncOpenAI, wire: Wire, request: Request, endpoint: Endpoint) -> AsyncGenerator[Event]:
    from openai import AsyncStream

    response = client.post(
        wire.path, body=wire.body(request), cast_to=object, stream=True, stream_cls=AsyncStream[object]
    )
    async with await response as stream:
        headers = stream.response.headers
        await faults.expect_events(stream.response, endpoint, request)
        so_far = SoFar(
            lambda body: faults.from_response(200, body, headers, endpoint, request),
            faults.protocol_error(endpoint, request),
        )
        async with aclosing(_arriving(stream.response, so_far)) as arriving:
            strange = False
            async for pieces in arriving:
                events, error = _read(pieces, wire, so_far)
                for event in together(events):
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


def _read(pieces: Iterator[object], wire: Wire, so_far: SoFar) -> tuple[list[Event], Exception | None]:
    """What arrived together, and what is wrong behind it."""
    events: list[Event] = []
    try:
        for piece in pieces:
            events.extend(wire.read(so_far.table(piece), so_far))
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
        value: Any = json.loads(data)
        if isinstance(value, dict) and (error := cast(dict[str, Any], value).get("error")):
            raise so_far.fault(error)
        yield value


async def _rest(arriving: AsyncIterator[Iterator[object]], wire: Wire, so_far: SoFar) -> list[Event]:
    """What follows the end marker, not waited for long: an answer that has ended stays ended."""
    events: list[Event] = []
    with suppress(Exception):
        async with asyncio.timeout(REST_S):
            async for pieces in arriving:
                events += _read(pieces, wire, so_far)[0]
    return events
