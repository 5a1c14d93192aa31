"""HTTP as the contract has it: routes over a scripted provider, and the real app with the real model."""

import asyncio
import base64
import json
import subprocess

import httpx2
import pytest
from fastapi import FastAPI

from playground.api.chat import build_router
from playground.api.wire import STATUS
from playground.conversation.reply import Backends
from playground.errors import ERROR_KINDS, ProviderError
from playground.models.catalog import load_catalog
from playground.ops.limits import BodyLimit
from playground.providers.scripted import ScriptedProvider, answer
from playground.settings import load_settings
from playground.types import Finished, Message, Started, TextDelta, ThinkingDelta, Usage

from .conftest import chat
from .pictures import PNG

CATALOG = load_catalog(load_settings({"OPENAI_API_KEY": "sk-x"}))
USER = [{"role": "user", "content": "Hello"}]
BODY = {"model": "gpt-4o", "messages": USER}


def client(script, limit=5_000_000):
    provider = ScriptedProvider(script)
    app = FastAPI(routes=build_router(Backends(CATALOG, {"openai": provider, "local": provider})).routes)
    transport = httpx2.ASGITransport(app=BodyLimit(app, limit))
    return provider, httpx2.AsyncClient(transport=transport, base_url="http://test")


async def post(script, body=BODY, **options):
    _, http = client(script, **options)
    content = body if isinstance(body, str | bytes) else json.dumps(body)
    return await http.post("/chat", content=content, headers={"content-type": "application/json"})


def events(response):
    return [json.loads(line[6:]) for line in response.text.splitlines() if line.startswith("data: {")]


async def test_models_have_the_contracts_fields():
    _, http = client([])
    models = (await http.get("/models")).json()
    assert [model["id"] for model in models] == list(CATALOG.models)
    for model in models:
        assert set(model) == {
            "id",
            "name",
            "provider",
            "family",
            "context_window",
            "input_price",
            "output_price",
            "accepts",
            "available",
            "reason",
        }
    by_id = {model["id"]: model for model in models}
    assert by_id["smollm2-135m-instruct"]["provider"] == "local"
    assert by_id["gpt-4o"]["available"] is True
    assert by_id["claude-opus-5-5"]["reason"] == "needs ANTHROPIC_API_KEY"


async def test_a_whole_answer_has_the_contracts_fields():
    response = await post([ThinkingDelta("Hmm"), *answer("Hello!", Usage(10, 5, 2, 1))])
    assert response.status_code == 200
    body = response.json()
    assert (body["content"], body["thinking"], body["finish_reason"]) == ("Hello!", "Hmm", "stop")
    assert body["usage"] == {
        "input_tokens": 10,
        "output_tokens": 5,
        "cached_tokens": 2,
        "thinking_tokens": 1,
        "estimated": False,
    }
    assert body["cost"] > 0
    assert body["ttft_s"] <= body["duration_s"]
    assert body["dropped"] == []


async def test_what_was_not_sent_is_listed():
    body = {**BODY, "temperature": 0.5, "effort": "high", "top_k": 4}
    assert (await post(answer("Hi"), body)).json()["dropped"] == ["top_k", "effort"]


async def test_a_stream_is_deltas_then_the_ending_then_done():
    script = [ThinkingDelta("Hmm"), 0.02, TextDelta("Hel"), 0.02, TextDelta("lo"), Finished("stop", Usage(1, 2))]
    response = await post(script, {**BODY, "stream": True})
    assert response.headers["content-type"].startswith("text/event-stream")
    seen = events(response)
    assert "".join(event.get("thinking", "") for event in seen) == "Hmm"
    assert "".join(event.get("text", "") for event in seen) == "Hello"
    assert (seen[-1]["finish_reason"], seen[-1]["usage"]["output_tokens"]) == ("stop", 2)
    assert response.text.endswith("data: [DONE]\n\n")
    assert all(block.startswith("data: ") for block in response.text.strip().split("\n\n"))


async def test_an_error_after_the_start_is_an_event_and_the_text_stays():
    script = [TextDelta("Hel"), 0.02, ProviderError("connection", "The line dropped.")]
    response = await post(script, {**BODY, "stream": True})
    assert response.status_code == 200
    seen = events(response)
    assert seen[0] == {"text": "Hel"}
    assert seen[-1] == {"error": {"kind": "connection", "message": "The line dropped.", "retry_after_s": None}}
    assert response.text.endswith("data: [DONE]\n\n")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("kind", ERROR_KINDS)
async def test_every_kind_of_error_has_its_status(kind, stream):
    failing = [ProviderError(kind, "Something is wrong.", retry_after_s=60)]
    response = await post(failing, {**BODY, "stream": stream})
    assert response.status_code == STATUS[kind]
    assert response.json() == {"error": {"kind": kind, "message": "Something is wrong.", "retry_after_s": 60}}
    assert response.headers["retry-after"] == "60"


def test_the_statuses_are_the_contracts():
    named = {
        400: {"bad_request", "unsupported_param", "context_length", "blocked"},
        401: {"auth"},
        402: {"quota"},
        403: {"permission"},
        404: {"not_found"},
        429: {"rate_limit"},
        502: {"connection", "protocol", "truncated", "server"},
        503: {"overloaded"},
        504: {"timeout"},
    }
    assert {kind: status for status, kinds in named.items() for kind in kinds} == STATUS


@pytest.mark.parametrize(
    ("body", "status", "kind", "word"),
    [
        ({**BODY, "messages": [{"role": "user", "content": "  "}]}, 400, "bad_request", "empty"),
        ({**BODY, "messages": [*USER, {"role": "assistant", "content": "Hi"}]}, 400, "bad_request", "user's"),
        ({**BODY, "messages": [{"role": "system", "content": "Hi"}]}, 400, "bad_request", "no question"),
        ({**BODY, "max_tokens": 0}, 400, "bad_request", "max_tokens must be between 1 and 16,384"),
        ({**BODY, "max_tokens": 10**9}, 400, "bad_request", "max_tokens"),
        ({**BODY, "temperature": 3}, 400, "bad_request", "temperature must be between 0 and 2"),
        ('{"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}], "temperature": NaN}', 400, "", "temp"),
        ('{"model": "gpt-4o", "messages": [{"role": "user", "content": "a\\ud800"}]}', 400, "bad_request", "surrogate"),
        ({**BODY, "model": "gpt-99"}, 404, "not_found", "GET /models"),
        ({**BODY, "model": "claude-sonnet-4-20250514"}, 404, "not_found", "claude-sonnet-5-5"),
        ({**BODY, "model": "claude-opus-5-5"}, 401, "auth", "ANTHROPIC_API_KEY"),
        ({**BODY, "messages": []}, 422, "bad_request", "messages"),
        ({"messages": USER}, 422, "bad_request", "model"),
        ({**BODY, "messages": [{"role": "robot", "content": "Hi"}]}, 422, "bad_request", "messages.0.role"),
        ({**BODY, "messages": "Hi"}, 422, "bad_request", "messages"),
        ({**BODY, "temperature": "hot"}, 422, "bad_request", "temperature"),
        ({**BODY, "temprature": 1}, 422, "bad_request", "temprature"),
        ("{not json", 422, "bad_request", ""),
        ("[" * 100_000, 422, "bad_request", ""),
        (b"\xff\xfe", 422, "bad_request", ""),
        ("", 422, "bad_request", ""),
    ],
)
async def test_bad_input_is_answered_in_words_that_help(body, status, kind, word):
    response = await post(answer("Hi"), body)
    assert response.status_code == status, response.text
    error = response.json()["error"]
    assert kind in error["kind"]
    assert word in error["message"]


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_over_the_limit_is_413(announced):
    provider, http = client(answer("Hi"), limit=1000)
    big = json.dumps({**BODY, "messages": [{"role": "user", "content": "x" * 5000}]}).encode()

    async def pieces():
        for at in range(0, len(big), 500):
            yield big[at : at + 500]

    headers = {"content-type": "application/json"}
    response = await http.post("/chat", content=big if announced else pieces(), headers=headers)
    assert response.status_code == 413
    said = response.json()
    assert "larger than" in said["error"]["message"]
    assert said["detail"] == said["error"]["message"], "which is what the page itself shows"
    assert provider.requests == []


@pytest.mark.parametrize("stream", [False, True])
async def test_a_client_that_hangs_up_stops_the_model(stream):
    stopped = asyncio.Event()

    class Endless:
        async def stream(self, request, key=None):
            yield Started()
            try:
                while True:
                    yield TextDelta("a")
                    await asyncio.sleep(0.005)
            finally:
                stopped.set()

    app = FastAPI(routes=build_router(Backends(CATALOG, {"openai": Endless()})).routes)
    hung_up = asyncio.Event()
    body = json.dumps({**BODY, "stream": stream}).encode()
    inbox = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive():
        for message in inbox:
            return message
        await hung_up.wait()
        return {"type": "http.disconnect"}

    async def send(message):
        pass

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "POST",
        "path": "/chat",
        "raw_path": b"/chat",
        "query_string": b"",
        "root_path": "",
        "scheme": "http",
        "headers": [(b"content-type", b"application/json"), (b"host", b"test")],
        "client": ("127.0.0.1", 1),
        "server": ("test", 80),
    }
    call = asyncio.ensure_future(app(scope, receive, send))
    await asyncio.sleep(0.1)
    assert not stopped.is_set()
    hung_up.set()
    await asyncio.wait_for(stopped.wait(), 5)
    await asyncio.wait_for(call, 5)


# The real app with the real model


def test_the_app_is_alive_and_documents_itself(app):
    assert httpx2.get(f"{app.url}/healthz").json() == {"status": "ok"}
    assert httpx2.get(f"{app.url}/docs").status_code == 200
    assert {"/chat", "/models", "/healthz"} <= set(httpx2.get(f"{app.url}/openapi.json").json()["paths"])


def test_the_real_model_answers_whole_and_streamed(app):
    asked = {"temperature": 0.0, "max_tokens": 20}
    whole = chat(app, "What is the capital of France?", **asked).json()
    assert "Paris" in whole["content"]
    streamed = chat(app, "What is the capital of France?", stream=True, **asked)
    assert "".join(event.get("text", "") for event in events(streamed)) == whole["content"]
    assert events(streamed)[-1]["usage"]["output_tokens"] == whole["usage"]["output_tokens"]


def test_an_input_over_the_real_window_is_400(app):
    response = chat(app, "word " * 6000)
    assert (response.status_code, response.json()["error"]["kind"]) == (400, "context_length")


def test_ten_megabytes_are_413_on_every_route(app):
    for path in ("/chat", "/gradio_api/queue/join", "/nowhere"):
        response = httpx2.post(app.url + path, content=b"x" * 10_000_000, timeout=30)
        assert response.status_code == 413, path


@pytest.mark.parametrize(
    "line",
    [
        "curl -s {url}/models",
        """curl -s -X POST {url}/chat -H "Content-Type: application/json" """
        """-d '{{"model": "{model}", "messages": [{{"role": "user", "content": "Hello"}}], "max_tokens": 5}}'""",
        """curl -s -N -X POST {url}/chat -H "Content-Type: application/json" """
        """-d '{{"model": "{model}", "messages": [{{"role": "user", "content": "Hello"}}], """
        """"temperature": 0.7, "max_tokens": 5, "stream": true}}'""",
    ],
)
def test_the_curl_lines_work_as_written(app, line):
    command = line.format(url=app.url, model="smollm2-135m-instruct")
    said = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60).stdout
    assert "smollm2-135m-instruct" in said or '"content"' in said or said.endswith("data: [DONE]\n\n")


def with_picture(url):
    parts = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": url}}]
    return {**BODY, "messages": [{"role": "user", "content": parts}]}


async def test_a_picture_comes_as_a_data_address_and_reaches_the_provider():
    provider, http = client(answer("A red square."))
    address = f"data:image/png;base64,{base64.b64encode(PNG.data).decode()}"
    response = await http.post("/chat", json=with_picture(address))
    assert response.json()["content"] == "A red square."
    assert provider.requests[-1].messages[-1] == Message("user", "What is this?", (PNG,))


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://169.254.169.254/latest/meta-data", "only data: addresses"),
        ("https://example.org/a.png", "only data: addresses"),
        ("file:///etc/passwd", "only data: addresses"),
        ("data:image/png;base64,AAAA", "is not a PNG, JPEG, WebP or GIF image"),
        ("data:image/png;base64,%%%", "not base64"),
    ],
)
async def test_no_address_is_fetched_and_what_is_no_picture_is_refused(url, words):
    provider, http = client(answer("never"))
    response = await http.post("/chat", json=with_picture(url))
    assert response.status_code == 400
    assert "Image 1 of message 1" in response.text
    assert words in response.text
    assert provider.requests == []
