"""OpenAI's two wire formats, Responses and Chat Completions, for OpenAI and every compatible server.

The only file that knows the openai SDK. Knows no family by name: the request says which wire to use.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

import httpx2

from ..types import Event, Finished, FinishReason, Request, Started, TextDelta, ThinkingDelta, Usage
from . import faults
from .base import Endpoint, load_sdk

if TYPE_CHECKING:
    from openai import AsyncOpenAI

FINISH: dict[str, FinishReason] = {
    "length": "length",
    "max_tokens": "length",
    "max_output_tokens": "length",
    "content_filter": "content_filter",
}
# What Chat Completions itself has no name for; llama.cpp, vLLM and the routers take it in the body.
EXTENSIONS = ("top_k", "min_p")
CHAT_NAMES = {"effort": "reasoning_effort"}


class OpenAIProvider:
    """Any server that speaks OpenAI's protocol. `http` gives the shared client."""

    def __init__(self, endpoint: Endpoint, http: Callable[[], httpx2.AsyncClient]) -> None:
        self._endpoint = endpoint
        self._http = http

    async def stream(self, request: Request, key: str | None = None) -> AsyncGenerator[Event]:
        """As Provider.stream."""
        await load_sdk("openai")
        read = _responses if request.model.family.wire == "responses" else _chat
        async with self._translated(request):
            client = self._client if key is None else self._client.with_options(api_key=key)
            yield Started(request.dropped)
            async for event in read(client, request, self._endpoint):
                yield event

    @cached_property
    def _client(self) -> AsyncOpenAI:
        from openai import AsyncOpenAI

        return AsyncOpenAI(
            api_key=self._endpoint.api_key or "none",
            base_url=self._endpoint.base_url,
            http_client=self._http(),
            timeout=None,
            max_retries=0,
        )

    @asynccontextmanager
    async def _translated(self, request: Request) -> AsyncGenerator[None]:
        """Every foreign error of a call becomes a ProviderError here."""
        from openai import APIError, APIStatusError

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


async def _chat(client: Any, request: Request, endpoint: Endpoint) -> AsyncGenerator[Event]:
    reason: FinishReason | None = None
    usage: Usage | None = None
    detail = ""
    async with await client.chat.completions.create(**chat_body(request)) as stream:
        await faults.expect_events(stream.response, endpoint, request)
        async for chunk in stream:
            if chunk.usage:
                usage = _chat_usage(chunk.usage)
            for choice in chunk.choices or ():
                delta = choice.delta
                if delta is not None:
                    if thought := _thinking_of(delta):
                        yield ThinkingDelta(thought)
                    if delta.content:
                        yield TextDelta(delta.content)
                    if delta.refusal:
                        detail = "refusal"
                        yield TextDelta(delta.refusal)
                if choice.finish_reason:
                    reason = FINISH.get(choice.finish_reason, "stop")
    if reason is not None:
        yield Finished("content_filter" if detail else reason, usage, detail)


async def _responses(client: Any, request: Request, endpoint: Endpoint) -> AsyncGenerator[Event]:
    refused = ""
    async with await client.responses.create(**responses_body(request)) as stream:
        await faults.expect_events(stream.response, endpoint, request)
        async for event in stream:
            match event.type:
                case "response.output_text.delta":
                    yield TextDelta(event.delta)
                case "response.reasoning_summary_text.delta" | "response.reasoning_text.delta":
                    yield ThinkingDelta(event.delta)
                case "response.refusal.delta":
                    refused = "refusal"
                    yield TextDelta(event.delta)
                case "response.completed" | "response.incomplete":
                    details = event.response.incomplete_details
                    reason = FINISH.get((details and details.reason) or "", "stop")
                    usage = _responses_usage(event.response.usage)
                    yield Finished("content_filter" if refused else reason, usage, refused)
                    return
                case "response.failed" | "error":
                    failed = event.response.error if event.type == "response.failed" else event
                    body: object = {"error": failed and failed.to_dict()}
                    raise faults.from_response(200, body, stream.response.headers, endpoint, request)
                case _:
                    pass


def chat_body(request: Request) -> dict[str, Any]:
    """Arguments of chat.completions.create: what is set, under the names of this wire."""
    sent = request.sampling.sent()
    extra = {name: sent.pop(name) for name in EXTENSIONS if name in sent}
    if "stop" in sent:
        sent["stop"] = list(sent["stop"])
    body: dict[str, Any] = {
        "model": request.model.upstream,
        "messages": [{"role": message.role, "content": message.content} for message in request.messages],
        "stream": True,
        "stream_options": {"include_usage": True},
        **{CHAT_NAMES.get(name, name): value for name, value in sent.items()},
    }
    if extra:
        body["extra_body"] = extra
    if request.json_schema is not None:
        schema = {"name": "answer", "schema": dict(request.json_schema)}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    return body


def responses_body(request: Request) -> dict[str, Any]:
    """Arguments of responses.create. A summary of the thinking is asked for where the family thinks visibly."""
    sent = request.sampling.sent()
    body: dict[str, Any] = {
        "model": request.model.upstream,
        "input": [{"role": message.role, "content": message.content} for message in request.messages],
        "stream": True,
        "store": False,
    }
    effort = sent.pop("effort", None)
    reasoning = {} if effort is None else {"effort": effort}
    if request.model.family.thinking != "none" and effort != "none":
        reasoning["summary"] = "auto"
    if reasoning:
        body["reasoning"] = reasoning
    if "max_tokens" in sent:
        body["max_output_tokens"] = sent.pop("max_tokens")
    if request.json_schema is not None:
        body["text"] = {
            "format": {"type": "json_schema", "name": "answer", "schema": dict(request.json_schema), "strict": False}
        }
    return {**body, **sent}


def _thinking_of(delta: Any) -> str | None:
    """Compatible servers call it `reasoning` or `reasoning_content`; the SDK has no type for either."""
    extra: Mapping[str, Any] | None = delta.model_extra
    if not extra:
        return None
    thought = extra.get("reasoning_content") or extra.get("reasoning")
    return thought if isinstance(thought, str) else None


def _chat_usage(usage: Any) -> Usage:
    prompt, completion = usage.prompt_tokens_details, usage.completion_tokens_details
    return Usage(
        usage.prompt_tokens or 0,
        usage.completion_tokens or 0,
        (prompt and prompt.cached_tokens) or 0,
        (completion and completion.reasoning_tokens) or 0,
    )


def _responses_usage(usage: Any) -> Usage | None:
    if usage is None:
        return None
    cached, thinking = usage.input_tokens_details, usage.output_tokens_details
    return Usage(
        usage.input_tokens,
        usage.output_tokens,
        (cached and cached.cached_tokens) or 0,
        (thinking and thinking.reasoning_tokens) or 0,
    )
