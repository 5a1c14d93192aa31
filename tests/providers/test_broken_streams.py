"""A stream that breaks: the kind of error is right, and all that came before it is kept."""

import asyncio

import httpx2

from playground.providers.base import Deadlines
from playground.types import Started

from .harness import Server, events_of, every_wire, outcome, stream, text_of


@every_wire
async def test_a_line_that_drops_in_the_middle_is_connection_and_keeps_the_text(wire):
    server = Server(stream(wire.opening + wire.text("Hel"), httpx2.RemoteProtocolError("peer closed")))
    events, error = await events_of(wire, server)
    assert (text_of(events), error.kind) == ("Hel", "connection")
    assert len(server.requests) == 1


@every_wire
async def test_a_stalled_stream_meets_our_deadline_and_keeps_the_text(wire):
    stalled = stream(wire.opening + wire.text("Hel"), asyncio.Event().wait)
    events, error = await outcome(wire, stalled, deadlines=Deadlines(idle_s=0.05))
    assert (text_of(events), error.kind) == ("Hel", "timeout")


@every_wire
async def test_a_stream_that_only_keeps_alive_meets_our_deadline(wire):
    async def tick():
        await asyncio.sleep(0.005)

    pings = [part for _ in range(200) for part in (b": keep-alive\n\n", tick)]
    events, error = await outcome(wire, stream(*pings), deadlines=Deadlines(first_token_s=0.1))
    assert (events, error.kind) == ([Started()], "timeout")


@every_wire
async def test_a_silent_server_meets_our_deadline(wire):
    _, error = await outcome(wire, stream(asyncio.Event().wait), deadlines=Deadlines(first_token_s=0.05))
    assert error.kind == "timeout"


@every_wire
async def test_an_endless_answer_meets_the_overall_deadline(wire):
    async def tick():
        await asyncio.sleep(0.01)

    endless = [part for _ in range(300) for part in (wire.text("a"), tick)]
    events, error = await outcome(wire, stream(wire.opening, *endless), deadlines=Deadlines(total_s=0.2))
    assert error.kind == "timeout"
    assert "a" in text_of(events)


@every_wire
async def test_no_end_marker_is_truncated_and_keeps_the_text(wire):
    events, error = await outcome(wire, stream(wire.opening + wire.text("Hel")))
    assert (text_of(events), error.kind) == ("Hel", "truncated")


@every_wire
async def test_half_of_the_last_event_is_no_end_and_keeps_the_text(wire):
    half = wire.close("stop", False)[:-30]
    half = half[: half.rfind(b"data: ") + 12]
    events, error = await outcome(wire, stream(wire.opening + wire.text("Hel") + half))
    assert text_of(events) == "Hel"
    assert error.kind in {"truncated", "protocol"}


@every_wire
async def test_an_empty_stream_is_truncated_after_one_retry(wire):
    server = Server(stream())
    events, error = await events_of(wire, server)
    assert (events, error.kind) == ([Started()], "truncated")
    assert len(server.requests) == 2


@every_wire
async def test_broken_json_is_protocol_and_keeps_the_text(wire):
    broken = wire.text("XX").replace(b"XX", b'X" {')
    events, error = await outcome(wire, stream(wire.opening + wire.text("Hel") + broken + wire.close("stop", True)))
    assert (text_of(events), error.kind) == ("Hel", "protocol")


@every_wire
async def test_bytes_that_are_not_utf8_end_the_answer_or_are_replaced(wire):
    events, error = await outcome(
        wire, stream(wire.opening + wire.text("Hel"), wire.invalid_text, wire.close("stop", True))
    )
    assert text_of(events).startswith("Hel")
    assert (error is not None and error.kind == "protocol") or text_of(events) == "Helab\ufffd"


@every_wire
async def test_a_web_page_with_status_200_is_protocol(wire):
    page = httpx2.Response(200, headers={"content-type": "text/html"}, content=b"<html><body>Welcome</body></html>")
    events, error = await outcome(wire, page)
    assert (events, error.kind) == ([Started()], "protocol")


@every_wire
async def test_an_error_inside_a_200_is_told_by_its_type_and_keeps_the_text(wire):
    events, error = await outcome(wire, stream(wire.opening + wire.text("Hel") + wire.error_event))
    assert (text_of(events), error.kind) == ("Hel", "overloaded")
