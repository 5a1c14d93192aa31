"""Anthropic's Messages wire. The only file that knows the anthropic SDK; knows no family by name."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

import httpx2

from ..types import Event, Finished, FinishReason, Request, Started, TextDelta, ThinkingDelta, Usage
from . import faults
from .base import Endpoint

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

FINISH: dict[str, FinishReason] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "refusal": "content_filter",
}
# The wire demands a limit; without one set, this is room enough for an answer and small enough for every model.
DEFAULT_MAX_TOKENS = 4096
# The SDK's signature no longer has these: they go into the body, under the API version that still took them.
BODY_ONLY = ("temperature", "top_p", "top_k")


class AnthropicProvider:
    """Anthropic, or a server that speaks its protocol. `http` gives the shared client."""

    def __init__(self, endpoint: Endpoint, http: Callable[[], httpx2.AsyncClient]) -> None:
        self._endpoint = endpoint
        self._http = http

    async def stream(self, request: Request, key: str | None = None) -> AsyncGenerator[Event]:
        """As Provider.stream."""
        async with self._translated(request):
            client = self._client if key is None else self._client.with_options(api_key=key)
            yield Started(request.dropped)
            async for event in _messages(client, request, self._endpoint):
                yield event

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
    async def _translated(self, request: Request) -> AsyncGenerator[None]:
        """Every foreign error of a call becomes a ProviderError here."""
        from anthropic import APIError, APIStatusError

        try:
            yield
        except APIStatusError as error:
            headers = error.response.headers
            raise faults.from_response(error.status_code, error.body, headers, self._endpoint, request) from error
        except Exception as error:
            known = faults.from_exception(error, self._endpoint, request)
            if known is None and isinstance(error, APIError):
                known = faults.from_response(200, error.body, {}, self._endpoint, request)
            if known is None:
                raise
            raise known from error


async def _messages(client: Any, request: Request, endpoint: Endpoint) -> AsyncGenerator[Event]:
    usage = Usage()
    reason: FinishReason | None = None
    detail = ""
    async with await client.messages.create(**messages_body(request)) as stream:
        await faults.expect_events(stream.response, endpoint, request)
        async for event in stream:
            match event.type:
                case "content_block_delta":
                    if event.delta.type == "text_delta":
                        yield TextDelta(event.delta.text)
                    elif event.delta.type == "thinking_delta":
                        yield ThinkingDelta(event.delta.thinking)
                case "message_start":
                    usage = _usage(event.message.usage, usage)
                case "message_delta":
                    usage = _usage(event.usage, usage)
                    stop = event.delta.stop_reason
                    if stop == "model_context_window_exceeded":
                        raise faults.context_error(endpoint, request)
                    if stop:
                        reason = FINISH.get(stop, "stop")
                        detail = _why_refused(event.delta) if stop == "refusal" else ""
                case "message_stop":
                    if reason is not None:
                        yield Finished(reason, usage if usage.output_tokens else None, detail)
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
        "messages": [{"role": message.role, "content": message.content} for message in turns],
        "max_tokens": sent.get("max_tokens") or min(DEFAULT_MAX_TOKENS, request.model.max_output_tokens or 2**31),
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


def _usage(reported: Any, before: Usage) -> Usage:
    """Counts are cumulative; a later report may leave out what an earlier one had. Input includes the cache."""
    read, made = reported.cache_read_input_tokens, reported.cache_creation_input_tokens
    plain = reported.input_tokens
    known = plain is not None and (plain or read or made)
    details: Any = getattr(reported, "output_tokens_details", None)
    return Usage(
        (plain or 0) + (read or 0) + (made or 0) if known else before.input_tokens,
        reported.output_tokens or before.output_tokens,
        (read or 0) if known else before.cached_tokens,
        getattr(details, "thinking_tokens", None) or before.thinking_tokens,
    )


def _why_refused(delta: Any) -> str:
    details = getattr(delta, "stop_details", None)
    return getattr(details, "category", None) or "refusal"
