"""The real embedded model: loads, answers, stops, counts; and what is said while it cannot."""

import asyncio
import json

import httpx2
import pytest
import pytest_asyncio

from playground.compose import compose
from playground.errors import ProviderError
from playground.providers.anthropic import AnthropicProvider
from playground.providers.base import Endpoint, Pump, drive
from playground.providers.local import LocalModel, Served
from playground.providers.openai import OpenAIProvider
from playground.providers.scripted import ScriptedProvider, answer
from playground.providers.transport import Lines
from playground.providers.weights import WeightsError
from playground.settings import load_settings
from playground.types import Contender, Finished, Message, Options, Request, SamplingParams, Started, TextDelta, Waiting

from ..conftest import CACHE_DIR

MODEL_ID = "smollm2-135m-instruct"
LONG = "Tell me a very long story about a dog, a cat and the sea."


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def real():
    """The composition with the embedded model loaded once for this file."""
    composition = compose(load_settings({"PLAYGROUND_CACHE_DIR": str(CACHE_DIR)}))
    await composition.local.count("load")
    return composition


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def last(real, text, history=(), **sampling):
    contender = Contender(MODEL_ID, "", SamplingParams(**sampling))
    return [reply async for reply in real.backends.reply(contender, [*history, Message("user", text)])][-1]


async def test_it_answers_a_question(real):
    reply = await last(real, "What is the capital of France?", temperature=0.0, max_tokens=30)
    assert reply.error is None
    assert "Paris" in reply.text
    assert reply.finish_reason == "stop"
    assert reply.cost == 0
    assert reply.ttft_s < reply.duration_s


async def test_counts_agree_exactly_with_what_the_server_reports(real):
    conversation = [
        Message("user", "What is the capital of France?"),
        Message("assistant", "Paris, of course — naïve question 🦥."),
        Message("user", "<|endoftext|> and of Spain?\n    indented"),
    ]
    reply = await last(real, conversation[-1].content, conversation[:-1], max_tokens=1)
    assert await real.local.count_messages(conversation) == reply.usage.input_tokens
    assert sum(await real.local.sizes(conversation)) == reply.usage.input_tokens


async def test_the_meter_says_exactly_what_the_server_then_reports(real):
    history = [Message("user", "Hi"), Message("assistant", "Hello — naïve 🦥."), Message("user", "What is 2 + 2?\n  x")]
    contender = Contender(MODEL_ID, "Be brief.", SamplingParams(max_tokens=1))
    reading = await real.backends.reading(contender, history)
    reply = [reply async for reply in real.backends.reply(contender, history)][-1]
    assert (reading.input_tokens, reading.exact) == (reply.usage.input_tokens, True)


async def test_it_gives_the_probabilities_of_its_tokens(real):
    contender = Contender(MODEL_ID, "", SamplingParams(max_tokens=12, temperature=0.0))
    asked = [Message("user", "What is the capital of France?")]
    reply = [reply async for reply in real.backends.reply(contender, asked, options=Options(logprobs=5))][-1]
    assert "".join(token.text for token in reply.tokens) == reply.text
    for token in reply.tokens:
        assert token.logprob <= 0
        assert len(token.top) == 5
        assert max(token.top, key=lambda other: other[1])[0] == token.text


async def test_tokens_add_up_to_the_text(real):
    text = "naïve 🦥 日本 code:\n    x = 1"
    pieces = await real.local.tokenize(text)
    assert b"".join(raw for _, raw in pieces).decode() == text
    assert await real.local.count(text) == len(pieces)


async def test_the_same_seed_repeats_an_answer_and_another_does_not(real):
    asked = {"temperature": 1.5, "max_tokens": 30}
    first = await last(real, LONG, seed=7, **asked)
    assert (await last(real, LONG, seed=7, **asked)).text == first.text
    assert (await last(real, LONG, seed=8, **asked)).text != first.text


async def test_a_stop_string_ends_the_answer(real):
    reply = await last(real, "Count: one, two, three, four.", stop=(",", "."), max_tokens=50, temperature=0.0)
    assert reply.finish_reason == "stop"
    assert "," not in reply.text


async def test_a_json_schema_is_kept(real):
    schema = {
        "type": "object",
        "properties": {"city": {"type": "string", "maxLength": 20}},
        "required": ["city"],
        "additionalProperties": False,
    }
    contender = Contender(MODEL_ID, "", SamplingParams(max_tokens=60, temperature=0.0))
    replies = real.backends.reply(contender, [Message("user", "Name a city.")], options=Options(json_schema=schema))
    assert list(json.loads([reply async for reply in replies][-1].text)) == ["city"]


async def test_eight_at_once_are_all_answered(real):
    replies = await asyncio.gather(*(last(real, f"Say the number {n}.", max_tokens=20) for n in range(8)))
    assert [reply.error for reply in replies] == [None] * 8
    assert all(reply.text for reply in replies)


async def test_stop_frees_the_server_at_once(real):
    async def running():
        async with httpx2.AsyncClient() as http:
            slots = (await http.get(f"{real.local._served.base_url}/slots")).json()
        return sum(slot["is_processing"] for slot in slots)

    contender = Contender(MODEL_ID, "", SamplingParams(max_tokens=3000))
    replies = real.backends.reply(contender, [Message("user", LONG)])
    async for reply in replies:
        if len(reply.text) > 20:
            break
    assert await running() == 1
    await replies.aclose()
    for _ in range(50):
        if await running() == 0:
            break
        await asyncio.sleep(0.1)
    assert await running() == 0


async def test_a_message_over_the_window_is_refused_before_it_is_sent(real):
    reply = await last(real, "word " * 6000)
    assert reply.error.kind == "context_length"
    assert "about 6," in reply.error.message


async def test_the_servers_own_refusal_of_a_long_input_is_context_length(real):
    model = real.backends.catalog.get(MODEL_ID)
    request = Request(model, (Message("user", "word " * 6000),))
    with pytest.raises(ProviderError) as caught:
        async for _ in drive(real.local, request):
            pass
    assert caught.value.kind == "context_length"


@pytest.mark.parametrize("text", ["a\x00b", "\x07\x1b[31mred", "<|endoftext|>", "<|im_end|>", "\u202eright to left"])
async def test_odd_characters_are_answered_like_any_others(real, text):
    reply = await last(real, text, max_tokens=3)
    assert reply.error is None
    assert reply.usage.output_tokens > 0


@pytest.mark.parametrize("adapter", [OpenAIProvider, AnthropicProvider])
async def test_both_sdks_speak_to_its_server(real, adapter):
    base = real.local._served.base_url
    url = f"{base}/v1" if adapter is OpenAIProvider else base
    async with httpx2.AsyncClient(transport=Lines(100, 4.0), timeout=None) as http:
        request = Request(
            real.backends.catalog.get(MODEL_ID),
            (Message("system", "Be brief."), Message("user", "Say hello.")),
            SamplingParams(max_tokens=12, temperature=0.0),
        )
        events = [event async for event in drive(adapter(Endpoint("Local", base_url=url), lambda: http), request)]
    assert isinstance(events[0], Started)
    assert "".join(event.text for event in events if isinstance(event, TextDelta))
    assert isinstance(events[-1], Finished)
    assert events[-1].usage.input_tokens > 5


# Without the real model: what is said while it cannot answer


def model(fetch, serve=lambda path, template: Served("http://127.0.0.1:1", None), http=None):
    return LocalModel("on", CACHE_DIR, lambda _: ScriptedProvider(answer("Hello")), http, fetch=fetch, serve=serve)


def request(real):
    return Request(real.backends.catalog.get(MODEL_ID), (Message("user", "Hi"),))


async def test_the_first_question_waits_and_says_for_what(real, tmp_path):
    async def fetch(choice, cache_dir, progress):
        progress(46_000_000, 93_000_000)
        await asyncio.sleep(0.3)
        return tmp_path / "model.gguf"

    events = [event async for event in drive(model(fetch), request(real))]
    waits = [event.status for event in events if isinstance(event, Waiting)]
    assert any("46 of 93 MB" in status for status in waits)
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == "Hello"


async def test_without_a_network_the_question_is_told_and_the_next_one_tries_again(real, tmp_path):
    tries = []

    async def fetch(choice, cache_dir, progress):
        tries.append(1)
        if len(tries) == 1:
            raise WeightsError("The embedded model could not be downloaded: check the network.")
        return tmp_path / "model.gguf"

    local = model(fetch)

    async def ask():
        return [event async for event in drive(local, request(real), sleep=lambda _: asyncio.sleep(0))]

    with pytest.raises(ProviderError, match="check the network") as caught:
        await ask()
    assert caught.value.kind == "connection"
    assert local.state.stage == "failed"
    assert isinstance((await ask())[-1], Finished)


async def test_weights_that_do_not_load_are_said_to_be_at_fault(real, tmp_path):
    async def fetch(choice, cache_dir, progress):
        return tmp_path / "model.gguf"

    def serve(path, template):
        raise RuntimeError("failed to load model")

    local = model(fetch, serve)
    with pytest.raises(ProviderError, match=r"could not be loaded.*PLAYGROUND_LOCAL"):
        async for _ in drive(local, request(real)):
            pass


async def test_leaving_while_it_loads_does_not_stop_the_loading(real, tmp_path):
    loaded = asyncio.Event()

    async def fetch(choice, cache_dir, progress):
        await asyncio.sleep(0.2)
        loaded.set()
        return tmp_path / "model.gguf"

    async with Pump(drive(model(fetch), request(real))) as pump:
        await anext(pump)
    await asyncio.wait_for(loaded.wait(), 5)


async def test_a_server_that_hangs_up_on_an_idle_line_is_asked_on_a_new_one(tmp_path):
    """As llama.cpp does after 5 s: here it hangs up just as the second question arrives on the line."""
    lines = []

    async def handle(reader, writer):
        lines.append(writer)
        for found in (b'{"tokens": []}', None):
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]))
            if found is not None:
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(found), found))
                await writer.drain()
        writer.close()

    async def fetch(choice, cache_dir, progress):
        return tmp_path / "model.gguf"

    listening = await asyncio.start_server(handle, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    async with httpx2.AsyncClient(transport=Lines(100, 4.0), timeout=None) as http:
        local = model(fetch, lambda path, template: Served(url, None), lambda: http)
        assert [await local.tokenize("x"), await local.tokenize("x")] == [[], []]
    assert len(lines) == 2
    listening.close()
