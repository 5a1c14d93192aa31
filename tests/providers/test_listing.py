"""What providers say they serve: asked side by side, in time, kept for a while, and no key in sight."""

import asyncio
import logging

import httpx2
import pytest

from playground.providers.anthropic import AnthropicProvider
from playground.providers.base import Endpoint
from playground.providers.google import GoogleProvider
from playground.providers.listing import Listing, Listings
from playground.providers.openai import OpenAIProvider


class Says:
    """A provider that lists models, after a while."""

    def __init__(self, *models, after_s=0.0, error=None):
        self.models, self.after_s, self.error = models, after_s, error
        self.keys = []

    async def list_models(self, key=None):
        self.keys.append(key)
        await asyncio.sleep(self.after_s)
        if self.error:
            raise self.error
        return self.models


async def test_the_owners_list_is_kept_and_a_readers_is_not():
    says, served = Says("b", "a"), {}
    listings = Listings({"x": says}, served)
    assert await listings.one("x") == await listings.one("x") == Listing(("a", "b"))
    assert (says.keys, served) == ([None], {"x": ("a", "b")})
    says.models = ("private",)
    assert (await listings.every(["x"], {"x": "my-key"}))["x"] == Listing(("private",))
    assert served == {"x": ("a", "b")}
    assert await Listings({"x": says}, served, fresh_s=-1, _asked={"x": 0.0}).one("x") == Listing(("private",))


async def test_a_provider_that_is_silent_or_fails_does_not_hold_up_the_others(caplog):
    providers = {"slow": Says(after_s=60), "bad": Says(error=ValueError("sk-secret")), "good": Says("m"), "mute": 1}
    listings = Listings(providers, {}, deadline_s=0.05)
    with caplog.at_level(logging.DEBUG):
        found = await listings.every(list(providers), {})
    assert found["good"] == Listing(("m",))
    assert "did not answer" in found["slow"].problem
    assert found["bad"].problem == "could not be asked"
    assert "mute" not in found
    assert "sk-secret" not in caplog.text


ANSWERS = {
    OpenAIProvider: {
        "object": "list",
        "data": [{"id": "gpt-9", "object": "model"}, {"id": "tts-1", "object": "model"}],
    },
    AnthropicProvider: {"data": [{"id": "claude-9", "type": "model"}], "has_more": False},
    GoogleProvider: {
        "models": [
            {"name": "models/gemini-9", "supportedGenerationMethods": ["generateContent"]},
            {"name": "models/embed", "supportedGenerationMethods": ["embedContent"]},
        ]
    },
}


@pytest.mark.parametrize("kind", ANSWERS, ids=lambda kind: kind.__name__)
async def test_each_vendors_list_is_read_with_the_key_that_is_given(kind):
    seen = []

    def answer(request):
        seen.append(request)
        return httpx2.Response(200, json=ANSWERS[kind])

    client = httpx2.AsyncClient(transport=httpx2.MockTransport(answer))
    provider = kind(Endpoint("X", "X_KEY", "owners-key", "http://test.invalid"), lambda: client)
    assert len(await provider.list_models()) == 1
    assert (await provider.list_models("readers-key"))[0].endswith("-9")
    assert "owners-key" in str(seen[0].headers.raw)
    assert "readers-key" in str(seen[1].headers.raw)
    assert "owners-key" not in str(seen[1].headers.raw)


async def test_a_refused_key_is_told_as_that():
    client = httpx2.AsyncClient(transport=httpx2.MockTransport(lambda _: httpx2.Response(401, json={"error": {}})))
    provider = OpenAIProvider(Endpoint("X", "X_KEY", "k", "http://test.invalid"), lambda: client)
    assert (await Listings({"x": provider}, {}).one("x")).problem == "refuses the key"
