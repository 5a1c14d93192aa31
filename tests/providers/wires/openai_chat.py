"""OpenAI's Chat Completions as bytes."""

from playground.providers.openai import OpenAIProvider

from .base import Wire, sse


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


WIRE = Wire(
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
