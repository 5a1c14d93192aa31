"""What of a contender and a history goes out, and what is refused before anything does."""

import pytest

from playground.conversation.prepare import Limits
from playground.providers.scripted import answer
from playground.types import Message, Options, SamplingParams

from ..pictures import PNG
from .replies import HELLO, last, replies


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


async def test_an_answer_says_by_which_strategy_messages_were_left_out():
    options = {"options": Options(strategy="middle")}
    _, found = await replies(answer("Hi"), conversation(20, 200), model="smollm2-135m-instruct", options=options)
    assert {reply.strategy for reply in found} == {"middle"}
    assert found[-1].left_out > 0


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
