"""The promise every provider keeps, driven by bytes: exactly one Started, deltas, exactly one Finished;
or a ProviderError of the right kind, with all that came before it kept."""

import asyncio
import logging

import httpx2
import pytest

from playground.errors import ProviderError
from playground.providers.base import Deadlines, drive
from playground.types import Finished, SamplingParams, Started, TextDelta, ThinkingDelta, Usage

from .wires import ANTHROPIC, GOOGLE, KEY, OPENAI_CHAT, OPENAI_RESPONSES, WIRES, error_response, event_stream, sse

USAGE = Usage(100, 40, 30, 10)
every_wire = pytest.mark.parametrize("wire", WIRES, ids=lambda wire: wire.name)


class Server:
    """Answers requests in turn with the given responses (the last one again and again), and notes them."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.requests = []
        self.pauses = []

    def __call__(self, request):
        self.requests.append(request)
        answer = self.answers[min(len(self.requests), len(self.answers)) - 1]
        answer = answer() if callable(answer) else answer
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def sleep(self, seconds):
        self.pauses.append(seconds)


async def events_of(wire, server, *, deadlines=Deadlines(), request=None, key=None):
    """(events, error) of one driven call."""
    events = []
    try:
        driven = drive(wire.provider(server), request or wire.request(), key, deadlines, server.sleep)
        async for event in driven:
            events.append(event)
    except ProviderError as error:
        return events, error
    return events, None


async def outcome(wire, *answers, **options):
    return await events_of(wire, Server(*answers), **options)


def text_of(events):
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def thinking_of(events):
    return "".join(event.text for event in events if isinstance(event, ThinkingDelta))


def stream(*chunks):
    """A response made anew for each request: a body can be read only once."""
    return lambda: event_stream(*chunks)


# Answers


@every_wire
async def test_an_answer_is_started_written_finished_once(wire):
    events, error = await outcome(
        wire, stream(wire.opening + wire.text("Hel") + wire.text("lo"), wire.close("stop", True))
    )
    assert error is None
    assert [type(event) for event in events] == [Started, TextDelta, TextDelta, Finished]
    assert text_of(events) == "Hello"
    assert events[-1].reason == "stop"


@every_wire
async def test_usage_has_cached_and_thinking_tokens_within_input_and_output(wire):
    events, _ = await outcome(wire, stream(wire.answer("Hello")))
    assert events[-1].usage == USAGE


@every_wire
async def test_missing_usage_is_none(wire):
    events, error = await outcome(wire, stream(wire.answer("Hello", usage=False)))
    assert error is None
    assert events[-1].usage is None


@every_wire
async def test_thinking_is_its_own_event(wire):
    body = wire.opening + wire.thinking("Hmm, ") + wire.thinking("yes.") + wire.text("Hello") + wire.close("stop", True)
    events, _ = await outcome(wire, stream(body))
    assert (thinking_of(events), text_of(events)) == ("Hmm, yes.", "Hello")


@every_wire
async def test_thinking_and_no_text_is_an_answer_that_ended(wire):
    events, error = await outcome(wire, stream(wire.opening + wire.thinking("Hmm.") + wire.close("length", True)))
    assert error is None
    assert (thinking_of(events), text_of(events), events[-1].reason) == ("Hmm.", "", "length")


@every_wire
async def test_an_answer_cut_at_the_limit_says_length(wire):
    events, _ = await outcome(wire, stream(wire.answer("Hel", reason="length")))
    assert (text_of(events), events[-1].reason) == ("Hel", "length")


@every_wire
async def test_a_refusal_after_some_text_keeps_the_text(wire):
    events, error = await outcome(wire, stream(wire.answer("Well, ", reason="refusal")))
    assert error is None
    assert (text_of(events), events[-1].reason) == ("Well, ", "content_filter")


@every_wire
async def test_a_refusal_without_text_is_blocked(wire):
    events, error = await outcome(wire, stream(wire.opening + wire.close("refusal", True)))
    assert error.kind == "blocked"
    assert events == [Started()]


async def test_gemini_blocks_a_prompt_without_candidates():
    _, error = await outcome(GOOGLE, stream(sse({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}})))
    assert error.kind == "blocked"
    assert "PROHIBITED_CONTENT" in error.message


@pytest.mark.parametrize(
    ("wire", "refusing"),
    [
        (OPENAI_CHAT, OPENAI_CHAT.text("").replace(b'"content": ""', b'"refusal": "I cannot."')),
        (OPENAI_RESPONSES, OPENAI_RESPONSES.text("I cannot.").replace(b"output_text", b"refusal")),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
async def test_the_words_of_a_refusal_are_shown(wire, refusing):
    events, error = await outcome(wire, stream(wire.opening + refusing + wire.close("stop", True)))
    assert error is None
    assert (text_of(events), events[-1].reason, events[-1].detail) == ("I cannot.", "content_filter", "refusal")


async def test_anthropic_names_the_policy_of_a_refusal():
    _, error = await outcome(ANTHROPIC, stream(ANTHROPIC.opening + ANTHROPIC.close("refusal", True)))
    assert "bio" in error.message


async def test_anthropic_filling_its_window_is_context_length():
    body = ANTHROPIC.answer("Hel").replace(b"end_turn", b"model_context_window_exceeded")
    events, error = await outcome(ANTHROPIC, stream(body))
    assert (text_of(events), error.kind) == ("Hel", "context_length")


# Bytes


@every_wire
async def test_characters_split_over_chunks_are_put_together(wire):
    body = wire.answer("naïve 🦥 日本").replace(b"\\ud83e\\udda5", "🦥".encode()).replace(b"\\u00ef", "ï".encode())
    events, error = await outcome(wire, stream(*(bytes([byte]) for byte in body)))
    assert error is None
    assert text_of(events) == "naïve 🦥 日本"


@every_wire
async def test_line_separators_inside_text_do_not_end_a_line(wire):
    body = wire.answer("a\u2028b\u2029c\x85d")
    for escaped, raw in ((b"\\u2028", "\u2028"), (b"\\u2029", "\u2029"), (b"\\u0085", "\x85")):
        body = body.replace(escaped, raw.encode())
    events, error = await outcome(wire, stream(body))
    assert error is None
    assert text_of(events) == "a\u2028b\u2029c\x85d"


@every_wire
async def test_crlf_is_a_line_end_too(wire):
    events, error = await outcome(wire, stream(wire.answer("Hello").replace(b"\n", b"\r\n")))
    assert error is None
    assert text_of(events) == "Hello"


@every_wire
async def test_comments_and_pings_are_passed_over(wire):
    ping = b": keep-alive\n\n" + (b'event: ping\ndata: {"type": "ping"}\n\n' if wire is ANTHROPIC else b"")
    body = ping + wire.opening + ping + wire.text("Hello") + ping + wire.close("stop", True)
    events, error = await outcome(wire, stream(body))
    assert error is None
    assert text_of(events) == "Hello"


# A stream that breaks


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


# A request that is refused


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


# What is sent


@every_wire
async def test_what_was_dropped_is_reported_and_nothing_unset_is_sent(wire):
    server = Server(stream(wire.answer("Hello")))
    events, _ = await events_of(wire, server, request=wire.request(dropped=("temperature",)))
    assert events[0] == Started(("temperature",))
    body = server.requests[0].content
    for name in (b"temperature", b"top_p", b"topP", b"top_k", b"seed", b"penalty", b"stop"):
        assert name not in body, name


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
