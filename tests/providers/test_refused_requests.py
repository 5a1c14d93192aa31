"""A request that is refused: the kind of error, what people are told, and whether it is asked again."""

import httpx2
import pytest

from playground.types import Finished, Started, TextDelta

from .harness import Server, events_of, every_wire, outcome, stream, text_of
from .wires import error_response


@every_wire
@pytest.mark.parametrize(
    "kind",
    ["auth", "permission", "not_found", "unsupported_param", "context_length", "quota", "rate_limit", "overloaded"],
)
async def test_every_refusal_has_its_kind(wire, kind):
    events, error = await outcome(wire, lambda: error_response(wire, kind))
    assert (events, error.kind) == ([Started()], kind)


@every_wire
async def test_a_refused_parameter_is_named(wire):
    _, error = await outcome(wire, error_response(wire, "unsupported_param", "Unsupported parameter: 'temperature'"))
    assert error.param == "temperature"
    assert "temperature" in error.message


@every_wire
@pytest.mark.parametrize(("status", "kind"), [(402, "quota"), (529, "overloaded"), (504, "timeout"), (500, "server")])
async def test_a_status_without_a_body_still_has_its_kind(wire, status, kind):
    _, error = await outcome(wire, lambda: httpx2.Response(status))
    assert error.kind == kind


@every_wire
async def test_a_web_page_with_status_502_is_the_servers_fault(wire):
    page = b"<html><h1>502 Bad Gateway</h1>nginx</html>"
    _, error = await outcome(wire, lambda: httpx2.Response(502, headers={"content-type": "text/html"}, content=page))
    assert error.kind == "server"
    assert "nginx" not in error.message


@every_wire
async def test_a_wrong_key_names_the_variable(wire):
    _, error = await outcome(wire, error_response(wire, "auth"))
    assert "VENDOR_API_KEY" in error.message


# Retries


@every_wire
async def test_a_refused_connection_is_tried_once_more(wire):
    server = Server(httpx2.ConnectError("refused"))
    _, error = await events_of(wire, server)
    assert (error.kind, len(server.requests)) == ("connection", 2)


@every_wire
async def test_an_error_before_the_first_token_is_retried_once_and_then_answered(wire):
    server = Server(lambda: error_response(wire, "overloaded"), stream(wire.answer("Hello")))
    events, error = await events_of(wire, server)
    assert error is None
    assert [type(event) for event in events] == [Started, TextDelta, Finished]
    assert len(server.requests) == 2


@every_wire
async def test_an_error_event_before_the_first_token_is_retried_once(wire):
    server = Server(stream(wire.opening + wire.error_event), stream(wire.answer("Hello")))
    events, error = await events_of(wire, server)
    assert error is None
    assert text_of(events) == "Hello"


@every_wire
async def test_an_error_after_the_first_token_is_not_retried(wire):
    server = Server(stream(wire.opening + wire.text("Hel") + wire.error_event), stream(wire.answer("Hello")))
    events, error = await events_of(wire, server)
    assert (text_of(events), error.kind, len(server.requests)) == ("Hel", "overloaded", 1)


@every_wire
async def test_a_short_retry_after_is_waited_for(wire):
    server = Server(lambda: error_response(wire, "rate_limit", **{"retry-after": "2"}), stream(wire.answer("Hello")))
    events, error = await events_of(wire, server)
    assert error is None
    assert (text_of(events), server.pauses) == ("Hello", [2.0])


@every_wire
async def test_a_long_retry_after_is_told_and_not_waited_for(wire):
    server = Server(lambda: error_response(wire, "rate_limit", **{"retry-after": "300"}))
    _, error = await events_of(wire, server)
    assert (error.kind, error.retry_after_s, server.pauses, len(server.requests)) == ("rate_limit", 300, [], 1)
    assert "300 s" in error.message


@every_wire
@pytest.mark.parametrize("kind", ["auth", "quota", "unsupported_param", "not_found"])
async def test_what_cannot_get_better_is_not_retried(wire, kind):
    server = Server(lambda: error_response(wire, kind))
    await events_of(wire, server)
    assert len(server.requests) == 1
