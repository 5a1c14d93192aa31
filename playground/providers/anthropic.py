"""Anthropic's Messages wire. The only file that knows the anthropic SDK; knows no family by name."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

import httpx2

from ..types import Event, Finished, FinishReason, Message, Request, Started, TextDelta, ThinkingDelta, Usage
from . import faults
from .base import Endpoint, load_sdk

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

FINISH: dict[str, FinishReason] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "refusal": "content_filter",
}
# The wire demands a limit. Unset means "leave it to the model", so its own limit is sent; where that is not known,
# this is room for an answer and small enough for every model.
DEFAULT_MAX_TOKENS = 4096
# What a report counts; each total grows, and input is the sum of its three.
COUNTS = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "output_tokens")
# The SDK's signature no longer has these: they go into the body, under the API version that still took them.
BODY_ONLY = ("temperature", "top_p", "top_k")


class AnthropicProvider:
    """Anthropic, or a server that speaks its protocol. `http` gives the shared client."""

    def __init__(self, endpoint: Endpoint, http: Callable[[], httpx2.AsyncClient]) -> None:
        self._endpoint = endpoint
        self._http = http

    async def stream(self, request: Request, key: str | None = None) -> AsyncGenerator[Event]:
        """As Provider.stream."""
        await load_sdk("anthropic")
        endpoint = faults.asked_with(self._endpoint, key)
        async with self._translated(endpoint, request):
            client = self._client if key is None else self._client.with_options(api_key=key)
            yield Started(request.dropped)
            async for event in _messages(client, request, endpoint):
                yield event

    async def list_models(self, key: str | None = None) -> list[str]:
        """Ids of the models; all of them chat."""
        await load_sdk("anthropic")
        client = self._client if key is None else self._client.with_options(api_key=key)
        return [model.id async for model in client.models.list(limit=1000)]

    @cached_property
    def _client(self) -> AsyncAnthropic:
        from anthropic import AsyncAnthropic

        return AsyncAnthropic(
            api_key=self._endpoint.api_key or "none",
            base_url=self._endpoint.base_url,
            http_client=self._http(),
            timeout=None,
            max_retries=0,
        )

    @asynccontextmanager
    async def _translated(self, endpoint: Endpoint, request: Request) -> AsyncGenerator[None]:
        """Every foreign error of a call becomes a ProviderError here, unchained: theirs may quote the key."""
        from anthropic import APIError, APIStatusError

        try:
            yield
        except APIStatusError as error:
            headers = error.response.headers
            raise faults.from_response(error.status_code, error.body, headers, endpoint, request) from None
        except Exception as error:
            known = faults.from_exception(error, endpoint, request)
            if known is None and isinstance(error, APIError):
                known = faults.from_response(200, error.body, {}, endpoint, request)
            if known is None:
                raise
            raise known from None


async def _messages(client: Any, request: Request, endpoint: Endpoint) -> AsyncGenerator[Event]:
    counts: dict[str, int] = {}
    stop: str | None = None
    refused: Any = None
    async with await client.messages.create(**messages_body(request)) as stream:
        await faults.expect_events(stream.response, endpoint, request)
        async for event in stream:
            # The SDK checks nothing it reads: a server that leaves something out must not trip us up.
            match event:
                case object(type="content_block_delta", delta=object(type="text_delta", text=str(text))):
                    yield TextDelta(text)
                case object(type="content_block_delta", delta=object(type="thinking_delta", thinking=str(thought))):
                    yield ThinkingDelta(thought)
                case object(type="content_block_start", content_block=object(type="text", text=str(text))) if text:
                    yield TextDelta(text)
                case object(type="message_start"):
                    counts |= _counts(getattr(event, "message", None))
                case object(type="message_delta"):
                    counts |= _counts(event)
                    delta = getattr(event, "delta", None)
                    stop = getattr(delta, "stop_reason", None) or stop
                    refused = getattr(delta, "stop_details", None) or refused
                    if stop == "model_context_window_exceeded":
                        raise faults.context_error(endpoint, request)
                case object(type="message_stop"):
                    if stop is not None:
                        yield _finished(stop, refused, counts)
                    return
                case _:
                    pass


def messages_body(request: Request) -> dict[str, Any]:
    """Arguments of messages.create: what is set, under the names of this wire."""
    family, sent = request.model.family, request.sampling.sent()
    turns = [message for message in request.messages if message.role != "system"]
    system = "\n\n".join(message.content for message in request.messages if message.role == "system")
    body: dict[str, Any] = {
        "model": request.model.upstream,
        "messages": [{"role": message.role, "content": _content(message)} for message in turns],
        "max_tokens": sent.get("max_tokens") or request.model.max_output_tokens or DEFAULT_MAX_TOKENS,
        "stream": True,
    }
    if system:
        body["system"] = system
    if "stop" in sent:
        body["stop_sequences"] = list(sent["stop"])
    if family.thinking != "none":
        body["thinking"] = {"type": "adaptive", "display": "summarized"}
    output: dict[str, Any] = {}
    if "effort" in sent:
        output["effort"] = sent["effort"]
    if request.json_schema is not None:
        output["format"] = {"type": "json_schema", "schema": dict(request.json_schema)}
    if output:
        body["output_config"] = output
    if extra := {name: sent[name] for name in BODY_ONLY if name in sent}:
        body["extra_body"] = extra
        if family.api_version:
            body["extra_headers"] = {"anthropic-version": family.api_version}
    return body


def _content(message: Message) -> str | list[dict[str, Any]]:
    if not message.images:
        return message.content
    seen = [
        {
            "type": "image",
            "source": {"type": "base64", "media_type": image.media_type, "data": b64encode(image.data).decode()},
        }
        for image in message.images
    ]
    return [*seen, *([{"type": "text", "text": message.content}] if message.content else [])]


def _counts(report: object) -> dict[str, int]:
    """What a report's usage says. Missing and zero alike leave what an earlier one said, since totals only grow."""
    reported = getattr(report, "usage", None)
    said = {name: getattr(reported, name, None) for name in COUNTS}
    said["thinking_tokens"] = getattr(getattr(reported, "output_tokens_details", None), "thinking_tokens", None)
    return {name: count for name, count in said.items() if isinstance(count, int) and count}


def _finished(stop: str, refused: Any, counts: dict[str, int]) -> Finished:
    reason = FINISH.get(stop, "stop")
    detail = (getattr(refused, "category", None) or stop) if reason == "content_filter" else ""
    plain, read, made, output = (counts.get(name, 0) for name in COUNTS)
    asked = plain + read + made
    usage = Usage(asked, output, read, counts.get("thinking_tokens", 0)) if asked and output else None
    return Finished(reason, usage, detail)
