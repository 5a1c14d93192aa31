"""OpenAI's Responses as bytes."""

from playground.providers.openai import OpenAIProvider

from .base import Wire, sse
from .openai_chat import openai_error


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


WIRE = Wire(
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
