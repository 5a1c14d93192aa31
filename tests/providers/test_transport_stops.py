"""Requests that are refused before they go out, and askers who stop asking."""

import asyncio

import httpx2
import pytest

from .sockets import (
    CHUNKED,
    MANY,
    SECRET,
    answer,
    asking,
    chunk,
    echoes,
    has_places,
    looped,
    opened,
    running,
    serving,
    settle,
)


@pytest.mark.parametrize(
    "value", ["a\nX-More: b", "a\r\nX-More: b", "a\r", "a\0b", " a", "a ", "\ta"], ids=lambda value: repr(value)
)
@looped
async def test_a_header_that_would_change_the_request_is_refused_and_not_told(value):
    async with serving(echoes) as server, asking(most=1) as client:
        bad = value.replace("a", SECRET, 1)
        with pytest.raises(httpx2.LocalProtocolError) as refused:
            await client.get(server.url, headers={"Authorization": bad})
        assert SECRET not in str(refused.value)
        assert SECRET not in repr(refused.value)
        assert refused.value.__cause__ is None
        assert server.peers == []
        await has_places(client)


@pytest.mark.parametrize("name", ["", "X Y", "X:", "X\r\nY"])
@looped
async def test_a_header_without_a_proper_name_is_refused(name):
    async with serving(echoes) as server, asking(most=1) as client:
        with pytest.raises(httpx2.LocalProtocolError):
            await client.get(server.url, headers={name: "x"})
        assert server.peers == []
        await has_places(client)


@pytest.mark.parametrize("method", ["GE T", "GET /x HTTP/1.1\r\nX: y\r\n\r\nGET", ""])
@looped
async def test_a_method_that_is_none_is_refused(method):
    async with serving(echoes) as server, asking(most=1) as client:
        with pytest.raises(httpx2.LocalProtocolError):
            await client.request(method, server.url)
        assert server.peers == []
        await has_places(client)


@looped
async def test_values_that_are_odd_but_allowed_arrive():
    async with serving() as server, asking() as client:
        sent = {"X-Empty": "", "X-Inner": "a  b\tc", "X-High": "é".encode()}
        async with running(client.get(server.url, headers=sent)) as going:
            peer = await server.next()
            asked = await peer.asked()
            peer.say(answer())
            await going
        assert {name: asked.headers[name] for name in sent} == {"X-Empty": "", "X-Inner": "a  b\tc", "X-High": "é"}


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "ws://127.0.0.1/", "file:///etc/hosts"])
@looped
async def test_another_scheme_is_refused(url):
    async with asking(most=1) as client:
        with pytest.raises(httpx2.UnsupportedProtocol):
            await client.get(url)
        await has_places(client)


async def stopped(task):
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\nX: ", CHUNKED + chunk(b"one")], ids=["", "head", "body"])
@looped
async def test_who_stops_waiting_closes_the_line(said):
    async with serving() as server, asking(most=1) as client:
        async with running(client.get(server.url)) as going:
            peer = await server.next()
            await peer.asked()
            peer.say(said)
            await settle()
            await stopped(going)
        await peer.gone()
        await has_places(client)


@looped
async def test_who_stops_sending_closes_the_line():
    async with serving(limit=1024) as server, asking(most=1) as client:
        async with running(client.post(server.url, content=MANY * 4)) as going:
            peer = await server.next()
            await peer.head()
            await settle()
            await stopped(going)
        assert await peer.gone() < len(MANY) * 3
        await has_places(client)


@looped
async def test_who_stops_connecting_closes_the_line():
    async with serving() as server, asking(most=1) as client:
        async with running(client.get(server.secure_url)) as going:
            peer = await server.next()
            await settle()
            await stopped(going)
        await peer.gone()
        await has_places(client)


@looped
async def test_a_body_that_is_closed_while_another_waits_for_it_is_an_error_there():
    async with serving() as server, asking(most=1) as client:
        peer, response = await opened(client, server, CHUNKED)
        async with running(anext(response.aiter_raw())) as reading:
            await settle()
            await response.aclose()
            with pytest.raises(httpx2.TransportError):
                await reading
        await peer.gone()
        await has_places(client)
