"""A request's body as a Python program over one of the SDKs. Pure text; knows no request and imports no SDK."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .literals import Picture, pictures_in, python

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Printed:
    """What a program prints, as Python: of `each` event of a stream the `delta` `when` there is one; else the `whole`
    answer."""

    each: str
    when: str
    delta: str
    whole: str


CHAT = _Printed(
    "chunk",
    "chunk.choices and chunk.choices[0].delta.content",
    "chunk.choices[0].delta.content",
    "answer.choices[0].message.content",
)
RESPONSES = _Printed("event", 'event.type == "response.output_text.delta"', "event.delta", "answer.output_text")
MESSAGES = _Printed(
    "event",
    'event.type == "content_block_delta" and event.delta.type == "text_delta"',
    "event.delta.text",
    '"".join(block.text for block in answer.content if block.type == "text")',
)
GENERATE = _Printed("chunk", "chunk.text", "chunk.text", "answer.text")
# What the SDK's create() has arguments for; the rest goes into its extra_body.
CHAT_ARGUMENTS = frozenset(
    {"model", "messages", "stream", "stream_options", "temperature", "top_p", "max_tokens", "stop", "seed"}
    | {"presence_penalty", "frequency_penalty", "reasoning_effort", "response_format", "logprobs", "top_logprobs"}
)


def chat(body: Body, base_url: str | None, key_env: str | None) -> str:
    """OpenAI's SDK, Chat Completions: OpenAI itself or any server that speaks its protocol."""
    arguments = {name: value for name, value in body.items() if name in CHAT_ARGUMENTS}
    if extra := {name: value for name, value in body.items() if name not in CHAT_ARGUMENTS}:
        arguments["extra_body"] = extra
    call = f"client.chat.completions.create({_arguments(arguments)})"
    return _program(_openai(base_url, key_env), body, _asked(call, CHAT, stream=body.get("stream")))


def responses(body: Body, base_url: str | None, key_env: str | None) -> str:
    """OpenAI's SDK, Responses."""
    call = f"client.responses.create({_arguments(body)})"
    return _program(_openai(base_url, key_env), body, _asked(call, RESPONSES, stream=body.get("stream")))


def messages(body: Body, base_url: str | None, key_env: str | None) -> str:
    """Anthropic's SDK. It refuses long answers that are not streamed unless it is told how long to wait."""
    options = [_key(key_env), *_base(base_url), *([] if body.get("stream") else ["timeout=900"])]
    made = ["from anthropic import Anthropic", f"client = Anthropic({', '.join(options)})"]
    call = f"client.messages.create({_arguments(body)})"
    return _program(made, body, _asked(call, MESSAGES, stream=body.get("stream")))


def generate(body: Body, http_options: Body, key_env: str | None, *, stream: bool) -> str:
    """Google's SDK; `body` holds the arguments of generate_content."""
    options = [_key(key_env), *([f"http_options={_flat(http_options)}"] if http_options else [])]
    made = ["from google import genai", f"client = genai.Client({', '.join(options)})"]
    call = f"client.models.generate_content{'_stream' if stream else ''}({_arguments(body)})"
    return _program(made, body, _asked(call, GENERATE, stream=stream))


def _asked(call: str, printed: _Printed, *, stream: bool | None) -> list[str]:
    if not stream:
        return [f"answer = {call}", f"print({printed.whole})"]
    prints = f'print({printed.delta}, end="", flush=True)'
    return [f"for {printed.each} in {call}:", f"    if {printed.when}:", f"        {prints}", "print()"]


def _openai(base_url: str | None, key_env: str | None) -> list[str]:
    return ["from openai import OpenAI", f"client = OpenAI({', '.join([_key(key_env), *_base(base_url)])})"]


def _program(made: list[str], body: Body, calls: list[str]) -> str:
    imported, client = made
    pictures = {picture.number: picture for picture in pictures_in(body)}
    standard = [*(["import base64"] if any(not each.raw for each in pictures.values()) else [])]
    standard += ["import os"] if "os.environ" in client else []
    reads = [_read(picture) for picture in pictures.values()]
    blocks = [standard, [imported], [client], reads, calls]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _read(picture: Picture) -> str:
    read = f'open("{picture.file}", "rb").read()'
    return f"image_{picture.number} = " + (read if picture.raw else f"base64.b64encode({read}).decode()")


def _key(key_env: str | None) -> str:
    return f'api_key=os.environ["{key_env}"]' if key_env else 'api_key="none"'


def _base(base_url: str | None) -> list[str]:
    return [f"base_url={base_url!r}"] if base_url else []


def _flat(table: Body) -> str:
    return "{" + ", ".join(f"{name!r}: {value!r}" for name, value in table.items()) + "}"


def _arguments(arguments: Body) -> str:
    lines = [f"    {name}={python(value, 1)}" for name, value in arguments.items()]
    return "\n" + ",\n".join(lines) + ",\n"
