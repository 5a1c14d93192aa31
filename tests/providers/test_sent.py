"""What goes out: the parameters that are set and no other, under each wire's names; the right key, and only there."""

import json
import logging
from base64 import b64encode, urlsafe_b64encode
from dataclasses import replace

import pytest

from playground.types import Message, SamplingParams, Started, TextDelta, TokenLogprob

from ..pictures import PNG
from .harness import Server, events_of, every_wire, outcome, stream
from .wires import CATALOG, GOOGLE, KEY, OPENAI_CHAT, WIRES, error_response
from .wires.base import sse


def family_of(wire):
    return CATALOG.get(wire.model_id).family


@every_wire
async def test_what_was_dropped_is_reported_and_nothing_unset_is_sent(wire):
    server = Server(stream(wire.answer("Hello")))
    events, _ = await events_of(wire, server, request=wire.request(dropped=("temperature",)))
    assert events[0] == Started(("temperature",))
    body = server.requests[0].content
    for name in (b"temperature", b"top_p", b"topP", b"top_k", b"seed", b"penalty", b"stop"):
        assert name not in body, name


@every_wire
async def test_a_conversation_is_sent_in_its_order(wire):
    turns = (Message("user", "first"), Message("assistant", "second"), Message("user", "third"))
    server = Server(stream(wire.answer("Hello")))
    await events_of(wire, server, request=wire.request(messages=turns))
    body = server.requests[0].content
    assert 0 < body.index(b"first") < body.index(b"second") < body.index(b"third")


@pytest.mark.parametrize("wire", [wire for wire in WIRES if family_of(wire).json_schema], ids=lambda wire: wire.name)
async def test_a_json_schema_is_sent(wire):
    schema = {"type": "object", "properties": {"name_in_no_other_place": {"type": "string"}}}
    server = Server(stream(wire.answer("Hello")))
    await events_of(wire, server, request=wire.request(schema=schema))
    assert b"name_in_no_other_place" in server.requests[0].content


@every_wire
async def test_the_system_prompt_is_sent(wire):
    server = Server(stream(wire.answer("Hello")))
    await events_of(wire, server)
    assert b"Be brief." in server.requests[0].content


@every_wire
async def test_a_readers_own_key_is_used_for_that_call_alone(wire):
    server = Server(stream(wire.answer("Hello")))
    await events_of(wire, server, key="reader-key-987654")
    sent = str(list(server.requests[0].headers.raw))
    assert "reader-key-987654" in sent
    assert KEY not in sent
    await events_of(wire, server)
    assert KEY in str(list(server.requests[1].headers.raw))


@every_wire
@pytest.mark.parametrize("kind", ["auth", "bad_request", "unsupported_param", "rate_limit"])
async def test_no_key_is_in_any_message_or_log(wire, kind, caplog):
    caplog.set_level(logging.DEBUG)
    leaky = f"Incorrect API key provided: {KEY} and sk-proj-someoneelses00 and AIzaSySecret000000"
    _, error = await outcome(wire, lambda: error_response(wire, kind, leaky))
    said = f"{error!s} {error!r} {error.__dict__} {caplog.text}"
    for secret in (KEY, "someoneelses00", "SySecret"):
        assert secret not in said


async def test_sampling_parameters_have_each_wires_names():
    sampling = SamplingParams(temperature=0.5, max_tokens=7, stop=("x",))
    chat = Server(stream(OPENAI_CHAT.answer("Hello")))
    await events_of(OPENAI_CHAT, chat, request=OPENAI_CHAT.request(sampling))
    google = Server(stream(GOOGLE.answer("Hello")))
    await events_of(GOOGLE, google, request=GOOGLE.request(sampling))
    assert b'"max_tokens":7' in chat.requests[0].content.replace(b" ", b"")
    assert b'"maxOutputTokens":7' in google.requests[0].content.replace(b" ", b"")
    assert b'"stopSequences":["x"]' in google.requests[0].content.replace(b" ", b"")


async def test_pictures_go_out_in_each_vendors_own_form():
    data = b64encode(PNG.data).decode()
    messages = (Message("user", "What is this?", (PNG,)), Message("user", "", (PNG,)))
    expected = {
        "openai chat": {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}},
        "openai responses": {"type": "input_image", "image_url": f"data:image/png;base64,{data}"},
        "anthropic": {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}},
        "google": {"inlineData": {"mime_type": "image/png", "data": urlsafe_b64encode(PNG.data).decode()}},
    }
    for wire in (wire for wire in WIRES if family_of(wire).images):
        server = Server(stream(wire.answer("A cat")))
        await events_of(wire, server, request=replace(wire.request(), messages=messages))
        body = json.loads(server.requests[0].content)
        turns = body.get("messages") or body.get("input") or body["contents"]
        with_text, alone = (turn.get("content") or turn["parts"] for turn in turns)
        assert with_text[0] == alone[0] == expected[wire.name], wire.name
        assert with_text[1]["text"] == "What is this?"
        assert len(alone) == 1


async def test_json_without_a_schema_is_asked_for_where_the_wire_can():
    expected = {
        "openai chat": b'"response_format":{"type":"json_object"}',
        "openai responses": b'"text":{"format":{"type":"json_object"}}',
        "google": b'"responseMimeType":"application/json"',
    }
    for wire in WIRES:
        server = Server(stream(wire.answer("{}")))
        await events_of(wire, server, request=replace(wire.request(), json_mode=True))
        assert expected.get(wire.name, b"") in server.requests[0].content.replace(b'": ', b'":').replace(b", ", b",")


async def test_token_probabilities_are_asked_for_and_read():
    listed = [
        {"token": "He", "logprob": -0.5, "bytes": [72, 101], "top_logprobs": [{"token": "Hi", "logprob": -1.5}]},
        {"token": "\ufffd", "logprob": -1.0, "bytes": [240, 159], "top_logprobs": []},
    ]
    chunk = {"choices": [{"index": 0, "delta": {"content": "He"}, "logprobs": {"content": listed}}]}
    odd = {"choices": [{"index": 0, "delta": {"content": "y"}, "logprobs": {"content": [{"token": 3}]}}]}
    server = Server(stream(sse(chunk), sse(odd), OPENAI_CHAT.close("stop", True)))
    events, error = await events_of(OPENAI_CHAT, server, request=replace(OPENAI_CHAT.request(), logprobs=4))
    assert error is None
    body = json.loads(server.requests[0].content)
    assert (body["logprobs"], body["top_logprobs"]) == (True, 4)
    first, second = (event for event in events if isinstance(event, TextDelta))
    assert first.tokens == (TokenLogprob("He", -0.5, (("Hi", -1.5),)), TokenLogprob("\\xf0\\x9f", -1.0))
    assert second == TextDelta("y")
