"""What goes out on Gemini's wire, family by family, and how its looser speakers are understood."""

import gzip
import json
from dataclasses import replace

import httpx2
import pytest

from playground.errors import ProviderError
from playground.models.capabilities import fit
from playground.providers.base import drive
from playground.types import Finished, Message, Request, SamplingParams, Started, TextDelta

from .wires import ASKED, CATALOG, GOOGLE, candidate, event_stream, sse

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}


def asking(model_id="gemini-2.5-flash", sampling=SamplingParams(), messages=ASKED, schema=None):
    """The request that the family's rules make of it."""
    model = CATALOG.get(model_id)
    kept, dropped = fit(model, sampling)
    return Request(model, messages, kept, dropped, schema)


async def asked(request, *chunks, response=None, key=None, base_url=None):
    """(the HTTP requests that went out, events, error) of one call."""
    seen = []

    def answer(sent):
        seen.append(sent)
        return response or event_stream(*(chunks or [GOOGLE.answer("Hello")]))

    events = []
    try:
        async for event in drive(GOOGLE.provider(answer, base_url), request, key):
            events.append(event)
    except ProviderError as error:
        return seen, events, error
    return seen, events, None


async def body_of(request):
    (sent,), _, _ = await asked(request)
    return json.loads(sent.content)


async def config_of(request):
    return (await body_of(request)).get("generationConfig", {})


async def thinking_of(request):
    """The thinking configuration, in lower case: this wire takes includeThoughts and include_thoughts for the same."""
    thinking = (await config_of(request)).get("thinkingConfig", {})
    return {name.replace("_", "").lower(): value for name, value in thinking.items()}


def text_of(events):
    return "".join(event.text for event in events if isinstance(event, TextDelta))


# What is sent


@pytest.mark.parametrize(("effort", "budget"), [("low", 1_024), ("medium", 8_192), ("high", 24_576)])
async def test_gemini_2_5_takes_effort_as_a_budget(effort, budget):
    thinking = await thinking_of(asking("gemini-2.5-flash", SamplingParams(effort=effort)))
    assert thinking == {"includethoughts": True, "thinkingbudget": budget}


async def test_gemini_3_takes_effort_as_a_level():
    thinking = await thinking_of(asking("gemini-3.8-flash", SamplingParams(effort="low")))
    assert (thinking.pop("thinkinglevel").lower(), thinking) == ("low", {"includethoughts": True})


@pytest.mark.parametrize("model_id", ["gemini-2.5-flash", "gemini-3.8-flash"])
async def test_without_an_effort_the_thinking_is_only_shown(model_id):
    assert await thinking_of(asking(model_id)) == {"includethoughts": True}


async def test_nothing_optional_is_sent_to_a_family_that_does_not_think():
    request = asking()
    request = replace(request, model=replace(request.model, family=replace(request.model.family, thinking="none")))
    assert await config_of(request) == {}


async def test_sampling_parameters_have_geminis_names():
    wanted = SamplingParams(temperature=0.5, top_p=0.9, top_k=5, max_tokens=7, stop=("END",), seed=3)
    config = await config_of(asking("gemini-2.5-flash", wanted))
    del config["thinkingConfig"]
    assert config == {
        "temperature": 0.5,
        "topP": 0.9,
        "topK": 5,
        "maxOutputTokens": 7,
        "stopSequences": ["END"],
        "seed": 3,
    }


async def test_newer_gemini_gets_no_sampling_parameter():
    wanted = SamplingParams(temperature=0.5, top_p=0.9, top_k=5, max_tokens=7)
    (sent,), events, _ = await asked(asking("gemini-3.8-flash", wanted))
    config = json.loads(sent.content)["generationConfig"]
    assert set(config) == {"maxOutputTokens", "thinkingConfig"}
    assert events[0] == Started(("temperature", "top_p", "top_k"))


async def test_the_system_prompt_stands_apart_and_roles_are_geminis():
    messages = (
        Message("system", "Be brief."),
        Message("user", "Hello"),
        Message("assistant", "Hi"),
        Message("system", "Rhyme."),
        Message("user", "More"),
    )
    body = await body_of(asking(messages=messages))
    assert [part["text"] for part in body["systemInstruction"]["parts"]] == ["Be brief.\n\nRhyme."]
    turns = [(turn["role"], turn["parts"][0]["text"]) for turn in body["contents"]]
    assert turns == [("user", "Hello"), ("model", "Hi"), ("user", "More")]
    assert "systemInstruction" not in await body_of(asking(messages=messages[1:2]))


async def test_a_schema_asks_for_json_of_its_shape():
    config = await config_of(asking(schema=SCHEMA))
    assert (config["responseMimeType"], config["responseJsonSchema"]) == ("application/json", SCHEMA)


async def test_an_answer_in_pieces_of_json_is_text():
    pieces = ('{"city": ', '"Rome"}')
    stream = b"".join(GOOGLE.text(piece) for piece in pieces) + GOOGLE.close("stop", True)
    _, events, error = await asked(asking(schema=SCHEMA), stream)
    assert error is None
    assert text_of(events) == '{"city": "Rome"}'


@pytest.mark.parametrize(
    ("base_url", "family_version", "start"),
    [
        (None, None, "https://generativelanguage.googleapis.com/v1/models/"),
        (None, "v1beta", "https://generativelanguage.googleapis.com/v1beta/models/"),
        ("http://127.0.0.1:9", None, "http://127.0.0.1:9/v1/models/"),
        ("http://127.0.0.1:9/gemini/v1beta/", None, "http://127.0.0.1:9/gemini/v1beta/models/"),
    ],
)
async def test_address_and_api_version_are_the_endpoints_and_the_familys(base_url, family_version, start):
    request = asking()
    family = replace(request.model.family, api_version=family_version)
    request = replace(request, model=replace(request.model, family=family))
    (sent,), _, error = await asked(request, base_url=base_url)
    assert error is None
    assert str(sent.url).startswith(f"{start}gemini-2.5-flash:streamGenerateContent")


async def test_the_key_is_in_a_header_and_never_in_the_address():
    (sent,), _, _ = await asked(asking(), key="reader-key")
    assert sent.headers["x-goog-api-key"] == "reader-key"
    assert "reader-key" not in str(sent.url)


async def test_a_key_that_no_header_can_hold_is_a_wrong_key():
    seen, events, error = await asked(asking(), key="“clé”")
    assert (seen, events, error.kind) == ([], [Started()], "auth")
    assert "clé" not in error.message


async def test_our_client_is_used_even_where_aiohttp_is_installed(monkeypatch):
    monkeypatch.setattr("google.genai._api_client.has_aiohttp", True)
    seen, events, error = await asked(asking())
    assert error is None
    assert (len(seen), text_of(events)) == (1, "Hello")


async def test_one_request_is_one_request():
    requests = []

    def busy(sent):
        requests.append(sent)
        return httpx2.Response(503)

    with pytest.raises(ProviderError):
        async for _ in GOOGLE.provider(busy).stream(asking()):
            pass
    assert len(requests) == 1


# What comes back


@pytest.mark.parametrize(
    "reason", ["SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "OTHER", "PUP_LIMITED_DISABLED"]
)
async def test_a_reason_that_is_no_end_of_its_own_is_named(reason):
    _, events, error = await asked(asking(), sse(candidate([{"text": "Well, "}], finishReason=reason)))
    assert error is None
    assert events[1:] == [TextDelta("Well, "), Finished("content_filter", None, reason)]


@pytest.mark.filterwarnings("ignore:A_NEW_REASON")
async def test_a_reason_newer_than_the_sdk_is_named_too():
    _, events, _ = await asked(asking(), sse(candidate([{"text": "Well, "}], finishReason="A_NEW_REASON")))
    assert events[-1] == Finished("content_filter", None, "A_NEW_REASON")


async def test_withheld_without_a_word_is_blocked_and_not_an_empty_answer():
    _, _, error = await asked(asking(), sse(candidate([], finishReason="OTHER")))
    assert error.kind == "blocked"
    assert "OTHER" in error.message


async def test_an_answer_that_could_be_continued_is_cut_at_its_length_and_not_asked_for_again():
    more = sse(candidate([{"text": "Well, "}], finishReason="CONTINUATION", continuationToken="dG9rZW4="))
    seen, events, error = await asked(asking(), more)
    assert error is None
    assert events[1:] == [TextDelta("Well, "), Finished("length", None)]
    assert len(seen) == 1


async def test_an_unspecified_reason_is_no_end():
    _, events, error = await asked(asking(), sse(candidate([{"text": "Hi"}], finishReason="FINISH_REASON_UNSPECIFIED")))
    assert (text_of(events), error.kind) == ("Hi", "truncated")


@pytest.mark.parametrize("line", [b"event: message\n", b"id: 7\n", b"retry: 100\n\n", b"event: ping\ndata: {}\n\n"])
async def test_lines_that_are_not_data_are_passed_over(line):
    _, events, error = await asked(asking(), line + GOOGLE.text("Hel") + line + GOOGLE.text("lo"), GOOGLE.answer(""))
    assert error is None
    assert text_of(events) == "Hello"


async def test_a_comment_split_over_chunks_is_passed_over():
    _, events, error = await asked(
        asking(), b": keep-", b"alive\n", b"\n:", b" x\n\n" + GOOGLE.answer("Hello") + b": x"
    )
    assert error is None
    assert text_of(events) == "Hello"


async def test_data_without_the_optional_space_is_data():
    _, events, error = await asked(asking(), GOOGLE.answer("data:x").replace(b"data: {", b"data:{"))
    assert error is None
    assert text_of(events) == "data:x"


async def test_a_compressed_stream_is_read():
    headers = {"content-type": "text/event-stream", "content-encoding": "gzip"}
    response = httpx2.Response(200, headers=headers, content=gzip.compress(GOOGLE.answer("Hello")))
    _, events, error = await asked(asking(), response=response)
    assert error is None
    assert text_of(events) == "Hello"


@pytest.mark.parametrize(
    "strange",
    [
        {"candidates": 5},
        {"candidates": [{"content": []}]},
        candidate([{"text": 5}]),
        {"usageMetadata": {"promptTokenCount": "many"}},
        {"error": "boom"},
        {"error": {"message": "no code"}},
        5,
    ],
    ids=str,
)
async def test_json_of_another_shape_is_protocol_and_keeps_the_text(strange):
    _, events, error = await asked(asking(), GOOGLE.text("Hel") + sse(strange) + GOOGLE.close("stop", True))
    assert (text_of(events), error.kind) == ("Hel", "protocol")
