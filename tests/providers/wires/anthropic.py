"""Anthropic's Messages as bytes."""

from playground.providers.anthropic import AnthropicProvider

from .base import Wire, sse


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


WIRE = Wire(
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
