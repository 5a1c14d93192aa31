"""The client that all providers share: straight to them, or through the proxy that the environment names."""

import pytest

from playground.compose import _shared_client
from playground.providers.transport import Lines

from .providers.sockets import answer, looped, serving


@pytest.fixture(autouse=True)
def direct(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def noting(targets):
    async def play(peer):
        while asked := await peer.asked():
            targets.append(asked.target)
            peer.say(answer())

    return play


@looped
async def test_a_provider_is_asked_on_lines_of_our_own():
    targets = []
    async with serving(noting(targets)) as server, _shared_client()() as http:
        assert isinstance(http._transport, Lines)
        assert (await http.get(f"{server.url}v1/models")).text == "ok"
    assert targets == ["/v1/models"]


@looped
async def test_behind_a_proxy_the_proxy_is_asked(monkeypatch):
    targets = []
    async with serving(noting(targets)) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        async with _shared_client()() as http:
            assert (await http.get("http://model.invalid/v1/models")).text == "ok"
    assert targets == ["http://model.invalid/v1/models"]
