"""What is told when a line breaks, wherever it does, and that its place is free again."""

import asyncio
import itertools
import socket

import httpx2
import pytest

from playground.providers.line import Line

from .sockets import (
    CHUNKED,
    HALF,
    MANY,
    UNTIL_END,
    answer,
    asking,
    chunk,
    has_places,
    looped,
    opened,
    parts,
    running,
    serving,
    settle,
    within,
)


@looped
async def test_a_port_where_nobody_listens_is_a_connect_error():
    async with asking(most=1) as client:
        with socket.socket() as bound:
            bound.bind(("127.0.0.1", 0))
            with pytest.raises(httpx2.ConnectError):
                await client.get(f"http://127.0.0.1:{bound.getsockname()[1]}/")
        await has_places(client)


# Each is refused before anybody is asked for its address.
@pytest.mark.parametrize("host", ["a." * 130 + "invalid", "a" * 64 + ".invalid", "a..invalid"])
@looped
async def test_an_unknown_host_is_a_connect_error(host):
    async with asking(most=1) as client:
        with pytest.raises(httpx2.ConnectError):
            await client.get(f"http://{host}/")
        await has_places(client)


@pytest.mark.parametrize(
    "secured, limit, late",
    [(True, {"connect": 0.3}, httpx2.ConnectTimeout), (False, {"read": 0.05}, httpx2.ReadTimeout)],
    ids=["no handshake", "no answer"],
)
@looped
async def test_what_does_not_begin_in_time_is_the_timeout_of_its_kind(secured, limit, late):
    async with serving() as server, asking(most=1) as client:
        with pytest.raises(late):
            await client.get(server.secure_url if secured else server.url, timeout=within(**limit))
        await (await server.next()).gone()
        await has_places(client)


@looped
async def test_a_body_that_does_not_go_on_in_time_is_a_read_timeout_after_what_came():
    async def stalls(peer):
        await peer.asked()
        peer.say(HALF)

    came = b""
    async with serving(stalls) as server, asking(most=1) as client:
        with pytest.raises(httpx2.ReadTimeout):
            async with client.stream("GET", server.url, timeout=within(read=0.3)) as response:
                async for piece in response.aiter_raw():
                    came += piece
        assert came == b"hel"
        await server.peers[0].gone()
        await has_places(client)


@looped
async def test_a_server_that_takes_nothing_is_a_write_timeout():
    async with serving(limit=1024) as server, asking(most=1) as client:
        with pytest.raises(httpx2.WriteTimeout):
            await client.post(server.url, content=MANY * 4, timeout=within(write=0.05))
        await (await server.next()).gone()
        await has_places(client)


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: "])
@looped
async def test_a_server_that_hangs_up_without_an_answer_broke_the_protocol(said):
    async def play(peer):
        await peer.asked()
        peer.say(said)
        await peer.hang_up()

    async with serving(play) as server, asking(most=1) as client:
        with pytest.raises(httpx2.RemoteProtocolError):
            await client.get(server.url)
        await has_places(client)


@looped
async def test_a_server_that_hangs_up_as_soon_as_it_is_connected_is_an_error():
    async def play(peer):
        await peer.hang_up()

    async with serving(play) as server, asking(most=1) as client:
        with pytest.raises((httpx2.ReadError, httpx2.RemoteProtocolError)):
            await client.post(server.url, json={})
        await has_places(client)


@looped
async def test_a_line_that_is_lost_before_it_is_asked_is_an_error():
    async with serving() as server:
        _, line = await asyncio.get_running_loop().create_connection(Line, "127.0.0.1", server.port)
        await (await server.next()).hang_up()
        await settle()
        line.begin()
        await line.write(b"GET / HTTP/1.1\r\n\r\n")
        with pytest.raises(httpx2.TransportError):
            await line.head()


@pytest.mark.parametrize("said", [b"SSH-2.0-OpenSSH_9.6\r\n", b"x" * 200_000])
@looped
async def test_a_server_of_another_kind_broke_the_protocol(said):
    async def play(peer):
        peer.say(said)
        await peer.gone()

    async with serving(play) as server, asking(most=1) as client:
        with pytest.raises(httpx2.RemoteProtocolError):
            await client.get(server.url)
        await has_places(client)


async def what_came(client, url):
    """All of a body up to its error, and the error."""
    came = b""
    try:
        async with client.stream("GET", url) as response:
            async for piece in response.aiter_raw():
                came += piece
    except httpx2.TransportError as error:
        return came, error
    return came, None


@pytest.mark.parametrize("said", [HALF, CHUNKED + chunk(b"hel"), CHUNKED + b"5\r\nhel"])
@looped
async def test_a_body_that_breaks_off_is_an_error_after_what_came(said):
    async def play(peer):
        await peer.asked()
        peer.say(said)
        await peer.hang_up()

    async with serving(play) as server, asking(most=1) as client:
        came, error = await what_came(client, server.url)
        assert (came, type(error)) == (b"hel", httpx2.RemoteProtocolError)
        await has_places(client)


@looped
async def test_a_body_that_breaks_the_protocol_is_an_error_after_what_came():
    async def play(peer):
        await peer.asked()
        peer.say(CHUNKED, chunk(b"hel"), b"zz\r\n")
        await peer.gone()

    async with serving(play) as server, asking(most=1) as client:
        came, error = await what_came(client, server.url)
        assert (came, type(error)) == (b"hel", httpx2.RemoteProtocolError)
        assert "no HTTP answer" in str(error)
        await has_places(client)


@pytest.mark.parametrize("said", [CHUNKED + chunk(b"one"), UNTIL_END + b"one"], ids=["chunks", "until the end"])
@looped
async def test_a_connection_that_is_reset_within_a_body_is_an_error_after_what_came(said):
    async with serving() as server, asking(most=1) as client:
        peer, response = await opened(client, server, said)
        pieces = response.aiter_raw()
        assert await anext(pieces) == b"one"
        peer.reset()
        with pytest.raises((httpx2.ReadError, httpx2.RemoteProtocolError)):
            await anext(pieces)
        await response.aclose()
        await has_places(client)


@looped
async def test_a_connection_that_is_reset_before_the_answer_is_an_error():
    async with serving() as server, asking(most=1) as client:
        async with running(client.get(server.url)) as going:
            peer = await server.next()
            await peer.asked()
            peer.reset()
            with pytest.raises((httpx2.ReadError, httpx2.RemoteProtocolError)):
                await going
        await has_places(client)


@pytest.mark.parametrize("whole", [True, False], ids=["at once", "in two parts"])
@pytest.mark.parametrize("iterated", [False, True])
@looped
async def test_an_answer_that_comes_before_all_was_sent_is_told(iterated, whole):
    refusal = answer(b"too much", "413 Too Large", ["Connection: close"])

    async def play(peer):
        await peer.head()
        if whole:
            peer.say(refusal)
        else:
            peer.say(refusal[:-5])
            await settle()
            peer.say(refusal[-5:])
        await peer.hang_up()

    async with serving(play, limit=1024) as server, asking(most=1) as client:
        content = parts(*itertools.repeat(MANY[:100_000], 50)) if iterated else MANY
        response = await client.post(server.url, content=content)
        assert (response.status_code, response.text) == (413, "too much")
        await has_places(client)


@looped
async def test_a_body_that_cannot_be_made_closes_the_line():
    async def breaks():
        yield b"one"
        raise ValueError("no more")

    async with serving() as server, asking(most=1) as client:
        with pytest.raises(ValueError, match="no more"):
            await client.post(server.url, content=breaks())
        await (await server.next()).gone()
        await has_places(client)
