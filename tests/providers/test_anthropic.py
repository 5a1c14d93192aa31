"""What goes out on Anthropic's wire, family by family, and how its looser speakers are understood."""

import json
from dataclasses import replace

import httpx2
import pytest

from playground.errors import ProviderError
from playground.models.capabilities import fit
from playground.providers.base import drive
from playground.types import Finished, Message, Request, SamplingParams, Started, TextDelta, Usage

from .wires import ANTHROPIC, ASKED, CATALOG, block_delta, event_stream, sse

OLD_VERSION = "2023-06-01"
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}


def asking(model_id, sampling=SamplingParams(), messages=ASKED, schema=None):
    """The request that the family's rules make of it."""
    model = CATALOG.get(model_id)
    kept, dropped = fit(model, sampling)
    return Request(model, messages, kept, dropped, schema)


async def asked(request, reply=None, base_url=None):
    """(the HTTP request that went out, events, error) of one call."""
    seen = []

    def answer(sent):
        seen.append(sent)
        return event_stream(reply or ANTHROPIC.answer("Hello"))

    events = []
    try:
        async for event in drive(ANTHROPIC.provider(answer, base_url), request):
            events.append(event)
    except ProviderError as error:
        return seen[0], events, error
    return seen[0], events, None


async def body_of(request):
    sent, _, _ = await asked(request)
    return json.loads(sent.content)


def event(kind, **fields):
    return sse({"type": kind, **fields}, kind)


def ending(stop="end_turn", **fields):
    return event("message_delta", delta={"stop_reason": stop}, **fields) + event("message_stop")


# What is sent


async def test_claude_up_to_4_6_gets_sampling_parameters_under_the_version_that_takes_them():
    sent, _, _ = await asked(asking("claude-sonnet-4-6", SamplingParams(temperature=0.2, top_k=5)))
    body = json.loads(sent.content)
    assert (body["temperature"], body["top_k"]) == (0.2, 5)
    assert "top_p" not in body
    assert sent.headers["anthropic-version"] == OLD_VERSION


async def test_the_old_version_is_asked_for_only_when_a_parameter_needs_it():
    sent, _, _ = await asked(asking("claude-sonnet-4-6", SamplingParams(max_tokens=7)))
    assert sent.headers["anthropic-version"] > OLD_VERSION


async def test_temperature_and_top_p_are_not_sent_together():
    body = await body_of(asking("claude-sonnet-4-6", SamplingParams(temperature=0.2, top_p=0.9)))
    assert body["temperature"] == 0.2
    assert "top_p" not in body


async def test_claude_5_gets_effort_and_no_sampling_parameter():
    wanted = SamplingParams(temperature=0.2, top_p=0.9, top_k=5, effort="low")
    sent, events, _ = await asked(asking("claude-opus-5-5", wanted))
    body = json.loads(sent.content)
    assert body["output_config"] == {"effort": "low"}
    assert not {"temperature", "top_p", "top_k"} & set(body)
    assert sent.headers["anthropic-version"] > OLD_VERSION
    assert events[0] == Started(("temperature", "top_p", "top_k"))


async def test_a_family_that_thinks_is_asked_to_show_a_summary_of_it():
    assert (await body_of(asking("claude-opus-5-5")))["thinking"] == {"type": "adaptive", "display": "summarized"}
    assert "thinking" not in await body_of(asking("claude-sonnet-4-6"))


@pytest.mark.parametrize(("wanted", "most", "sent"), [(7, 64_000, 7), (None, 64_000, 64_000), (None, None, 4096)])
async def test_a_limit_is_always_sent_the_models_own_where_none_is_set(wanted, most, sent):
    request = asking("claude-opus-5-5", SamplingParams(max_tokens=wanted))
    request = replace(request, model=replace(request.model, max_output_tokens=most))
    assert (await body_of(request))["max_tokens"] == sent


async def test_system_messages_stand_apart_from_the_conversation():
    messages = (
        Message("system", "Be brief."),
        Message("user", "Hello"),
        Message("assistant", "Hi"),
        Message("system", "Rhyme."),
        Message("user", "More"),
    )
    body = await body_of(asking("claude-opus-5-5", messages=messages))
    assert body["system"] == "Be brief.\n\nRhyme."
    assert [turn["role"] for turn in body["messages"]] == ["user", "assistant", "user"]
    assert "system" not in await body_of(asking("claude-opus-5-5", messages=messages[1:3]))


async def test_stop_strings_are_stop_sequences():
    body = await body_of(asking("claude-opus-5-5", SamplingParams(stop=("END", "\n\n"))))
    assert body["stop_sequences"] == ["END", "\n\n"]


async def test_a_schema_goes_beside_the_effort():
    body = await body_of(asking("claude-opus-5-5", SamplingParams(effort="low"), schema=SCHEMA))
    assert body["output_config"] == {"effort": "low", "format": {"type": "json_schema", "schema": SCHEMA}}


async def test_another_server_is_reached_by_its_address():
    sent, _, error = await asked(asking("claude-opus-5-5"), base_url="http://127.0.0.1:9/proxy")
    assert error is None
    assert str(sent.url) == "http://127.0.0.1:9/proxy/v1/messages"


# What comes back


@pytest.mark.parametrize(
    ("stop", "reason"),
    [("end_turn", "stop"), ("stop_sequence", "stop"), ("max_tokens", "length"), ("refusal", "content_filter")],
)
async def test_every_stop_reason_has_its_meaning(stop, reason):
    body = ANTHROPIC.opening + ANTHROPIC.text("Hi") + ending(stop, usage={"output_tokens": 1})
    _, events, error = await asked(asking("claude-opus-5-5"), body)
    assert error is None
    assert events[-1].reason == reason


async def test_a_stop_reason_alone_is_no_end():
    body = (ANTHROPIC.opening + ANTHROPIC.text("Hi") + ending()).partition(b"event: message_stop")[0]
    _, events, error = await asked(asking("claude-opus-5-5"), body)
    assert not any(isinstance(event, Finished) for event in events)
    assert error.kind == "truncated"


@pytest.mark.parametrize(
    "usage",
    [
        {"output_tokens": 40},
        {"input_tokens": 60, "output_tokens": 40},
        {"input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": 40},
        {"input_tokens": 60, "cache_read_input_tokens": 30, "cache_creation_input_tokens": 10, "output_tokens": 40},
    ],
)
async def test_a_later_report_of_usage_takes_nothing_back(usage):
    body = ANTHROPIC.opening + ANTHROPIC.text("Hi") + ending(usage=usage)
    _, events, _ = await asked(asking("claude-opus-5-5"), body)
    assert events[-1].usage == Usage(100, 40, 30, 0)


@pytest.mark.parametrize(
    "body",
    [
        ANTHROPIC.opening + ANTHROPIC.text("Hi") + ending(),
        ANTHROPIC.text("Hi") + ending(usage={"output_tokens": 40}),
        event("message_start", message={"usage": None}) + ANTHROPIC.text("Hi") + ending(usage={"output_tokens": 40}),
        ANTHROPIC.opening + ANTHROPIC.text("Hi") + ending(usage={"output_tokens": "five"}),
    ],
    ids=["no output", "no start", "start without usage", "not a number"],
)
async def test_usage_reported_by_half_is_none(body):
    _, events, error = await asked(asking("claude-opus-5-5"), body)
    assert error is None
    assert events[1:] == [TextDelta("Hi"), Finished("stop", None)]


@pytest.mark.parametrize(
    "strange",
    [
        event("something_new", value=1),
        event("content_block_delta", index=0),
        block_delta(type="something_new", text="no"),
        block_delta(type="text_delta"),
        block_delta(type="signature_delta", signature="abc"),
        *(b"event: strange\ndata: %s\n\n" % value for value in (b"{}", b"[]", b"null", b"5")),
    ],
)
async def test_events_that_say_nothing_we_know_are_passed_over(strange):
    body = ANTHROPIC.opening + strange + ANTHROPIC.text("Hi") + strange + ANTHROPIC.close("stop", True)
    _, events, error = await asked(asking("claude-opus-5-5"), body)
    assert error is None
    assert [event.text for event in events if isinstance(event, TextDelta)] == ["Hi"]


async def test_text_that_a_block_begins_with_is_kept():
    block = {"type": "text", "text": "Hel"}
    body = event("content_block_start", index=0, content_block=block) + ANTHROPIC.text("lo") + ending()
    _, events, _ = await asked(asking("claude-opus-5-5"), body)
    assert [event.text for event in events if isinstance(event, TextDelta)] == ["Hel", "lo"]


async def test_one_request_is_one_request():
    requests = []

    def busy(sent):
        requests.append(sent)
        return httpx2.Response(529, headers={"retry-after": "60"})

    with pytest.raises(ProviderError):
        async for _ in ANTHROPIC.provider(busy).stream(asking("claude-opus-5-5")):
            pass
    assert len(requests) == 1
