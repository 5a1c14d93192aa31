"""What goes out: the parameters that are set and no other, under each wire's names; the right key, and only there."""

import logging

import pytest

from playground.types import Message, SamplingParams, Started

from .harness import Server, events_of, every_wire, outcome, stream
from .wires import GOOGLE, KEY, OPENAI_CHAT, error_response


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


@every_wire
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
