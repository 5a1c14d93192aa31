"""The promise every provider keeps, driven by bytes: exactly one Started, deltas, exactly one Finished;
or a ProviderError of the right kind, with all that came before it kept."""

from itertools import groupby

import pytest

from playground.types import Finished, Started, TextDelta, Usage

from .harness import every_wire, outcome, stream, text_of, thinking_of
from .wires import ANTHROPIC, GOOGLE, OPENAI_CHAT, OPENAI_RESPONSES, sse

USAGE = Usage(100, 40, 30, 10)

# Answers


@every_wire
async def test_an_answer_is_started_written_finished_once(wire):
    events, error = await outcome(
        wire, stream(wire.opening + wire.text("Hel") + wire.text("lo"), wire.close("stop", True))
    )
    assert error is None
    # Texts that arrive together may come as one.
    assert [kind for kind, _ in groupby(events, type)] == [Started, TextDelta, Finished]
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
