"""What OpenAI's two wire formats say, Responses and Chat Completions: bodies out, events in. Knows no SDK, no network.

Nothing of what comes in is taken for granted: every compatible server has its own idea of the format.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from ..errors import ProviderError
from ..types import (
    Event,
    Finished,
    FinishReason,
    Image,
    Message,
    Request,
    TextDelta,
    ThinkingDelta,
    TokenLogprob,
    Usage,
)

FINISH: dict[str, FinishReason] = {
    "length": "length",
    "max_tokens": "length",
    "max_output_tokens": "length",
    "content_filter": "content_filter",
}


@dataclass
class SoFar:
    """What a stream has said of its end, and how its faults are told."""

    fault: Callable[[object], ProviderError]
    malformed: ProviderError
    heard: bool = False
    thought: bool = False
    refused: bool = False
    reason: FinishReason | None = None
    usage: Usage | None = None

    def table(self, value: object) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self.malformed
        return cast(dict[str, Any], value)

    def row(self, value: object) -> list[object]:
        if not isinstance(value, list):
            raise self.malformed
        return cast(list[object], value)

    def text(self, value: object) -> str:
        if not isinstance(value, str):
            raise self.malformed
        return value

    def finished(self) -> Finished:
        if self.refused:
            return Finished("content_filter", self.usage, "refusal")
        return Finished(self.reason or "stop", self.usage)


@dataclass(frozen=True, slots=True)
class Wire:
    """One of the two formats: where requests go, what they say, and what each piece of an answer adds to its events."""

    path: str
    body: Callable[[Request], dict[str, Any]]
    read: Callable[[dict[str, Any], SoFar, list[Event]], None]


def chat_body(request: Request) -> dict[str, Any]:
    """JSON for POST /chat/completions: what is set, under the names of that wire."""
    sent = request.sampling.sent()
    if "effort" in sent:
        sent["reasoning_effort"] = sent.pop("effort")
    if request.json_schema is not None:
        schema = {"name": "answer", "schema": dict(request.json_schema)}
        sent["response_format"] = {"type": "json_schema", "json_schema": schema}
    elif request.json_mode:
        sent["response_format"] = {"type": "json_object"}
    if request.logprobs is not None:
        sent |= {"logprobs": True, "top_logprobs": request.logprobs}
    return {
        "model": request.model.upstream,
        "messages": [{"role": message.role, "content": _chat_content(message)} for message in request.messages],
        "stream": True,
        "stream_options": {"include_usage": True},
        **sent,
    }


def _chat_content(message: Message) -> str | list[dict[str, Any]]:
    if not message.images:
        return message.content
    seen = [{"type": "image_url", "image_url": {"url": data_address(image)}} for image in message.images]
    return [*seen, *([{"type": "text", "text": message.content}] if message.content else [])]


def data_address(image: Image) -> str:
    """A picture as both wires take it."""
    return f"data:{image.media_type};base64,{b64encode(image.data).decode()}"


def _read_chat(chunk: dict[str, Any], so_far: SoFar, events: list[Event]) -> None:
    if choices := chunk.get("choices"):
        so_far.heard = True
        choice = so_far.table(so_far.row(choices)[0])
        tokens = _tokens(reported) if (reported := choice.get("logprobs")) else ()
        _write(so_far.table(choice.get("delta") or {}), tokens, so_far, events)
        if reason := choice.get("finish_reason"):
            so_far.reason = FINISH.get(str(reason), "stop")
    elif isinstance(chunk.get("message"), str):
        raise so_far.fault(chunk)
    if reported := chunk.get("usage"):
        so_far.usage = _usage(reported, "prompt_tokens", "completion_tokens") or so_far.usage


def _write(delta: dict[str, Any], tokens: tuple[TokenLogprob, ...], so_far: SoFar, events: list[Event]) -> None:
    # Compatible servers call thinking by either name.
    thought = delta.get("reasoning_content") or delta.get("reasoning")
    if thought and isinstance(thought, str):
        events.append(ThinkingDelta(thought))
    if (text := delta.get("content")) or tokens:
        events.append(TextDelta(so_far.text(text or ""), tokens))
    if refusal := delta.get("refusal"):
        so_far.refused = True
        events.append(TextDelta(so_far.text(refusal)))


def _tokens(reported: Any) -> tuple[TokenLogprob, ...]:
    """Tokens with their logprobs. They are an extra: what is not understood is left out, and the answer goes on."""
    listed = cast(dict[str, Any], reported).get("content") if isinstance(reported, dict) else None
    if not isinstance(listed, list):
        return ()
    try:
        return tuple(
            TokenLogprob(
                _token_text(token),
                float(token["logprob"]),
                tuple((_token_text(other), float(other["logprob"])) for other in token.get("top_logprobs") or ()),
            )
            for token in cast(list[dict[str, Any]], listed)
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return ()


def _token_text(token: dict[str, Any]) -> str:
    """A token of half a character has no text of its own; its bytes say what it is."""
    text, raw = str(token["token"]), token.get("bytes")
    if raw and (not text or "\ufffd" in text):
        return bytes(raw).decode("utf-8", "backslashreplace")
    return text


def responses_body(request: Request) -> dict[str, Any]:
    """JSON for POST /responses. A summary of the thinking is asked for where the family thinks visibly."""
    sent = request.sampling.sent()
    effort = sent.pop("effort", None)
    reasoning = {} if effort is None else {"effort": effort}
    if request.model.family.thinking != "none" and effort != "none":
        reasoning["summary"] = "auto"
    if reasoning:
        sent["reasoning"] = reasoning
    if "max_tokens" in sent:
        sent["max_output_tokens"] = sent.pop("max_tokens")
    if request.json_schema is not None:
        schema = {"name": "answer", "schema": dict(request.json_schema), "strict": False}
        sent["text"] = {"format": {"type": "json_schema", **schema}}
    elif request.json_mode:
        sent["text"] = {"format": {"type": "json_object"}}
    return {
        "model": request.model.upstream,
        "input": [{"role": message.role, "content": _responses_content(message)} for message in request.messages],
        "stream": True,
        "store": False,
        **sent,
    }


def _responses_content(message: Message) -> str | list[dict[str, Any]]:
    if not message.images:
        return message.content
    seen = [{"type": "input_image", "image_url": data_address(image)} for image in message.images]
    return [*seen, *([{"type": "input_text", "text": message.content}] if message.content else [])]


def _read_responses(event: dict[str, Any], so_far: SoFar, events: list[Event]) -> None:
    kind = event.get("type")
    so_far.heard = so_far.heard or kind is not None
    match kind:
        case "response.output_text.delta":
            if text := so_far.text(event.get("delta")):
                events.append(TextDelta(text))
        case "response.reasoning_summary_text.delta" | "response.reasoning_text.delta":
            so_far.thought = True
            if text := so_far.text(event.get("delta")):
                events.append(ThinkingDelta(text))
        case "response.reasoning_summary_part.added":
            if so_far.thought:  # parts are paragraphs, and come without anything between them
                events.append(ThinkingDelta("\n\n"))
        case "response.refusal.delta":
            so_far.refused = True
            if text := so_far.text(event.get("delta")):
                events.append(TextDelta(text))
        case "response.completed" | "response.incomplete":
            response = so_far.table(event.get("response"))
            why = so_far.table(response.get("incomplete_details") or {}).get("reason")
            so_far.usage = _usage(response.get("usage"), "input_tokens", "output_tokens")
            so_far.reason = FINISH.get(str(why), "stop")
        case "response.failed":
            raise so_far.fault({"error": so_far.table(event.get("response")).get("error")})
        case "error":
            raise so_far.fault(event)
        case _:
            pass


def _usage(reported: Any, asked: str, answered: str) -> Usage | None:
    """Input includes what came from the cache, output includes thinking, on both wires. None unless both are there."""
    if _count(reported, asked) is None or _count(reported, answered) is None:
        return None
    return Usage(
        _count(reported, asked) or 0,
        _count(reported, answered) or 0,
        _count(reported, f"{asked}_details", "cached_tokens") or 0,
        _count(reported, f"{answered}_details", "reasoning_tokens") or 0,
    )


def _count(reported: Any, *path: str) -> int | None:
    for name in path:
        reported = reported.get(name) if hasattr(reported, "get") else None
    return reported if isinstance(reported, int) else None


CHAT = Wire("/chat/completions", chat_body, _read_chat)
WIRES = {"chat": CHAT, "responses": Wire("/responses", responses_body, _read_responses)}
