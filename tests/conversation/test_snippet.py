"""Get code: every program really runs, and asks for what our own provider asks for."""

import asyncio
import json
import shutil
import sys
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx2
import pytest

from playground.conversation.snippet import Target, snippets
from playground.errors import ProviderError
from playground.providers.base import Endpoint, drive
from playground.types import Message, Request, SamplingParams

from ..conftest import clean_environment
from ..pictures import GIF, PNG
from ..providers.wires import WIRES
from ..providers.wires.base import CATALOG

WHOLE = {
    "chat": {
        "id": "c1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hello"}}],
    },
    "responses": {
        "id": "r1",
        "object": "response",
        "created_at": 1,
        "model": "m",
        "status": "completed",
        "parallel_tool_calls": False,
        "tool_choice": "auto",
        "tools": [],
        "output": [
            {"type": "reasoning", "id": "t1", "summary": []},
            {
                "type": "message",
                "id": "m1",
                "role": "assistant",
                "status": "completed",
                "content": [{"type": "output_text", "text": "Hello", "annotations": []}],
            },
        ],
    },
    "messages": {
        "id": "m1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [{"type": "thinking", "thinking": "Hm", "signature": ""}, {"type": "text", "text": "Hello"}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": 1},
    },
    "generate": {
        "candidates": [{"index": 0, "finishReason": "STOP", "content": {"role": "model", "parts": [{"text": "Hello"}]}}]
    },
}
PATHS = {"chat": "/chat/completions", "responses": "/responses", "messages": "/messages", "generate": "enerateContent"}
HEADERS = {
    "chat": ("authorization",),
    "responses": ("authorization",),
    "messages": ("authorization", "anthropic-version"),
    "generate": ("x-goog-api-key",),
}
BY_FAMILY = {CATALOG.get(wire.model_id).family.wire: wire for wire in WIRES}
SAMPLING = {
    "chat": SamplingParams(temperature=0.5, top_k=40, max_tokens=77, stop=("\n", "$x"), seed=7),
    "responses": SamplingParams(max_tokens=77, effort="low"),
    "messages": SamplingParams(max_tokens=77, stop=("x",), effort="low"),
    "old messages": SamplingParams(temperature=0.5, top_k=3),
    "generate": SamplingParams(max_tokens=77, temperature=0.5, top_k=3, top_p=0.2, seed=4, stop=("x",), effort="low"),
    "levels": SamplingParams(effort="high"),
    "free json": SamplingParams(min_p=0.05, presence_penalty=0.5, frequency_penalty=-0.25, top_p=0.9),
    "free json in responses": SamplingParams(temperature=0.5, top_p=0.9),
    "free json of gemini": SamplingParams(top_k=3),
}
MODELS = {
    "chat": "gpt-4o",
    "responses": "gpt-5.4",
    "messages": "claude-opus-5-5",
    "old messages": "claude-sonnet-4-6",
    "generate": "gemini-2.5-flash",
    "levels": "gemini-3.8-flash",
    "free json": "Qwen/Qwen3.8-27B",
    "free json in responses": "gpt-5.4",
    "free json of gemini": "gemini-2.5-flash",
}
SCHEMA = {"type": "object", "properties": {"a_b": {"type": "string"}}}
# What a shell, JSON, JavaScript or Python could take for its own.
NASTY = 'It\'s "quoted" `tick` $HOME ${x} \\n \\\nJSON\nnaïve 🦥 \u2028 {key} {{x}} %s </script>'


class Fake(BaseHTTPRequestHandler):
    """Answers every wire, whole or streamed, and notes who asked what."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        name = next(name for name, path in PATHS.items() if path in self.path)
        self.server.asked.append((self.path, dict(self.headers), body))
        if body.get("stream") or "alt=sse" in self.path:
            wire = BY_FAMILY[name]
            kind, said = "text/event-stream", wire.opening + wire.text("Hello") + wire.close("stop", True)
        else:
            kind, said = "application/json", json.dumps(WHOLE[name]).encode()
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_):
        pass


@pytest.fixture
def fake():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Fake)
    server.asked = []
    server.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def request(name):
    images = (PNG, GIF)
    messages = (Message("system", f"Be brief. {NASTY}"), Message("user", NASTY, images), Message("user", "And?"))
    model = CATALOG.get(MODELS[name])
    free = name.startswith("free json")
    schema = SCHEMA if model.family.json_schema and not free else None
    logprobs = 3 if model.family.logprobs else None
    return Request(model, messages, SAMPLING[name], (), schema, free, logprobs)


async def as_we_ask(fake, name):
    """Path, headers and body of our own provider's request."""
    wire = BY_FAMILY[CATALOG.get(MODELS[name]).family.wire]
    async with httpx2.AsyncClient() as http:
        base = f"{fake.url}/v1" if wire.adapter.__name__ == "OpenAIProvider" else fake.url
        provider = wire.adapter(Endpoint("Fake", "SOME_KEY", "the-key", base), lambda: http)
        assert [event async for event in drive(provider, request(name))]
    return fake.asked.pop()


def plain(body):
    """google-genai writes base64 in the alphabet of addresses, a shell in the usual one; the API reads both."""
    for part in (part for content in body.get("contents", ()) for part in content["parts"]):
        if data := part.get("inlineData"):
            data["data"] = data["data"].replace("-", "+").replace("_", "/")
    return body


async def run(snippet, folder):
    """What a program prints; the pictures lie beside it."""
    for number, image in enumerate((PNG, GIF), 1):
        (folder / f"image-{number}.{image.media_type.partition('/')[2]}").write_bytes(image.data)
    how = {
        "python": ("ask.py", [sys.executable]),
        "shell": ("ask.sh", ["bash", "-eu"]),
        "javascript": ("ask.mjs", ["node"]),
    }
    file, command = how[snippet.language]
    (folder / file).write_text(snippet.code, "utf-8")
    environment = {**clean_environment(), "SOME_KEY": "the-key"}
    process = await asyncio.create_subprocess_exec(
        *command, file, cwd=folder, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    said, complained = await process.communicate()
    assert process.returncode == 0, f"{snippet.name}: {complained.decode()}\n{snippet.code}"
    return said.decode()


@pytest.mark.parametrize(("name", "stream"), [*((name, True) for name in MODELS), *((name, False) for name in PATHS)])
async def test_every_program_sends_what_our_provider_sends(fake, tmp_path, name, stream):
    own_path, own_headers, own_body = await as_we_ask(fake, name)
    is_openai = CATALOG.get(MODELS[name]).family.wire in ("chat", "responses")
    target = Target(f"{fake.url}/v1" if is_openai else fake.url, "SOME_KEY")
    for snippet in snippets(request(name), target, stream=stream):
        assert "the-key" not in snippet.code
        if snippet.name == "Python (OpenAI-compatible)":
            continue
        if snippet.language == "javascript" and not shutil.which("node"):
            continue
        said = await run(snippet, tmp_path)
        assert "Hello" in said, f"{snippet.name} printed {said!r}"
        path, headers, body = fake.asked.pop()
        assert not fake.asked
        assert body.get("stream", stream) is stream
        if not stream:
            own_path = own_path.replace("streamGenerateContent?alt=sse", "generateContent")
        for told in ("stream", "stream_options"):
            body.pop(told, None), own_body.pop(told, None)
        assert plain(body) == plain(own_body), snippet.code
        assert path.partition("?beta")[0] == own_path.partition("?beta")[0]
        for header in HEADERS[CATALOG.get(MODELS[name]).family.wire]:
            theirs, ours = ({k.lower(): v for k, v in each.items()}.get(header) for each in (headers, own_headers))
            assert theirs == ours is not None, f"{snippet.name}: {header}"


@pytest.mark.parametrize("name", ["messages", "generate"])
async def test_the_openai_compatible_program_asks_the_same_in_openais_words(fake, tmp_path, name):
    plain = replace(request(name), sampling=SamplingParams(max_tokens=77))
    snippet = next(
        each
        for each in snippets(plain, Target(fake.url, "SOME_KEY"), stream=True)
        if each.name == "Python (OpenAI-compatible)"
    )
    assert "Hello" in await run(snippet, tmp_path)
    path, headers, body = fake.asked.pop()
    assert path == "/v1/chat/completions"
    assert {k.lower(): v for k, v in headers.items()}["authorization"] == "Bearer the-key"
    assert (body["model"], body["max_tokens"], body["stream"]) == (MODELS[name], 77, True)
    assert [message["role"] for message in body["messages"]] == ["system", "user", "user"]
    assert body["messages"][1]["content"][-1]["text"] == NASTY
    vendors = [each.code for each in snippets(plain, Target(None, "SOME_KEY"), stream=True)]
    assert any("base_url='https://" in code for code in vendors)


async def test_a_program_without_a_key_needs_no_variable(fake, tmp_path):
    asked = Request(CATALOG.get("smollm2-135m-instruct"), (Message("user", "Hi"),))
    for snippet in snippets(asked, Target(f"{fake.url}/v1"), stream=True):
        assert "environ" not in snippet.code
        assert "Hello" in await run(snippet, tmp_path) or not shutil.which("node")
        assert fake.asked.pop()[2]["messages"] == [{"role": "user", "content": "Hi"}]


def test_text_that_looks_like_a_picture_stays_text():
    from playground.conversation.snippet_http import BASE64_MARK

    asked = Request(CATALOG.get("gpt-4o"), (Message("user", f"{BASE64_MARK}=="),))
    assert all(f"{BASE64_MARK}==" in snippet.code for snippet in snippets(asked, Target(None, "K"), stream=False))


def test_a_protocol_that_only_its_provider_knows_has_no_program():
    model = CATALOG.get("gpt-4o")
    model = replace(model, family=replace(model.family, wire="own"))
    with pytest.raises(ProviderError, match="no program for GPT-4o"):
        snippets(Request(model, (Message("user", "Hello"),)), Target(), stream=True)
