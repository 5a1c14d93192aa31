"""What goes out on OpenAI's wires: two formats, the right key, one connection for all."""

import asyncio
import json
import traceback
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx2
import pytest

from playground.errors import ProviderError
from playground.providers.base import Endpoint, drive
from playground.providers.openai import OpenAIProvider
from playground.providers.transport import Lines
from playground.types import Message, SamplingParams

from .harness import Server, events_of, outcome, stream, text_of
from .wires import CATALOG, KEY, OPENAI_CHAT, OPENAI_RESPONSES, error_response

both = pytest.mark.parametrize("wire", [OPENAI_CHAT, OPENAI_RESPONSES], ids=lambda wire: wire.name)
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


async def body_of(wire, sampling=SamplingParams(), **options):
    """The JSON that went out."""
    server = Server(stream(wire.answer("Hello")))
    _, error = await events_of(wire, server, request=wire.request(sampling, **options))
    assert error is None
    return json.loads(server.requests[0].content)


async def test_chat_parameters_go_out_under_chats_names():
    every = SamplingParams(0.5, 0.9, 40, 0.1, 7, ("x",), 3, 0.2, -0.2, "low")
    sent = await body_of(OPENAI_CHAT, every, schema=SCHEMA)
    assert sent == {
        "model": "gpt-4o",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}],
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0.5,
        "top_p": 0.9,
        "top_k": 40,
        "min_p": 0.1,
        "max_tokens": 7,
        "stop": ["x"],
        "seed": 3,
        "presence_penalty": 0.2,
        "frequency_penalty": -0.2,
        "reasoning_effort": "low",
        "response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA}},
    }


async def test_responses_parameters_go_out_under_responses_names():
    sent = await body_of(OPENAI_RESPONSES, SamplingParams(max_tokens=7, effort="low"), schema=SCHEMA)
    assert sent == {
        "model": "gpt-5.4",
        "input": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}],
        "stream": True,
        "store": False,
        "max_output_tokens": 7,
        "reasoning": {"effort": "low", "summary": "auto"},
        "text": {"format": {"type": "json_schema", "name": "answer", "schema": SCHEMA, "strict": False}},
    }


async def test_no_summary_is_asked_for_where_there_is_no_thinking():
    assert (await body_of(OPENAI_RESPONSES, SamplingParams(effort="none")))["reasoning"] == {"effort": "none"}
    model = CATALOG.get("gpt-5.4")
    plain = replace(OPENAI_RESPONSES.request(), model=replace(model, family=replace(model.family, thinking="none")))
    server = Server(stream(OPENAI_RESPONSES.answer("Hello")))
    await events_of(OPENAI_RESPONSES, server, request=plain)
    assert "reasoning" not in json.loads(server.requests[0].content)


@both
async def test_nothing_is_added_from_the_environment(wire, monkeypatch):
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-the-owner")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "project-of-the-owner")
    monkeypatch.setenv("OPENAI_ADMIN_KEY", "admin-key-of-the-owner")
    server = Server(stream(wire.answer("Hello")))
    await events_of(wire, server)
    await events_of(wire, server, key="reader-key")
    assert len(server.requests) == 2
    assert "of-the-owner" not in str([request.headers.raw for request in server.requests])


@both
async def test_a_server_without_keys_gets_the_word_none(wire, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "the-owners")
    server = Server(stream(wire.answer("Hello")))
    http = httpx2.AsyncClient(transport=httpx2.MockTransport(server))
    provider = OpenAIProvider(Endpoint("Mine", None, None, "http://mine/v1"), lambda: http)
    assert [event async for event in drive(provider, wire.request())]
    assert server.requests[0].headers["authorization"] == "Bearer none"


# The head of a question is the SDK's


@both
@pytest.mark.parametrize("key", [None, "a-readers-own"])
@pytest.mark.parametrize("address", ["http://mine/v1", "http://mine:8080/deep/v1/"])
async def test_a_question_has_the_address_and_the_head_that_the_sdk_would_give_it(wire, address, key, monkeypatch):
    from openai import AsyncOpenAI, AsyncStream, Omit

    monkeypatch.setenv("OPENAI_ORG_ID", "of-the-owner")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Own: 1\nopenai-organization: of-the-owner\nuser-agent: mine")
    server = Server(stream(wire.answer("Hello")))
    http = httpx2.AsyncClient(transport=httpx2.MockTransport(server))
    provider = OpenAIProvider(Endpoint("Mine", "KEY", "the-owners", address), lambda: http)
    assert [event async for event in drive(provider, wire.request(), key)]
    asked = server.requests[0]
    client = AsyncOpenAI(
        api_key=key or "the-owners",
        base_url=address,
        http_client=http,
        default_headers={"OpenAI-Organization": Omit(), "OpenAI-Project": Omit()},
        max_retries=0,
        timeout=None,
    )
    body = json.loads(asked.content)
    path = str(asked.url).removeprefix(address.rstrip("/"))
    await client.post(path, body=body, cast_to=object, stream=True, stream_cls=AsyncStream[object])
    sdks = server.requests[1]
    assert (asked.url, asked.method, asked.content) == (sdks.url, sdks.method, sdks.content)
    assert asked.extensions["timeout"] == sdks.extensions["timeout"]
    of_a_retry = {"x-stainless-retry-count", "idempotency-key"}
    assert {**asked.headers} == {name: value for name, value in sdks.headers.items() if name not in of_a_retry}
    assert len(asked.headers.raw) == len(asked.headers), "none is sent twice"


@both
async def test_what_a_server_wants_remembered_for_one_asker_does_not_go_out_for_another(wire):
    cookie = httpx2.Response(200, json={"data": []}, headers={"set-cookie": "lb=one; Path=/"})
    server = Server(cookie, stream(wire.answer("Hello")))
    http = httpx2.AsyncClient(transport=httpx2.MockTransport(server))
    provider = OpenAIProvider(Endpoint("Mine", "KEY", "the-owners", "http://mine/v1"), lambda: http)
    await provider.list_models("a-readers-own")
    assert [event async for event in drive(provider, wire.request())]
    assert "cookie" not in server.requests[1].headers


@both
async def test_a_redirect_that_leads_nowhere_is_an_error(wire):
    _, error = await outcome(wire, httpx2.Response(304))
    assert error is not None and error.kind != "truncated"


# Keys in errors


@both
async def test_an_error_over_a_readers_own_key_speaks_of_that_key_and_never_shows_it(wire):
    own = "reader-key-987654"
    _, error = await outcome(wire, lambda: error_response(wire, "auth"), key=own)
    assert "your key" in error.message
    _, error = await outcome(wire, lambda: error_response(wire, "bad_request", f"Bad key {own}"), key=own)
    assert "Bad key [key]" in error.message


@both
@pytest.mark.parametrize("kind", ["auth", "bad_request"])
async def test_no_key_is_in_the_traceback(wire, kind):
    _, error = await outcome(wire, lambda: error_response(wire, kind, f"Wrong: {KEY}"))
    assert KEY not in "".join(traceback.format_exception(error))


@both
async def test_a_key_that_no_header_can_hold_is_a_wrong_key(wire):
    server = Server(stream(wire.answer("Hello")))
    _, error = await events_of(wire, server, key="sk-schlüssel")
    assert (error.kind, server.requests) == ("auth", [])
    assert "schl" not in "".join(traceback.format_exception(error))


@both
async def test_half_a_character_in_the_text_is_said_to_be_that(wire):
    messages = (Message("user", "\ud83e"),)
    _, error = await outcome(wire, stream(wire.answer("Hello")), request=wire.request(messages=messages))
    assert error.kind == "bad_request"
    assert "half a character" in error.message


# Connections


@asynccontextmanager
async def served(wire):
    """A real server that answers again and again; its list of connections."""
    connections = []

    async def handle(reader, writer):
        connections.append(writer)
        answer = wire.answer("Hello")
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]))
                writer.write(HEAD + b"%x\r\n%s\r\n" % (len(answer), answer))
                await writer.drain()
                await asyncio.sleep(0.01)
                writer.write(b"0\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    listening = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with httpx2.AsyncClient(transport=Lines(100, 4.0), timeout=None) as http:
        url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        yield OpenAIProvider(Endpoint("Vendor", "VENDOR_API_KEY", KEY, url), lambda: http), connections
    listening.close()


@both
async def test_one_connection_serves_one_answer_after_another(wire):
    async with served(wire) as (provider, connections):
        for _ in range(3):
            events = [event async for event in drive(provider, wire.request())]
            assert text_of(events) == "Hello"
    assert len(connections) == 1


@both
@pytest.mark.parametrize("key", ["sk-with-a\nnewline", "sk-with-a-space "])
async def test_a_key_copied_with_too_much_is_a_wrong_key(wire, key):
    async with served(wire) as (provider, _):
        with pytest.raises(ProviderError) as told:
            async for _ in drive(provider, wire.request(), key):
                pass
    assert told.value.kind == "auth"
    assert "sk-with" not in "".join(traceback.format_exception(told.value))
