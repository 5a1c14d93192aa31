"""A reply from contender and history: what goes out, how it grows, how it ends."""

import asyncio

import pytest

from playground.conversation.prepare import Limits
from playground.conversation.reply import Backends
from playground.errors import ProviderError
from playground.models.catalog import load_catalog
from playground.providers.base import Deadlines
from playground.providers.scripted import ScriptedProvider, answer
from playground.settings import load_settings
from playground.types import (
    Contender,
    Finished,
    Message,
    Options,
    SamplingParams,
    Started,
    TextDelta,
    ThinkingDelta,
    TokenLogprob,
    Usage,
    Waiting,
)

from ..pictures import PNG

CATALOG = load_catalog(load_settings({"OPENAI_API_KEY": "sk-x"}))
HELLO = [Message("user", "Hello")]


def backends(script, **more):
    provider = ScriptedProvider(script)
    return provider, Backends(CATALOG, {"openai": provider, "anthropic": provider, "local": provider}, **more)


async def replies(script, history=HELLO, model="gpt-4o", system="", sampling=SamplingParams(), options=None, **more):
    provider, both = backends(script, **more)
    found = [reply async for reply in both.reply(Contender(model, system, sampling), history, **(options or {}))]
    return provider, found


async def last(*arguments, **options):
    return (await replies(*arguments, **options))[1][-1]


async def test_a_reply_grows_and_ends_with_usage_cost_and_times():
    script = [step for letter in "Hello" for step in (0.02, TextDelta(letter))]
    _, found = await replies([*script, Finished("stop", Usage(1000, 500))])
    texts = [reply.text for reply in found]
    assert texts == sorted(texts, key=len)
    assert len(set(texts)) > 2
    end = found[-1]
    assert (end.text, end.finish_reason, end.usage) == ("Hello", "stop", Usage(1000, 500))
    assert end.cost == pytest.approx((1000 * 2.5 + 500 * 10) / 1e6)
    assert 0 < end.ttft_s < end.duration_s
    assert [reply.done for reply in found] == [False] * (len(found) - 1) + [True]


async def test_thinking_is_kept_apart_and_timed():
    end = await last([ThinkingDelta("Hmm"), 0.05, TextDelta("Yes"), Finished("stop", Usage(1, 1))])
    assert (end.thinking, end.text) == ("Hmm", "Yes")
    assert end.thinking_s >= 0.04


async def test_an_error_ends_the_reply_and_keeps_what_came():
    end = await last([TextDelta("Hel"), ProviderError("connection", "The line dropped.")])
    assert (end.text, end.error.kind, end.finish_reason) == ("Hel", "connection", None)
    assert end.usage.estimated
    assert end.cost > 0


async def test_usage_that_nobody_reported_is_counted_and_marked():
    end = await last([TextDelta("tiktoken is great!"), Finished("stop", None)])
    assert end.usage == Usage(3 + 1 + 1 + 3, 6, 0, 0, estimated=True)


async def test_what_is_waited_for_is_shown_and_then_gone():
    class Loading:
        async def stream(self, request, key=None):
            yield Waiting("Loading the embedded model")
            await asyncio.sleep(0.05)
            yield Started()
            yield TextDelta("Hi")
            yield Finished("stop", Usage(1, 1))

    both = Backends(CATALOG, {"local": Loading()})
    found = [reply async for reply in both.reply(Contender("smollm2-135m-instruct"), HELLO)]
    assert found[0].status == "Loading the embedded model"
    assert found[-1].status == ""


async def test_the_system_prompt_goes_first_and_a_blank_one_is_not_sent():
    provider, _ = await replies(answer("Hi"), system="Be brief.")
    assert provider.requests[0].messages[0] == Message("system", "Be brief.")
    provider, _ = await replies(answer("Hi"), system="  \n")
    assert provider.requests[0].messages == (Message("user", "Hello"),)


async def test_what_the_model_does_not_take_is_dropped_and_told():
    provider, found = await replies(answer("Hi"), model="gpt-6-astra", sampling=SamplingParams(temperature=1.0))
    assert provider.requests[0].sampling == SamplingParams()
    assert found[-1].dropped == ("temperature",)


def conversation(turns, words):
    pair = (Message("user", "question " * words), Message("assistant", "answer " * words))
    return [message for _ in range(turns) for message in pair] + HELLO


async def test_a_history_over_the_window_is_trimmed_and_counted():
    provider, found = await replies(answer("Hi"), conversation(20, 200), model="smollm2-135m-instruct", system="Stay.")
    sent = provider.requests[0].messages
    assert sent[0] == Message("system", "Stay.")
    assert sent[1].role == "user"
    assert sent[-1] == HELLO[0]
    assert found[-1].left_out == 42 - len(sent) > 0


async def test_exact_counters_are_asked_where_there_are_any():
    async def count(messages):
        return [1000 for _ in messages]

    provider, found = await replies(
        answer("Hi"), conversation(5, 60), model="smollm2-135m-instruct", counters={"local": count}
    )
    assert len(provider.requests[0].messages) == 3
    assert found[-1].left_out == 8


async def test_a_short_conversation_is_not_counted_at_all():
    async def count(messages):
        raise AssertionError("nobody has to wait for this")

    _, found = await replies(answer("Hi"), model="smollm2-135m-instruct", counters={"local": count})
    assert found[-1].error is None


async def test_a_question_over_the_window_is_refused_and_nothing_is_sent():
    provider, found = await replies(answer("Hi"), [Message("user", "word " * 9000)], model="smollm2-135m-instruct")
    assert (found[-1].error.kind, provider.requests) == ("context_length", [])
    assert "SmolLM2 135M has room for" in found[-1].error.message


async def test_a_large_answer_limit_does_not_shut_the_prompt_out():
    end = await last(answer("Hi"), model="smollm2-135m-instruct", sampling=SamplingParams(max_tokens=4096))
    assert end.error is None


async def test_the_owners_limits_hold():
    limits = Limits(input_tokens=50, output_tokens=10)
    provider, _ = await replies(answer("Hi"), sampling=SamplingParams(max_tokens=999), limits=limits)
    assert provider.requests[0].sampling.max_tokens == 10
    provider, _ = await replies(answer("Hi"), limits=limits)
    assert provider.requests[0].sampling.max_tokens == 10
    end = await last(answer("Hi"), [Message("user", "word " * 60)], limits=limits)
    assert end.error.kind == "context_length"


@pytest.mark.parametrize(
    ("history", "words"),
    [
        ([], "no question"),
        ([Message("system", "Be brief.")], "no question"),
        ([Message("user", "Hi"), Message("assistant", "Hello")], "must be the user's"),
        ([Message("user", "")], "empty"),
        ([Message("user", " \n\t")], "empty"),
        ([Message("user", "a\ud800b")], "position 1"),
    ],
)
async def test_what_asks_nothing_is_refused_in_words(history, words):
    provider, found = await replies(answer("Hi"), history)
    assert (found[-1].error.kind, provider.requests) == ("bad_request", [])
    assert words in found[-1].error.message


@pytest.mark.parametrize("text", ["<|endoftext|>", "a\x00b\x07", "\u2028\u202e🦥"])
async def test_odd_text_is_sent_as_it_is(text):
    provider, found = await replies(answer("Hi"), [Message("user", text)])
    assert found[-1].error is None
    assert provider.requests[0].messages[0].content == text


async def test_an_unknown_model_is_not_found():
    assert (await last(answer("Hi"), model="gpt-99")).error.kind == "not_found"


async def test_a_model_without_a_key_names_the_variable_and_takes_a_readers_own():
    end = await last(answer("Hi"), model="claude-opus-5-5")
    assert (end.error.kind, "ANTHROPIC_API_KEY" in end.error.message) == ("auth", True)
    provider, found = await replies(answer("Hi"), model="claude-opus-5-5", options={"key": "own"})
    assert (found[-1].error, provider.keys) == (None, ["own"])


async def test_a_key_with_a_stray_line_break_is_cleaned_and_an_impossible_one_refused():
    provider, _ = await replies(answer("Hi"), model="claude-opus-5-5", options={"key": " own\n"})
    assert provider.keys == ["own"]
    end = await last(answer("Hi"), model="claude-opus-5-5", options={"key": "sk-…"})
    assert (end.error.kind, "sk-" in end.error.message) == ("auth", False)


async def test_a_schema_goes_along_where_the_family_takes_one_and_is_refused_elsewhere():
    schema = {"type": "object"}
    provider, _ = await replies(answer("{}"), options={"options": Options(json_schema=schema)})
    assert provider.requests[0].json_schema == schema
    end = await last(
        answer("{}"), model="claude-haiku-4-5", options={"options": Options(json_schema=schema), "key": "own"}
    )
    assert (end.error.kind, end.error.param) == ("unsupported_param", "json_schema")


async def test_closing_a_reply_stops_the_provider():
    closed = asyncio.Event()

    class Endless:
        async def stream(self, request, key=None):
            yield Started()
            try:
                while True:
                    yield TextDelta("a")
                    await asyncio.sleep(0.001)
            finally:
                closed.set()

    growing = Backends(CATALOG, {"openai": Endless()}).reply(Contender("gpt-4o"), HELLO)
    await anext(growing)
    await growing.aclose()
    assert closed.is_set()


async def test_a_failure_of_our_own_is_told_and_keeps_what_came(caplog):
    end = await last([TextDelta("Hel"), ZeroDivisionError("secret text")])
    assert (end.text, end.error.kind) == ("Hel", "server")
    assert "ZeroDivisionError" in end.error.message
    assert "secret text" not in end.error.message
    assert "a reply failed" in caplog.text


async def test_a_deadline_ends_the_reply_with_a_timeout():
    end = await last([TextDelta("Hel"), 5.0], deadlines=Deadlines(idle_s=0.05))
    assert (end.text, end.error.kind) == ("Hel", "timeout")


async def test_half_a_character_in_a_delta_waits_for_its_other_half():
    steps = [TextDelta("a\ud83e"), TextDelta("\udda5b"), TextDelta("c\ud800"), Finished("stop", Usage(1, 1))]
    _, found = await replies(steps)
    assert found[-1].text == "a🦥bc\ufffd"
    for reply in found:
        reply.text.encode("utf-8")


async def test_a_parameter_that_a_provider_refuses_is_remembered_and_not_sent_again():
    def script(request):
        if request.sampling.temperature is not None:
            return [ProviderError("unsupported_param", "No.", param="temperature")]
        return answer("Hi")

    provider, both = backends(script)
    asked = Contender("gpt-4o", "", SamplingParams(temperature=0.5, seed=3))
    first = [reply async for reply in both.reply(asked, HELLO)][-1]
    assert first.error.param == "temperature"
    second = [reply async for reply in both.reply(asked, HELLO)][-1]
    assert (second.text, second.dropped) == ("Hi", ("temperature",))
    assert provider.requests[-1].sampling == SamplingParams(seed=3)
    assert "OpenAI refused it" in both.learned.of("gpt-4o")["temperature"]
    assert not both.learned.of("gpt-4o-mini")


async def test_a_refusal_of_something_we_did_not_send_is_not_remembered():
    _, both = backends([ProviderError("unsupported_param", "No.", param="top_p")])
    asked = Contender("gpt-4o", "", SamplingParams(temperature=0.5))
    assert [reply async for reply in both.reply(asked, HELLO)][-1].error
    assert not both.learned.of("gpt-4o")


async def test_json_mode_uses_what_the_wire_has_and_says_the_rest():
    schema = {"type": "object", "properties": {"zip": {"type": "string"}}}

    async def sent(model, **options):
        provider, _ = await replies(
            answer("{}"), model=model, system="Be brief.", options={"options": Options(**options), "key": "own"}
        )
        return provider.requests[0]

    held = await sent("gpt-4o", json_mode=True, json_schema=schema)
    assert (held.json_schema, held.json_mode, held.messages[0].content) == (schema, False, "Be brief.")
    plain = await sent("gpt-4o", json_mode=True)
    assert (plain.json_schema, plain.json_mode) == (None, True)
    assert "JSON" in plain.messages[0].content
    told = await sent("claude-haiku-4-5", json_mode=True, json_schema=schema)
    assert (told.json_schema, told.json_mode) == (None, False)
    assert told.messages[0].content.startswith("Be brief.")
    assert '"zip"' in told.messages[0].content


async def test_token_probabilities_come_with_the_finished_reply_and_are_dropped_where_there_are_none():
    tokens = (TokenLogprob("Hel", -0.1, (("Hel", -0.1), ("Bye", -2.5))), TokenLogprob("lo", -0.2))
    script = [TextDelta("Hel", tokens[:1]), TextDelta("lo", tokens[1:]), Finished("stop", Usage(1, 2))]
    provider, found = await replies(script, options={"options": Options(logprobs=2)})
    assert provider.requests[0].logprobs == 2
    assert found[-1].tokens == tokens
    provider, found = await replies(answer("Hi"), model="gpt-5.4", options={"options": Options(logprobs=2)})
    assert provider.requests[0].logprobs is None
    assert found[-1].dropped == ("logprobs",)


async def test_a_model_that_takes_no_images_says_so_before_anything_is_sent():
    seeing = [Message("user", "What is this?", (PNG,))]
    provider, found = await replies(answer("Hi"), seeing, model="smollm2-135m-instruct")
    assert "does not accept images" in found[-1].error.message
    assert provider.requests == []
    provider, found = await replies(
        answer("Hi"), [*seeing, Message("assistant", "A"), *HELLO], model="smollm2-135m-instruct"
    )
    assert found[-1].dropped == ("images",)
    assert all(not message.images for message in provider.requests[0].messages)
    provider, _ = await replies(answer("Hi"), [Message("user", "", (PNG,))])
    assert provider.requests[0].messages[0].images == (PNG,)


async def test_a_start_alone_is_not_shown_but_the_end_of_a_wait_is():
    _, found = await replies([0.05, TextDelta("Hi"), 0.05, Finished("stop", Usage(1, 1))])
    assert found[0].text == "Hi"

    class Loading(ScriptedProvider):
        async def stream(self, request, key=None):
            yield Waiting("The model is being loaded.")
            await asyncio.sleep(0.05)
            async for event in super().stream(request, key):
                yield event

    slow = Loading([0.05, TextDelta("Hi"), Finished("stop", Usage(1, 1))])
    both = Backends(CATALOG, {"openai": slow})
    seen = [(one.status, one.text) async for one in both.reply(Contender("gpt-4o"), HELLO)]
    assert seen[:2] == [("The model is being loaded.", ""), ("", "")]
    assert seen[-1] == ("", "Hi")
