"""The meter: what it says is what the request will take."""

import pytest

from playground.conversation.meter import read
from playground.conversation.prepare import Limits, prepare
from playground.errors import ProviderError
from playground.models.catalog import load_catalog
from playground.models.tokens import count
from playground.settings import load_settings
from playground.types import Contender, Message, Options, SamplingParams

from ..pictures import PNG

CATALOG = load_catalog(load_settings({"OPENAI_API_KEY": "sk-x"}))
GPT = CATALOG.get("gpt-4o")
LOCAL = CATALOG.get("smollm2-135m-instruct")
TALK = [
    Message("user", "What is tiktoken?"),
    Message("assistant", "A tokenizer."),
    Message("user", "Thanks, naïve 🦥!"),
]


def contender(model="gpt-4o", system="", **sampling):
    return Contender(model, system, SamplingParams(**sampling))


async def test_a_tiktoken_model_is_counted_by_the_documented_formula():
    """Three tokens around each message with its role and content, three that prime the reply (OpenAI Cookbook)."""
    reading = await read(GPT, contender(system="Be brief."), TALK)
    texts = [("system", "Be brief."), *((message.role, message.content) for message in TALK)]
    expected = 3 + sum(3 + count(role, "o200k_base") + count(text, "o200k_base") for role, text in texts)
    assert (reading.input_tokens, reading.exact, reading.left_out) == (expected, True, 0)


async def test_costs_are_those_of_the_prompt_and_of_the_longest_answer():
    reading = await read(GPT, contender(max_tokens=1000), TALK)
    assert reading.cost_to_send == pytest.approx(reading.input_tokens * 2.5 / 1e6)
    assert reading.cost_at_most == pytest.approx(reading.cost_to_send + 1000 * 10 / 1e6)
    free = await read(GPT, contender(), TALK)
    assert free.most_output == GPT.max_output_tokens
    assert (await read(LOCAL, contender(LOCAL.id), TALK)).cost_at_most == 0


async def test_what_is_not_counted_by_the_models_own_tokenizer_is_an_estimate():
    assert not (await read(CATALOG.get("claude-opus-5-5"), contender(), TALK)).exact
    assert not (await read(GPT, contender(), [Message("user", "Hi", (PNG,))])).exact
    assert not (await read(GPT, contender(), TALK, options=Options(json_schema={"type": "object"}))).exact

    async def sizes(messages):
        return [7 for _ in messages]

    assert (await read(LOCAL, contender(), TALK, Limits(), sizes)).exact
    assert not (await read(LOCAL, contender(), TALK, Limits(), sizes, counts_exactly=False)).exact


@pytest.mark.parametrize("strategy", ["oldest", "middle"])
async def test_it_says_what_the_request_will_leave_out(strategy):
    long = [turn for at in range(30) for turn in (Message("user", f"{at} " * 100), Message("assistant", "word " * 100))]
    history, options = [*long, Message("user", "And now?")], Options(strategy=strategy)
    reading = await read(LOCAL, contender(LOCAL.id), history, options=options)
    prepared = await prepare(LOCAL, contender(LOCAL.id), history, Limits(), options=options)
    assert reading.left_out == prepared.left_out > 0
    assert not reading.too_long
    stopped = await read(LOCAL, contender(LOCAL.id), history, options=Options(strategy="stop"))
    assert stopped.too_long
    with pytest.raises(ProviderError, match="Nothing was left out, as you chose"):
        await prepare(LOCAL, contender(LOCAL.id), history, Limits(), options=Options(strategy="stop"))
