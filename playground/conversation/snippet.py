"""The same request as a program: Python, curl, JavaScript. Pure; holds no key, sends nothing.

A snippet asks for exactly what the page does. Keys are read from the environment, pictures from files beside the
program.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ..errors import ProviderError
from ..providers.anthropic import messages_body
from ..providers.google import generate_arguments, split_version
from ..providers.openai_wires import responses_body
from ..types import Request
from . import snippet_python
from .literals import javascript, pictures_in, shell_json
from .snippet_http import ANTHROPIC, CALLS, GOOGLE, Call, Target, chat_sent, marked, pictured

Language = Literal["python", "shell", "javascript"]
# Where these vendors speak OpenAI's protocol as well. What it has no word for is not in that program.
COMPATIBLE = {"messages": f"{ANTHROPIC}/v1/", "generate": f"{GOOGLE}/v1beta/openai/"}


@dataclass(frozen=True, slots=True)
class Snippet:
    """One program: what it is called in a list, its language, its text."""

    name: str
    language: Language
    code: str


def snippets(request: Request, target: Target, *, stream: bool) -> list[Snippet]:
    """Every program for this request, the vendor's SDK first. Raises ProviderError for a wire that has none."""
    wire, request = request.model.family.wire, marked(request)
    if wire not in CALLS:
        text = f"There is no program for {request.model.name}: its provider's protocol is not written down here."
        raise ProviderError("bad_request", text)
    call = CALLS[wire](request, target, stream)
    name, write = PYTHON[wire]
    found = [Snippet(f"Python ({name})", "python", write(request, target, stream))]
    if wire in COMPATIBLE:
        elsewhere = Target(target.base_url and f"{target.base_url.rstrip('/')}/v1/", target.key_env)
        compatible = elsewhere if elsewhere.base_url else Target(COMPATIBLE[wire], target.key_env)
        found.append(Snippet("Python (OpenAI-compatible)", "python", _chat_python(request, compatible, stream)))
    return [
        *found,
        Snippet("curl", "shell", _curl(call, target, stream=stream)),
        Snippet("JavaScript", "javascript", _javascript(call, target, stream=stream)),
    ]


def _curl(call: Call, target: Target, *, stream: bool) -> str:
    body, fills = shell_json(call.body)
    end = "JSON" if fills else "'JSON'"
    headers = [f'  -H "{name}: {value.format(key=f"${target.key_env}")}" \\' for name, value in call.headers.items()]
    buffered = ["  --no-buffer \\"] if stream else []
    lines = [f"curl {shlex.quote(call.url)} \\", *headers, *buffered, f"  --data-binary @- <<{end}", body, "JSON"]
    return "\n".join(lines) + "\n"


def _javascript(call: Call, target: Target, *, stream: bool) -> str:
    pictures = {picture.number: picture for picture in pictures_in(call.body)}
    reads = [f'const image{n} = readFileSync("{picture.file}").toString("base64");' for n, picture in pictures.items()]
    key = "${process.env." + (target.key_env or "") + "}"
    headers = [
        f"    {javascript(name)}: " + (f"`{value.format(key=key)}`" if "{key}" in value else javascript(value))
        for name, value in call.headers.items()
    ]
    lines = [
        "// Save as ask.mjs, run with: node ask.mjs",
        *(['import { readFileSync } from "node:fs";', "", *reads, ""] if pictures else []),
        f"const response = await fetch({javascript(call.url)}, {{",
        '  method: "POST",',
        "  headers: {",
        ",\n".join(headers) + ",",
        "  },",
        f"  body: JSON.stringify({javascript(call.body, 1)}),",
        "});",
        "if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);",
        *(STREAMED.format(delta=call.delta).splitlines() if stream else WHOLE.format(text=call.text).splitlines()),
    ]
    return "\n".join(lines) + "\n"


WHOLE = """const answer = await response.json();
console.log({text});"""
STREAMED = """let rest = "";
for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {{
  const lines = (rest + piece).split("\\n");
  rest = lines.pop();
  for (const line of lines) {{
    if (!line.startsWith("data:") || line.trim() === "data: [DONE]") continue;
    const event = JSON.parse(line.slice(5));
    process.stdout.write({delta} ?? "");
  }}
}}
console.log();"""


def _chat_python(request: Request, target: Target, stream: bool) -> str:
    return snippet_python.chat(chat_sent(request, stream), target.base_url, target.key_env)


def _responses_python(request: Request, target: Target, stream: bool) -> str:
    body = {**pictured(responses_body(request)), "stream": stream}
    return snippet_python.responses(body, target.base_url, target.key_env)


def _messages_python(request: Request, target: Target, stream: bool) -> str:
    body = {**pictured(messages_body(request)), "stream": stream}
    return snippet_python.messages(body, target.base_url, target.key_env)


def _generate_python(request: Request, target: Target, stream: bool) -> str:
    base, version = split_version(target.base_url)
    options = {name: value for name, value in (("base_url", base), ("api_version", version)) if value}
    return snippet_python.generate(pictured(generate_arguments(request)), options, target.key_env, stream=stream)


PYTHON: dict[str, tuple[str, Callable[[Request, Target, bool], str]]] = {
    "chat": ("OpenAI SDK", _chat_python),
    "responses": ("OpenAI SDK", _responses_python),
    "messages": ("Anthropic SDK", _messages_python),
    "generate": ("Google SDK", _generate_python),
}
