"""OpenAI's formats as many servers speak them, each in its own way; and how their streams end."""

import asyncio

import httpx2
import pytest

from playground.types import Finished, TextDelta, ThinkingDelta, Usage

from .harness import Server, events_of, outcome, stream, text_of, thinking_of
from .wires import OPENAI_CHAT, OPENAI_RESPONSES, chat_chunk, chat_delta, output_delta, response, sse, typed

both = pytest.mark.parametrize("wire", [OPENAI_CHAT, OPENAI_RESPONSES], ids=lambda wire: wire.name)


# Servers with ideas of their own


def pieces_of(wire, *values):
    return wire.opening + wire.text("Hel") + b"".join(sse(value) for value in values) + wire.close("stop", True)


@both
@pytest.mark.parametrize("strange", [[], 5, "text", None, [[]]], ids=str)
async def test_events_that_are_no_objects_are_protocol(wire, strange):
    events, error = await outcome(wire, stream(pieces_of(wire, strange)))
    assert (text_of(events), error.kind) == ("Hel", "protocol")


@both
async def test_json_too_deep_to_read_is_protocol(wire):
    events, error = await outcome(wire, stream(wire.opening + wire.text("Hel") + b"data: " + b"[" * 100_000 + b"\n\n"))
    assert (text_of(events), error.kind) == ("Hel", "protocol")


@pytest.mark.parametrize(
    "strange",
    [
        {"choices": 5},
        {"choices": [None]},
        {"choices": [{"delta": "text"}]},
        {"choices": [{"delta": {"content": 5}}]},
        {"choices": [{"delta": {"content": [{"type": "text"}]}}]},
        {"choices": [{"delta": {"refusal": 5}}]},
    ],
    ids=str,
)
async def test_chunks_of_another_shape_are_protocol(strange):
    events, error = await outcome(OPENAI_CHAT, stream(pieces_of(OPENAI_CHAT, strange)))
    assert (text_of(events), error.kind) == ("Hel", "protocol")


@pytest.mark.parametrize(
    "strange",
    [
        {"type": "response.output_text.delta"},
        {"type": "response.output_text.delta", "delta": 5},
        {"type": "response.reasoning_text.delta", "delta": None},
        {"type": "response.completed"},
        {"type": "response.completed", "response": None},
        {"type": "response.incomplete", "response": {"incomplete_details": 5}},
        {"type": "response.failed"},
    ],
    ids=str,
)
async def test_events_of_another_shape_are_protocol(strange):
    events, error = await outcome(OPENAI_RESPONSES, stream(pieces_of(OPENAI_RESPONSES, strange)))
    assert (text_of(events), error.kind) == ("Hel", "protocol")


@both
async def test_objects_of_no_known_meaning_are_passed_over(wire):
    events, error = await outcome(
        wire, stream(pieces_of(wire, {"balance": 3}, {"type": "ping"}, {"type": "new.event"}))
    )
    assert error is None
    assert text_of(events) == "Hel"


@both
async def test_objects_of_no_known_meaning_and_nothing_else_are_protocol(wire):
    server = Server(stream(sse({"content": "Hello"}) + sse({"done": True})))
    _, error = await events_of(wire, server)
    assert (error.kind, len(server.requests)) == ("protocol", 1)


@pytest.mark.parametrize(
    "delta", [{"choices": []}, {"choices": None}, {"choices": [{"delta": None}]}, {"choices": [{"index": 0}]}], ids=str
)
async def test_chunks_that_say_nothing_are_passed_over(delta):
    events, error = await outcome(OPENAI_CHAT, stream(pieces_of(OPENAI_CHAT, delta)))
    assert error is None
    assert text_of(events) == "Hel"


@pytest.mark.parametrize("name", ["reasoning", "reasoning_content"])
async def test_thinking_has_either_name(name):
    chunk = chat_delta(**{name: "Hmm."})
    events, _ = await outcome(OPENAI_CHAT, stream(chunk + OPENAI_CHAT.answer("Hello")))
    assert (thinking_of(events), text_of(events)) == ("Hmm.", "Hello")


async def test_thinking_under_both_names_is_shown_once():
    chunk = chat_delta(reasoning="Hmm.", reasoning_content="Hmm.")
    events, _ = await outcome(OPENAI_CHAT, stream(chunk + OPENAI_CHAT.answer("Hello")))
    assert thinking_of(events) == "Hmm."


async def test_thinking_that_is_no_text_is_passed_over():
    events, error = await outcome(OPENAI_CHAT, stream(chat_delta(reasoning={"steps": 3}) + OPENAI_CHAT.answer("Hello")))
    assert error is None
    assert (thinking_of(events), text_of(events)) == ("", "Hello")


@pytest.mark.parametrize(
    ("piece", "said"),
    [
        (b'data: {"choices": [{"delta": {"content": "\\ud83d"}}]}\n\n', "\ud83dHello"),
        (b'data: {"choices": [{"delta": {"content": "\xed\xa0\xbd"}}]}\n\n', "\ud83dHello"),
        (b'data: {"choices": [{"delta": {"content": "A"}, "score": NaN}], "left": -Infinity}\n\n', "AHello"),
    ],
    ids=["half a character, escaped", "half a character, in bytes", "numbers that JSON has not"],
)
async def test_what_only_a_strict_reader_refuses_is_read(piece, said):
    events, error = await outcome(OPENAI_CHAT, stream(piece + OPENAI_CHAT.answer("Hello")))
    assert error is None
    assert text_of(events) == said


async def test_empty_pieces_are_no_text():
    empty = output_delta("response.output_text.delta", "") + output_delta("response.reasoning_text.delta", "")
    events, error = await outcome(OPENAI_RESPONSES, stream(empty + OPENAI_RESPONSES.close("refusal", True)))
    assert (len(events), error.kind) == (1, "blocked")


async def test_paragraphs_of_a_summary_are_kept_apart():
    def part(text):
        return typed("response.reasoning_summary_part.added", summary_index=0) + output_delta(
            "response.reasoning_summary_text.delta", text
        )

    events, _ = await outcome(OPENAI_RESPONSES, stream(part("One.") + part("Two.") + OPENAI_RESPONSES.answer("Hello")))
    assert thinking_of(events) == "One.\n\nTwo."


@pytest.mark.parametrize(
    ("reported", "usage"),
    [
        ({"prompt_tokens": 5, "completion_tokens": 3}, Usage(5, 3)),
        ({"prompt_tokens": 5, "completion_tokens": 3, "prompt_tokens_details": {}}, Usage(5, 3)),
        ({"prompt_tokens": 5, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": None}}, Usage(5, 3)),
        ({"total_tokens": 8}, None),
        ({"prompt_tokens": None, "completion_tokens": 3}, None),
        ("eight", None),
    ],
    ids=str,
)
async def test_usage_that_is_not_all_there_is_none(reported, usage):
    chunk = chat_chunk([{"index": 0, "delta": {}, "finish_reason": "stop"}], usage=reported)
    events, error = await outcome(OPENAI_CHAT, stream(OPENAI_CHAT.text("Hello") + chunk))
    assert error is None
    assert events[-1] == Finished("stop", usage)


async def test_usage_that_came_early_is_kept():
    early = chat_chunk(
        [{"index": 0, "delta": {"content": "Hello"}}], usage={"prompt_tokens": 5, "completion_tokens": 1}
    )
    end = chat_chunk([{"index": 0, "delta": {}, "finish_reason": "stop"}], usage={"total_tokens": 6})
    events, _ = await outcome(OPENAI_CHAT, stream(early + end))
    assert events[-1].usage == Usage(5, 1)


async def test_usage_without_a_total_is_none_in_responses_too():
    done = response("completed", usage={"input_tokens": None, "output_tokens": 3})
    events, _ = await outcome(
        OPENAI_RESPONSES, stream(OPENAI_RESPONSES.text("Hello"), typed("response.completed", response=done))
    )
    assert events[-1] == Finished("stop", None)


# Errors inside a 200


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"message": "Slower.", "code": 429}, "rate_limit"),
        ({"message": "No credits.", "code": "402"}, "quota"),
        ({"message": "Upstream.", "code": 502}, "server"),
        ({"message": "Sorry."}, "server"),
        ("Sorry.", "server"),
    ],
    ids=str,
)
@both
async def test_an_error_inside_a_200_may_name_a_status(wire, error, kind):
    events, told = await outcome(wire, stream(wire.opening + wire.text("Hel") + sse({"error": error})))
    assert (text_of(events), told.kind) == ("Hel", kind)


async def test_an_error_without_that_name_is_one_too():
    said = {"object": "error", "message": "The model is overloaded", "type": "ServerError", "code": 503}
    events, error = await outcome(OPENAI_CHAT, stream(OPENAI_CHAT.text("Hel") + sse(said)))
    assert (text_of(events), error.kind) == ("Hel", "overloaded")


@pytest.mark.parametrize(
    ("failed", "kind", "pause"),
    [
        ({"code": "rate_limit_exceeded", "message": "Please try again in 30s."}, "rate_limit", 30),
        ({"code": "server_error", "message": "Sorry."}, "server", None),
        ({"code": "invalid_prompt", "message": "No."}, "blocked", None),
        (None, "server", None),
    ],
    ids=str,
)
async def test_a_response_that_failed_says_why(failed, kind, pause):
    end = typed("response.failed", response=response("failed", error=failed))
    events, error = await outcome(OPENAI_RESPONSES, stream(OPENAI_RESPONSES.text("Hel") + end))
    assert (text_of(events), error.kind, error.retry_after_s) == ("Hel", kind, pause)


@both
async def test_a_json_error_with_status_200_is_that_error(wire):
    body = {"error": {"message": "No.", "code": "invalid_api_key"}}
    _, error = await outcome(wire, lambda: httpx2.Response(200, json=body))
    assert error.kind == "auth"


@both
async def test_a_json_answer_with_status_200_is_protocol(wire):
    _, error = await outcome(wire, lambda: httpx2.Response(200, json={"choices": [{"message": {"content": "Hi"}}]}))
    assert error.kind == "protocol"


# After the end marker


def ended(wire):
    """An answer up to its end marker, the usage (Chat) and the stream's own end still to come."""
    return wire.opening + wire.text("Hello") + wire.close("stop", False).replace(b"data: [DONE]\n\n", b"")


@both
async def test_a_line_that_drops_after_the_end_takes_nothing_away(wire):
    events, error = await outcome(wire, stream(ended(wire), httpx2.RemoteProtocolError("peer closed")))
    assert error is None
    assert (text_of(events), events[-1].reason) == ("Hello", "stop")


@both
async def test_a_server_that_never_hangs_up_is_not_waited_for(wire):
    events, error = await outcome(wire, stream(ended(wire), asyncio.Event().wait))
    assert error is None
    assert (text_of(events), events[-1].reason) == ("Hello", "stop")


async def test_text_after_the_end_marker_is_kept():
    late = ended(OPENAI_CHAT) + OPENAI_CHAT.text(" again") + b"data: [DONE]\n\n"
    events, _ = await outcome(OPENAI_CHAT, stream(late))
    assert text_of(events) == "Hello again"
    assert isinstance(events[-1], Finished)


async def test_thinking_comes_before_the_text_it_is_for():
    body = OPENAI_CHAT.opening + chat_delta(reasoning_content="Hmm.", content="Hi") + OPENAI_CHAT.close("stop", True)
    events, _ = await outcome(OPENAI_CHAT, stream(body))
    assert events[1:3] == [ThinkingDelta("Hmm."), TextDelta("Hi")]
