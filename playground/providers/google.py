"""Gemini's generateContent wire. The only file that knows google-genai; knows no family by name."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

import httpx2
from pydantic import ValidationError

from ..types import Event, Family, Finished, FinishReason, Message, Request, Started, TextDelta, ThinkingDelta, Usage
from . import faults
from .base import Endpoint, load_sdk

if TYPE_CHECKING:
    from google.genai import Client

# Every other reason means that Gemini withheld the rest: SAFETY, RECITATION, SPII, OTHER and a growing list.
FINISH: dict[str, FinishReason] = {"STOP": "stop", "MAX_TOKENS": "length", "CONTINUATION": "length"}
# The zero value of the enumeration: the same as no reason at all.
NO_REASON = "FINISH_REASON_UNSPECIFIED"
NAMES = {"max_tokens": "max_output_tokens", "stop": "stop_sequences"}
# Families that take a budget of thinking tokens instead of a level.
BUDGETS = {"low": 1_024, "medium": 8_192, "high": 24_576}
ROLES = {"user": "user", "assistant": "model"}


class GoogleProvider:
    """Gemini's API, or a server that speaks its protocol. `http` gives the shared client."""

    def __init__(self, endpoint: Endpoint, http: Callable[[], httpx2.AsyncClient]) -> None:
        self._endpoint = endpoint
        self._http = http

    async def stream(self, request: Request, key: str | None = None) -> AsyncGenerator[Event]:
        """As Provider.stream."""
        await load_sdk("google.genai")
        endpoint = faults.asked_with(self._endpoint, key)
        async with self._translated(endpoint, request):
            arguments = generate_arguments(request, key)
            client = self._client
            yield Started(request.dropped)
            async for event in _generate(client, arguments):
                yield event

    async def list_models(self, key: str | None = None) -> list[str]:
        """Ids of the models that generate content."""
        await load_sdk("google.genai")
        options: Any = {"headers": {"x-goog-api-key": key}} if key else None
        pager = await self._client.aio.models.list(config={"page_size": 1000, "http_options": options})
        return [
            (model.name or "").removeprefix("models/")
            async for model in pager
            if "generateContent" in (model.supported_actions or ())
        ]

    @cached_property
    def _client(self) -> Client:
        from google.genai import Client
        from google.genai.types import HttpOptions, HttpRetryOptions

        base_url, version = split_version(self._endpoint.base_url)
        options = HttpOptions(
            base_url=base_url,
            api_version=version,
            httpx_async_client=httpx2.AsyncClient(transport=_DataOnly(self._http), timeout=None),
            retry_options=HttpRetryOptions(attempts=1),
        )
        return Client(api_key=self._endpoint.api_key or "none", vertexai=False, http_options=options)

    @asynccontextmanager
    async def _translated(self, endpoint: Endpoint, request: Request) -> AsyncGenerator[None]:
        """Every foreign error of a call becomes a ProviderError here, unchained: theirs may quote the key."""
        from google.genai.errors import APIError, UnknownApiResponseError

        try:
            yield
        except APIError as error:
            failed: Any = error
            headers = getattr(failed.response, "headers", {})
            raise faults.from_response(failed.code, failed.details, headers, endpoint, request) from None
        except UnknownApiResponseError:
            raise faults.protocol_error(endpoint, request) from None
        except UnicodeEncodeError:  # a header holds ASCII, and the key is the one that people type
            raise faults.from_response(401, None, {}, endpoint, request) from None
        except Exception as error:
            known = faults.from_exception(error, endpoint, request)
            if known is None:
                raise
            raise known from None


async def _generate(client: Any, arguments: dict[str, Any]) -> AsyncGenerator[Event]:
    usage: Usage | None = None
    finished: Finished | None = None
    async for chunk in _chunks(await client.aio.models.generate_content_stream(**arguments)):
        if chunk.usage_metadata:
            usage = _usage(chunk.usage_metadata)
        if chunk.prompt_feedback and chunk.prompt_feedback.block_reason:
            finished = Finished("content_filter", None, _name(chunk.prompt_feedback.block_reason))
        for candidate in (chunk.candidates or ())[:1]:
            for part in (candidate.content and candidate.content.parts) or ():
                if part.text:
                    yield ThinkingDelta(part.text) if part.thought else TextDelta(part.text)
            if (reason := _name(candidate.finish_reason)) not in ("", NO_REASON):
                finished = Finished(FINISH.get(reason, "content_filter"), None, "" if reason in FINISH else reason)
    if finished is not None:
        yield Finished(finished.reason, usage, finished.detail)


async def _chunks(chunks: AsyncIterator[Any]) -> AsyncGenerator[Any]:
    """The SDK's chunks. Over JSON of another shape it stumbles, with whatever error that happens to be."""
    from google.genai.errors import UnknownApiResponseError

    try:
        async for chunk in chunks:
            yield chunk
    except (AttributeError, TypeError, ValidationError) as error:
        raise UnknownApiResponseError("JSON of another shape") from error


def generate_arguments(request: Request, key: str | None = None) -> dict[str, Any]:
    """Arguments of generate_content_stream: what is set, under the names of this wire; `key` for this call alone."""
    family, sent = request.model.family, request.sampling.sent()
    turns = [message for message in request.messages if message.role != "system"]
    effort = sent.pop("effort", None)
    if "stop" in sent:
        sent["stop"] = list(sent["stop"])
    config: dict[str, Any] = {NAMES.get(name, name): value for name, value in sent.items()}
    # Else the SDK goes on with requests of its own, and reports the tokens of the last one only.
    config["automatic_continuation"] = False
    if http := _http_options(family, key):
        config["http_options"] = http
    if system := "\n\n".join(message.content for message in request.messages if message.role == "system"):
        config["system_instruction"] = system
    if family.thinking != "none":
        thinking: dict[str, Any] = {"include_thoughts": True}
        if effort is not None and family.thinking == "level":
            thinking["thinking_level"] = effort
        elif effort is not None:
            thinking["thinking_budget"] = BUDGETS[effort]
        config["thinking_config"] = thinking
    if request.json_schema is not None:
        config["response_mime_type"] = "application/json"
        config["response_json_schema"] = dict(request.json_schema)
    elif request.json_mode:
        config["response_mime_type"] = "application/json"
    contents = [{"role": ROLES[message.role], "parts": _parts(message)} for message in turns]
    return {"model": request.model.upstream, "contents": contents, "config": config}


def _parts(message: Message) -> list[dict[str, Any]]:
    seen = [{"inline_data": {"mime_type": image.media_type, "data": image.data}} for image in message.images]
    return [*seen, *([{"text": message.content}] if message.content or not seen else [])]


def split_version(base_url: str | None) -> tuple[str | None, str | None]:
    """(address, API version): an address may end in the version it serves, as in https://host/v1beta."""
    match = re.fullmatch(r"(.*?)/(v\d\w*)/?", base_url or "")
    return (match[1], match[2]) if match else (base_url, None)


def _http_options(family: Family, key: str | None) -> dict[str, Any]:
    """What one call says differently: the reader's own key, the API version that knows the family."""
    options: dict[str, Any] = {}
    if key:
        options["headers"] = {"x-goog-api-key": key}
    if family.api_version:
        options["api_version"] = family.api_version
    return options


def _name(reason: Any) -> str:
    return str(getattr(reason, "value", reason) or "")


def _usage(reported: Any) -> Usage:
    """Input includes what came from the cache; thinking is counted apart from the answer, and is output too."""
    thinking = reported.thoughts_token_count or 0
    return Usage(
        reported.prompt_token_count or 0,
        (reported.candidates_token_count or 0) + thinking,
        reported.cached_content_token_count or 0,
        thinking,
    )


class _DataOnly(httpx2.AsyncBaseTransport):
    """Sends through the shared client; of an event stream only the data passes: google-genai fails on the rest."""

    def __init__(self, http: Callable[[], httpx2.AsyncClient]) -> None:
        self._http = http

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await self._http().send(request, stream=True)
        headers = {name: value for name, value in response.headers.items() if name not in DECODED}
        is_stream = "text/event-stream" in headers.get("content-type", "") and response.status_code == 200
        stream = _Lines(response) if is_stream else _Whole(response)
        return httpx2.Response(response.status_code, headers=headers, stream=stream)


DECODED = frozenset({"content-encoding", "content-length", "transfer-encoding"})
# Comments, and the fields of an event that are not its data.
PASSED_OVER = (b":", b"event:", b"id:", b"retry:")


class _Whole(httpx2.AsyncByteStream):
    def __init__(self, response: httpx2.Response) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._response.aiter_bytes():
            yield piece

    async def aclose(self) -> None:
        await self._response.aclose()


class _Lines(_Whole):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        rest = b""
        async for piece in self._response.aiter_bytes():
            *lines, rest = (rest + piece).split(b"\n")
            if kept := b"".join(_spaced(line) + b"\n" for line in lines if not line.startswith(PASSED_OVER)):
                yield kept
        if rest and not rest.startswith(PASSED_OVER):
            yield _spaced(rest)


def _spaced(line: bytes) -> bytes:
    """google-genai knows data only by the space that the standard leaves to the sender."""
    return b"data: " + line[5:] if line.startswith(b"data:") and line[5:6] != b" " else line
