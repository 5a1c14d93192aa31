"""Each vendor's wire format as bytes: what a server of theirs sends for an answer, piece by piece."""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import httpx2

from playground.models.catalog import load_catalog
from playground.providers.anthropic import AnthropicProvider
from playground.providers.base import Endpoint
from playground.providers.google import GoogleProvider
from playground.providers.openai import OpenAIProvider
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


# OpenAI Chat Completions


def chat_chunk(choices, **more) -> bytes:
    return sse({"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": choices, **more})


def chat_delta(finish=None, **delta) -> bytes:
    return chat_chunk([{"index": 0, "delta": delta, "finish_reason": finish}])


def chat_close(reason: str, usage: bool) -> bytes:
    said = {
        "prompt_tokens": 100,
        "completion_tokens": 40,
        "total_tokens": 140,
        "prompt_tokens_details": {"cached_tokens": 30},
        "completion_tokens_details": {"reasoning_tokens": 10},
    }
    end = chat_delta({"stop": "stop", "length": "length", "refusal": "content_filter"}[reason])
    return end + (chat_chunk([], usage=said) if usage else b"") + b"data: [DONE]\n\n"


def openai_error(kind: str, message: str) -> object:
    words = {
        "auth": ("invalid_request_error", "invalid_api_key", None),
        "permission": ("invalid_request_error", "permission_error", None),
        "not_found": ("invalid_request_error", "model_not_found", None),
        "unsupported_param": ("invalid_request_error", "unsupported_parameter", "temperature"),
        "context_length": ("invalid_request_error", "context_length_exceeded", "messages"),
        "quota": ("insufficient_quota", "insufficient_quota", None),
        "rate_limit": ("requests", "rate_limit_exceeded", None),
        "overloaded": ("server_error", "server_is_overloaded", None),
        "bad_request": ("invalid_request_error", None, "messages"),
    }[kind]
    return {"error": {"type": words[0], "code": words[1], "param": words[2], "message": message}}


OPENAI_CHAT = Wire(
    "openai chat",
    "gpt-4o",
    OpenAIProvider,
    chat_delta(role="assistant", content=""),
    lambda text: chat_delta(content=text),
    lambda text: chat_delta(reasoning_content=text),
    chat_close,
    sse({"error": {"type": "server_error", "code": "server_is_overloaded", "message": "Overloaded"}}),
    openai_error,
    chat_delta(content="XX").replace(b"XX", b"ab\xff"),
)


# OpenAI Responses


def response(status: str, **more) -> dict:
    return {
        "id": "r1",
        "object": "response",
        "created_at": 1,
        "model": "m",
        "status": status,
        "output": [],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        **more,
    }


def typed(kind: str, **fields) -> bytes:
    return sse({"type": kind, "sequence_number": 1, **fields}, kind)


def responses_close(reason: str, usage: bool) -> bytes:
    said = {
        "input_tokens": 100,
        "output_tokens": 40,
        "total_tokens": 140,
        "input_tokens_details": {"cached_tokens": 30, "cache_write_tokens": 0},
        "output_tokens_details": {"reasoning_tokens": 10},
    }
    usage_field = {"usage": said} if usage else {}
    if reason == "stop":
        return typed("response.completed", response=response("completed", **usage_field))
    why = {"length": "max_output_tokens", "refusal": "content_filter"}[reason]
    broken = response("incomplete", incomplete_details={"reason": why}, **usage_field)
    return typed("response.incomplete", response=broken)


def output_delta(kind: str, text: str) -> bytes:
    return typed(kind, item_id="i", output_index=0, content_index=0, summary_index=0, delta=text, logprobs=[])


OPENAI_RESPONSES = Wire(
    "openai responses",
    "gpt-5.4",
    OpenAIProvider,
    typed("response.created", response=response("in_progress")),
    lambda text: output_delta("response.output_text.delta", text),
    lambda text: output_delta("response.reasoning_summary_text.delta", text),
    responses_close,
    typed("error", code="server_is_overloaded", message="Overloaded", param=None),
    openai_error,
    output_delta("response.output_text.delta", "XX").replace(b"XX", b"ab\xff"),
)


# Anthropic Messages


def anthropic_close(reason: str, usage: bool) -> bytes:
    stop = {"stop": "end_turn", "length": "max_tokens", "refusal": "refusal"}[reason]
    said = {"output_tokens": 40, "output_tokens_details": {"thinking_tokens": 10}} if usage else {"output_tokens": 0}
    details = {"stop_details": {"type": "refusal", "category": "bio"}} if reason == "refusal" else {}
    delta = {"stop_reason": stop, "stop_sequence": None, **details}
    return (
        sse({"type": "content_block_stop", "index": 0}, "content_block_stop")
        + sse({"type": "message_delta", "delta": delta, "usage": said}, "message_delta")
        + sse({"type": "message_stop"}, "message_stop")
    )


def anthropic_opening() -> bytes:
    usage = {"input_tokens": 60, "cache_read_input_tokens": 30, "cache_creation_input_tokens": 10, "output_tokens": 0}
    message = {"id": "m1", "type": "message", "role": "assistant", "model": "m", "content": [], "stop_reason": None}
    start = {"type": "message_start", "message": {**message, "stop_sequence": None, "usage": usage}}
    block = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    return sse(start, "message_start") + sse(block, "content_block_start")


def block_delta(**delta) -> bytes:
    return sse({"type": "content_block_delta", "index": 0, "delta": delta}, "content_block_delta")


def anthropic_error(kind: str, message: str) -> object:
    words = {
        "auth": "authentication_error",
        "permission": "permission_error",
        "not_found": "not_found_error",
        "rate_limit": "rate_limit_error",
        "overloaded": "overloaded_error",
    }
    said = {
        "unsupported_param": "temperature: Extra inputs are not permitted",
        "context_length": "prompt is too long: 300000 tokens > 200000 maximum",
        "quota": "Your credit balance is too low to access the Anthropic API.",
    }
    error = {"type": words.get(kind, "invalid_request_error"), "message": said.get(kind, message)}
    return {"type": "error", "error": error, "request_id": "req_1"}


ANTHROPIC = Wire(
    "anthropic",
    "claude-opus-5-5",
    AnthropicProvider,
    anthropic_opening(),
    lambda text: block_delta(type="text_delta", text=text),
    lambda text: block_delta(type="thinking_delta", thinking=text),
    anthropic_close,
    sse({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, "error"),
    anthropic_error,
    block_delta(type="text_delta", text="XX").replace(b"XX", b"ab\xff"),
)


# Google generateContent


def candidate(parts, **more) -> dict:
    return {"candidates": [{"content": {"role": "model", "parts": parts}, "index": 0, **more}]}


def google_close(reason: str, usage: bool) -> bytes:
    said = {
        "promptTokenCount": 100,
        "cachedContentTokenCount": 30,
        "candidatesTokenCount": 30,
        "thoughtsTokenCount": 10,
        "totalTokenCount": 140,
    }
    why = {"stop": "STOP", "length": "MAX_TOKENS", "refusal": "SAFETY"}[reason]
    return sse({**candidate([], finishReason=why), **({"usageMetadata": said} if usage else {})})


def google_error(kind: str, message: str) -> object:
    status, said, details = {
        "auth": ("INVALID_ARGUMENT", "API key not valid.", [{"reason": "API_KEY_INVALID"}]),
        "permission": ("PERMISSION_DENIED", message, []),
        "not_found": ("NOT_FOUND", message, []),
        "unsupported_param": ("INVALID_ARGUMENT", "temperature is not supported for this model", []),
        "context_length": ("INVALID_ARGUMENT", "The input token count (9) exceeds the maximum (8).", []),
        "quota": (
            "RESOURCE_EXHAUSTED",
            message,
            [{"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": "RequestsPerDay"}]}],
        ),
        "rate_limit": ("RESOURCE_EXHAUSTED", message, []),
        "overloaded": ("UNAVAILABLE", "The model is overloaded.", []),
        "bad_request": ("INVALID_ARGUMENT", message, []),
    }[kind]
    return {"error": {"code": 400, "message": said, "status": status, "details": details}}


GOOGLE = Wire(
    "google",
    "gemini-2.5-flash",
    GoogleProvider,
    b"",
    lambda text: sse(candidate([{"text": text}])),
    lambda text: sse(candidate([{"text": text, "thought": True}])),
    google_close,
    sse({"error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}}),
    google_error,
    sse(candidate([{"text": "XX"}])).replace(b"XX", b"ab\xff"),
)

WIRES = (OPENAI_CHAT, OPENAI_RESPONSES, ANTHROPIC, GOOGLE)
# The status that each vendor sends for a kind of error, where it is not the usual one.
STATUS = {
    "auth": 401,
    "permission": 403,
    "not_found": 404,
    "unsupported_param": 400,
    "context_length": 400,
    "quota": 429,
    "rate_limit": 429,
    "overloaded": 503,
    "bad_request": 400,
}
OWN_STATUS = {("google", "auth"): 400, ("anthropic", "quota"): 400, ("anthropic", "overloaded"): 529}


def error_response(wire: Wire, kind: str, message: str = "Something is wrong.", **headers) -> httpx2.Response:
    status = OWN_STATUS.get((wire.name, kind), STATUS[kind])
    return httpx2.Response(status, headers=headers, json=wire.error_body(kind, message))
