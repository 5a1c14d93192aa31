"""A reply from contender and history: how it grows, how it ends."""

import asyncio

import pytest

from playground.conversation.reply import Backends
from playground.errors import ProviderError
from playground.providers.base import Deadlines
from playground.providers.scripted import ScriptedProvider, answer
from playground.types import (
    Contender,
    Finished,
    Options,
    SamplingParams,
    Started,
    TextDelta,
    ThinkingDelta,
    TokenLogprob,
    Usage,
    Waiting,
)

from .replies import CATALOG, HELLO, backends, last, replies


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


async def test_the_log_has_what_an_answer_took_and_no_word_of_it(caplog):
    caplog.set_level("INFO", "playground")
    await last([TextDelta("Hello"), Finished("stop", Usage(1000, 500))])
    await last([TextDelta("Hel"), ProviderError("connection", "The line dropped.")])
    whole, broken = [record.counts for record in caplog.records if record.message == "answered"]
    assert whole.pop("usd") == pytest.approx((1000 * 2.5 + 500 * 10) / 1e6)
    assert whole == {
        "provider": "openai",
        "model": "gpt-4o",
        "ended": "stop",
        "tokens_in": 1000,
        "tokens_out": 500,
        "own_key": False,
    }
    assert broken["ended"] == "connection"
    assert "Hel" not in "".join(record.getMessage() + str(record.__dict__) for record in caplog.records)


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


async def test_token_probabilities_come_with_the_finished_reply_and_are_dropped_where_there_are_none():
    tokens = (TokenLogprob("Hel", -0.1, (("Hel", -0.1), ("Bye", -2.5))), TokenLogprob("lo", -0.2))
    script = [TextDelta("Hel", tokens[:1]), TextDelta("lo", tokens[1:]), Finished("stop", Usage(1, 2))]
    provider, found = await replies(script, options={"options": Options(logprobs=2)})
    assert provider.requests[0].logprobs == 2
    assert found[-1].tokens == tokens
    provider, found = await replies(answer("Hi"), model="gpt-5.4", options={"options": Options(logprobs=2)})
    assert provider.requests[0].logprobs is None
    assert found[-1].dropped == ("logprobs",)


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


@pytest.mark.parametrize(("rest", "fits"), [('lo"}', True), ('lo"', False), ('lo", "more": 1}', False)])
async def test_the_rest_of_a_json_answer_is_checked_with_its_beginning_and_not_told_to_be_json(rest, fits):
    schema = {"properties": {"city": {"type": "string"}}, "additionalProperties": False}
    asked = {"options": Options(json_schema=schema, json_mode=True), "begun": '{"city": "Os'}
    provider, found = await replies(answer(rest), options=asked)
    assert (found[-1].text, found[-1].violations == ()) == (rest, fits)
    sent = provider.requests[0]
    assert (sent.json_schema, sent.json_mode, [message.role for message in sent.messages]) == (None, False, ["user"])
