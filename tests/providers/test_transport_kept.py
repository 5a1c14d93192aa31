"""Which lines are used again, and how many may be used at once."""

import asyncio

import httpx2
import pytest

from .sockets import (
    CHUNKED,
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
    within,
)


@looped
async def test_a_line_is_used_again_for_its_origin_and_for_no_other():
    async with serving(echoes) as server, serving(echoes) as other, asking() as client:
        for path in ("a", "b"):
            assert (await client.get(server.url + path)).text == f"/{path}"
            assert (await client.get(other.url + path)).text == f"/{path}"
        assert (await client.get(f"http://localhost:{server.port}/c")).text == "/c"
        assert (len(server.peers), len(other.peers)) == (2, 1)


@looped
async def test_a_line_is_used_by_one_at_a_time():
    async with serving(echoes) as server, asking() as client:
        async with client.stream("GET", f"{server.url}a") as one, client.stream("GET", f"{server.url}b") as two:
            assert (await two.aread(), await one.aread()) == (b"/b", b"/a")
        assert len(server.peers) == 2


@looped
async def test_the_line_that_was_used_last_is_used_first():
    async def play(peer):
        while await peer.asked():
            peer.say(answer(headers=[f"X-Line: {server.peers.index(peer)}"]))

    async with serving(play) as server, asking() as client:
        for order in ("01", "10"):
            held = [await client.send(client.build_request("GET", server.url), stream=True) for _ in order]
            by_line = {response.headers["x-line"]: response for response in held}
            for line in order:
                await by_line[line].aclose()
            assert (await client.get(server.url)).headers["x-line"] == order[-1]
        assert len(server.peers) == 2


@pytest.mark.parametrize(
    "last",
    [
        answer(headers=["Connection: close"]),
        answer(version="HTTP/1.0"),
        answer() + b"x",
        answer() + answer(),
    ],
    ids=["close", "HTTP/1.0", "a byte more", "an answer more"],
)
@looped
async def test_a_line_whose_answer_was_the_last_is_closed(last):
    async with serving() as server, asking(most=1) as client:
        async with running(client.get(server.url)) as going:
            peer = await server.next()
            await peer.asked()
            peer.say(last)
            assert (await going).text == "ok"
        await peer.gone()
        async with running(client.get(server.url)) as going:
            peer = await server.next()
            assert await peer.asked()
            peer.say(answer(b"anew"))
            assert (await going).text == "anew"
        await has_places(client)


@looped
async def test_a_line_on_which_something_comes_unasked_is_closed():
    async with serving() as server, asking() as client:
        async with running(client.get(server.url)) as going:
            peer = await server.next()
            await peer.asked()
            peer.say(answer())
            await going
        peer.say(answer(b"not yours", "408 Request Timeout"))
        await peer.gone()
        async with running(client.get(server.url)) as going:
            peer = await server.next()
            await peer.asked()
            peer.say(answer(b"yours"))
            assert (await going).text == "yours"


@looped
async def test_a_body_that_was_left_half_read_closes_its_line():
    async with serving() as server, asking(most=1) as client:
        peer, response = await opened(client, server, CHUNKED, chunk(b"one"))
        assert await anext(response.aiter_raw()) == b"one"
        await response.aclose()
        await peer.gone()
        await has_places(client)


@looped
async def test_a_body_that_came_whole_need_not_be_read():
    async with serving(echoes) as server, asking() as client:
        for _ in range(2):
            async with client.stream("GET", server.url):
                await settle()
        assert len(server.peers) == 1


@looped
async def test_a_line_is_closed_when_it_was_kept_long_enough():
    async with serving(echoes) as server, asking(kept_s=0.01) as client:
        await client.get(server.url)
        await server.peers[0].left.wait()
        assert (await client.get(f"{server.url}again")).text == "/again"
        assert len(server.peers) == 2


@looped
async def test_a_line_that_is_asked_again_in_time_is_not_closed():
    kept_over = asyncio.Event()

    async def waits(peer):
        while asked := await peer.asked():
            if asked.target == "/late":
                await kept_over.wait()
            peer.say(answer(asked.target.encode()))

    async with serving(waits) as server, serving(echoes) as other, asking(kept_s=0.5) as client:
        await client.get(server.url)
        async with running(client.get(f"{server.url}late")) as going:
            await client.get(other.url)
            await other.peers[0].left.wait()
            kept_over.set()
            assert (await going).text == "/late"
        assert len(server.peers) == 1


@looped
async def test_a_line_that_the_server_left_while_it_was_idle_is_not_used():
    async with serving(echoes) as server, asking() as client:
        await client.get(server.url)
        await server.peers[0].hang_up()
        await settle()
        assert (await client.get(f"{server.url}again")).text == "/again"
        assert len(server.peers) == 2


@looped
async def test_a_line_that_the_server_left_just_now_is_not_used():
    async with serving(echoes) as server, asking() as client:
        await client.get(server.url)
        await server.peers[0].hang_up()
        assert (await client.get(f"{server.url}again")).text == "/again"
        assert len(server.peers) == 2


@looped
async def test_as_many_lines_as_were_used_are_kept():
    async def at_once():
        held = [await client.send(client.build_request("GET", server.url), stream=True) for _ in range(30)]
        for response in held:
            await response.aread()

    async with serving(echoes) as server, asking() as client:
        await at_once()
        await at_once()
        assert len(server.peers) == 30


@looped
async def test_idle_lines_are_closed_with_the_client():
    async with serving() as server:
        async with asking() as client:
            peer, response = await opened(client, server, answer())
            await response.aclose()
        await peer.gone()


@looped
async def test_a_line_that_is_given_back_after_the_client_was_closed_is_closed():
    async with serving() as server:
        async with asking() as client:
            peer, response = await opened(client, server, answer())
        await response.aclose()
        await settle()
        assert peer.reader.at_eof()


@looped
async def test_more_than_may_be_at_once_wait_for_their_place():
    async with serving(echoes) as server, asking(most=2) as client:
        held = [await client.send(client.build_request("GET", server.url), stream=True) for _ in range(2)]
        async with running(client.get(f"{server.url}third")) as third, running(client.get(server.url)) as fourth:
            await settle()
            assert (third.done(), fourth.done(), len(server.peers)) == (False, False, 2)
            await held[0].aclose()
            assert (await third).text == "/third"
            assert (await fourth).text == "/"
        await held[1].aclose()
        await has_places(client, 2)


@looped
async def test_a_request_that_waits_too_long_for_its_place_takes_none():
    async with serving(echoes) as server, asking(most=2) as client:
        held = [await client.send(client.build_request("GET", server.url), stream=True) for _ in range(2)]
        for seconds in (0, 0, 0.001, 0.001):
            with pytest.raises(httpx2.PoolTimeout):
                await client.get(server.url, timeout=within(pool=seconds))
        async with running(client.get(server.url)) as stopped:
            await settle()
            stopped.cancel()
            with pytest.raises(asyncio.CancelledError):
                await stopped
        assert len(server.peers) == 2
        for response in held:
            await response.aclose()
        await has_places(client, 2)


@looped
async def test_a_body_that_is_closed_twice_gives_one_place_back():
    async with serving(echoes) as server, asking(most=1) as client:
        async with client.stream("GET", server.url) as response:
            await response.aread()
        await response.stream.aclose()
        await has_places(client)
