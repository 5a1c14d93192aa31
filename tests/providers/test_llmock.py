"""The real SDKs over real sockets, against a server that breaks on demand and grades how it was treated."""

import httpx2
import pytest

from playground.errors import ProviderError
from playground.providers.base import Deadlines, Endpoint, drive
from playground.providers.transport import Lines
from playground.types import Finished, TextDelta

from .wires import WIRES

# What this server calls the protocols it knows.
SPEAKS = {"openai chat": "openai", "openai responses": "openai", "anthropic": "anthropic", "google": "gemini"}
every_wire = pytest.mark.parametrize(
    "wire", [wire for wire in WIRES if wire.name in SPEAKS], ids=lambda wire: wire.name
)


async def ask(wire, llmock, deadlines=Deadlines()):
    """(text, error) of one driven call."""
    text = ""
    finished = None
    async with httpx2.AsyncClient(transport=Lines(100, 4.0), timeout=None) as http:
        # This server knows Gemini's v1beta only, which the address may say.
        url = llmock.base_url(SPEAKS[wire.name]) + ("/v1beta" if wire.name == "google" else "")
        provider = wire.adapter(Endpoint("Vendor", "KEY", "llmock", url), lambda: http)
        try:
            async for event in drive(provider, wire.request(), None, deadlines):
                if isinstance(event, TextDelta):
                    text += event.text
                elif isinstance(event, Finished):
                    finished = event
        except ProviderError as error:
            return text, error
    assert finished is not None
    return text, None


@every_wire
async def test_an_answer_arrives_whole(wire, llmock):
    llmock.reply("The sea is wide and the dog is small.", times=1)
    text, error = await ask(wire, llmock)
    assert error is None
    assert text == "The sea is wide and the dog is small."


@every_wire
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, "auth"),
        (402, "quota"),
        (403, "permission"),
        (404, "not_found"),
        (500, "server"),
        (502, "server"),
        (503, "overloaded"),
        (529, "overloaded"),
    ],
)
async def test_a_failing_provider_has_its_kind(wire, status, kind, llmock):
    llmock.fail(status, times=None)
    text, error = await ask(wire, llmock)
    assert text == ""
    assert error.kind in {kind, "server"} if status == 503 else error.kind == kind


@every_wire
async def test_a_short_rate_limit_is_waited_out(wire, llmock):
    llmock.rate_limit(times=1, retry_after=0.2)
    text, error = await ask(wire, llmock)
    assert error is None
    assert text
    llmock.assert_resilient()


@every_wire
async def test_a_long_rate_limit_is_told_and_not_waited_for(wire, llmock):
    llmock.rate_limit(times=None, retry_after=300)
    _, error = await ask(wire, llmock)
    assert (error.kind, error.retry_after_s, len(llmock.requests)) == ("rate_limit", 300, 1)


@every_wire
async def test_a_quota_that_is_used_up_is_told_with_the_true_wait(wire, llmock):
    llmock.limits(rpm=1)
    assert (await ask(wire, llmock))[1] is None
    _, error = await ask(wire, llmock)
    assert error.kind == "rate_limit"
    assert 10 < error.retry_after_s <= 60


@every_wire
async def test_a_slow_first_token_meets_our_deadline(wire, llmock):
    llmock.slow_first_token(20)
    text, error = await ask(wire, llmock, Deadlines(first_token_s=0.5))
    assert (text, error.kind) == ("", "timeout")


@every_wire
async def test_a_prompt_over_the_window_is_context_length(wire, llmock):
    llmock.context_overflow()
    _, error = await ask(wire, llmock)
    assert error.kind == "context_length"


@every_wire
@pytest.mark.parametrize(
    ("fault", "kinds"),
    [("disconnect", {"connection"}), ("truncate", {"truncated"}), ("corrupt", {"protocol"}), ("stall", {"timeout"})],
)
async def test_a_stream_that_breaks_keeps_its_text_and_says_how(wire, fault, kinds, llmock):
    llmock.reply("one two three four five six seven eight nine ten", times=1)
    options = {"seconds": 20} if fault == "stall" else {}
    getattr(llmock, fault)(after_chunks=6, **options)
    text, error = await ask(wire, llmock, Deadlines(idle_s=1.0))
    assert error is not None
    assert error.kind in kinds
    assert text
    assert "one two three four five six seven eight nine ten".startswith(text)
