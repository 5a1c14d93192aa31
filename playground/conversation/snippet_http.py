"""One request as HTTP, for whoever writes a program of it: address, headers, body. Pure; holds no key, sends nothing.

The bodies are those that our own providers send.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, cast
from urllib.parse import quote

from ..providers.anthropic import messages_body
from ..providers.google import generate_arguments, split_version
from ..providers.openai_wires import chat_body, responses_body
from ..types import Image, Request
from .literals import Picture

OPENAI = "https://api.openai.com/v1"
ANTHROPIC = "https://api.anthropic.com"
GOOGLE = "https://generativelanguage.googleapis.com"
# What the SDKs name where a family needs no other version.
ANTHROPIC_VERSION = "2026-10-21"
GOOGLE_VERSION = "v1"
# Where a body goes on the wire that the SDK calls otherwise.
GENERATION = {
    "max_output_tokens": "maxOutputTokens",
    "stop_sequences": "stopSequences",
    "top_p": "topP",
    "top_k": "topK",
    "response_mime_type": "responseMimeType",
    "response_json_schema": "responseJsonSchema",
    "thinking_config": "thinkingConfig",
}
# Stands for a picture until the text is written: it is looked for in the body.
MARK = "a playground picture, {} of this request, {}, to be read from its file"
BASE64_MARK = b64encode(MARK[:21].encode()).decode()
MARKED = re.compile(MARK.format(r"(\d+)", r"(image/\w+)").encode())


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes: the address if it is not the vendor's own, and the variable that holds the key."""

    base_url: str | None = None
    key_env: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A request as HTTP: `headers` may hold `{key}`; `text` and `delta` are JavaScript that takes the text out of
    `answer`, or out of one `event` of a stream."""

    url: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]
    text: str
    delta: str


def _chat(request: Request, target: Target, stream: bool) -> Call:
    return Call(
        f"{(target.base_url or OPENAI).rstrip('/')}/chat/completions",
        _bearer(target),
        chat_sent(request, stream),
        "answer.choices[0].message.content",
        "event.choices?.[0]?.delta?.content",
    )


def _responses(request: Request, target: Target, stream: bool) -> Call:
    return Call(
        f"{(target.base_url or OPENAI).rstrip('/')}/responses",
        _bearer(target),
        {**pictured(responses_body(request)), "stream": stream},
        'answer.output.filter((item) => item.type === "message").flatMap((item) => item.content)'
        '.map((part) => part.text ?? "").join("")',
        '(event.type === "response.output_text.delta" ? event.delta : "")',
    )


def _messages(request: Request, target: Target, stream: bool) -> Call:
    body = dict(pictured(messages_body(request)))
    body |= body.pop("extra_body", {})
    headers = {"Authorization": "Bearer {key}", "anthropic-version": ANTHROPIC_VERSION, **body.pop("extra_headers", {})}
    return Call(
        f"{(target.base_url or ANTHROPIC).rstrip('/')}/v1/messages",
        {**headers, "content-type": "application/json"},
        {**body, "stream": stream},
        'answer.content.map((block) => block.text ?? "").join("")',
        "event.delta?.text",
    )


def _generate(request: Request, target: Target, stream: bool) -> Call:
    base, version = split_version(target.base_url or GOOGLE)
    arguments = dict(pictured(generate_arguments(request)))
    version = request.model.family.api_version or version or GOOGLE_VERSION
    verb = "streamGenerateContent?alt=sse" if stream else "generateContent"
    parts = '.content?.parts?.filter((part) => !part.thought).map((part) => part.text ?? "").join("")'
    return Call(
        f"{(base or GOOGLE).rstrip('/')}/{version}/models/{quote(request.model.upstream)}:{verb}",
        {"x-goog-api-key": "{key}", "Content-Type": "application/json"},
        _generate_body(arguments),
        f"answer.candidates[0]{parts}",
        f"event.candidates?.[0]?{parts}",
    )


def _generate_body(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """generate_content's arguments as the JSON that google-genai makes of them."""
    config = dict(arguments["config"])
    body: dict[str, Any] = {"contents": [_rest_content(content) for content in arguments["contents"]]}
    if system := config.pop("system_instruction", None):
        body["systemInstruction"] = {"parts": [{"text": system}], "role": "user"}
    for name in ("automatic_continuation", "http_options"):  # these are the SDK's own
        config.pop(name, None)
    generation = {GENERATION.get(name, name): value for name, value in config.items()}
    if level := generation.get("thinkingConfig", {}).get("thinking_level"):
        generation["thinkingConfig"] = {**generation["thinkingConfig"], "thinking_level": level.upper()}
    return {**body, **({"generationConfig": generation} if generation else {})}


def _rest_content(content: Mapping[str, Any]) -> dict[str, Any]:
    parts = [
        {"inlineData": {"mime_type": data["mime_type"], "data": replace(data["data"], raw=False)}}
        if (data := part.get("inline_data"))
        else part
        for part in content["parts"]
    ]
    return {**content, "parts": parts}


def _bearer(target: Target) -> dict[str, str]:
    key = {"Authorization": "Bearer {key}"} if target.key_env else {}
    return {**key, "Content-Type": "application/json"}


def chat_sent(request: Request, stream: bool) -> dict[str, Any]:
    body = dict(pictured(chat_body(request)))
    if not stream:
        del body["stream_options"]
    return {**body, "stream": stream}


def marked(request: Request) -> Request:
    """The request with a mark in the place of each picture's bytes."""
    number = 0
    messages = list(request.messages)
    for at, message in enumerate(messages):
        images: list[Image] = []
        for image in message.images:
            number += 1
            images.append(replace(image, data=MARK.format(number, image.media_type).encode()))
        messages[at] = replace(message, images=tuple(images))
    return replace(request, messages=tuple(messages))


def pictured(body: Mapping[str, Any]) -> dict[str, Any]:
    """A body with Pictures where the marks are."""
    return {name: _with_pictures(value) for name, value in body.items()}


def _with_pictures(value: Any) -> Any:
    if isinstance(value, Mapping):
        return pictured(cast(Mapping[str, Any], value))
    if isinstance(value, list | tuple):
        return [_with_pictures(each) for each in cast(list[Any], value)]
    if isinstance(value, bytes):
        return _picture(value, "", raw=True)
    if isinstance(value, str) and BASE64_MARK in value:
        before, _, rest = value.partition(BASE64_MARK)
        with suppress(ValueError):
            return _picture(b64decode(BASE64_MARK + rest), before) or value
    return value


def _picture(mark: bytes, before: str, *, raw: bool = False) -> Picture | None:
    found = MARKED.fullmatch(mark)
    return Picture(int(found[1]), found[2].decode(), before, raw) if found else None


CALLS: dict[str, Callable[[Request, Target, bool], Call]] = {
    "chat": _chat,
    "responses": _responses,
    "messages": _messages,
    "generate": _generate,
}
