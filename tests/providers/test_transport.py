"""What arrives over a line, on both ends."""

import asyncio
import gzip
import json

import pytest

from .sockets import (
    CHUNKED,
    MANY,
    SECRET,
    UNTIL_END,
    answer,
    asking,
    chunk,
    echoes,
    has_places,
    looped,
    opened,
    parts,
    running,
    serving,
    settle,
    slowly,
)


@looped
async def test_a_post_arrives_whole():
    async with serving() as server, asking() as client:
        body = {"text": "é" * 50_000}
        async with running(client.post(f"{server.url}v1/x?a=b%20c", json=body, headers={"X-Key": SECRET})) as going:
            peer = await server.next()
            asked = await peer.asked()
            peer.say(answer(b'{"a": 1}', "201 Made", ["Content-Type: application/json", "X-Two: a", "X-Two: b"]))
            response = await going
        assert (asked.method, asked.target, asked.version) == ("POST", "/v1/x?a=b%20c", "HTTP/1.1")
        assert json.loads(asked.body) == body
        assert asked.headers["host"] == f"127.0.0.1:{server.port}"
        assert asked.headers["content-length"] == str(len(asked.body))
        assert asked.headers["content-type"] == "application/json"
        assert asked.headers.get_list("x-key") == [SECRET]
        assert (response.status_code, response.reason_phrase, response.http_version) == (201, "Made", "HTTP/1.1")
        assert response.headers.get_list("x-two") == ["a", "b"]
        assert response.json() == {"a": 1}


@looped
async def test_an_iterated_body_goes_out_in_chunks():
    sent = (b"one", b"", b"two" * 1000, b"\r\n0\r\n\r\n")
    async with serving() as server, asking() as client:
        async with running(client.post(server.url, content=parts(*sent))) as going:
            peer = await server.next()
            asked = await peer.asked()
            peer.say(answer())
            await going
        assert asked.headers["transfer-encoding"] == "chunked"
        assert "content-length" not in asked.headers
        assert asked.parts == [sent[0], sent[2], sent[3]]


@looped
async def test_a_body_of_nothing_has_an_end():
    async with serving() as server, asking() as client, running(client.post(server.url, content=parts())) as going:
        peer = await server.next()
        assert (await peer.asked()).parts == []
        peer.say(answer())
        await going


@pytest.mark.parametrize("chunked", [False, True])
@looped
async def test_a_large_upload_to_a_slow_reader_arrives_whole(chunked):
    async with serving(limit=1024) as server, asking() as client:
        content = parts(*(MANY[at : at + 100_000] for at in range(0, len(MANY), 100_000))) if chunked else MANY
        async with running(client.post(server.url, content=content)) as going:
            peer = await server.next()
            asked = await peer.head()
            await settle()
            if chunked:
                read = b""
                while size := int(await peer.reader.readuntil(b"\r\n"), 16):
                    read += await peer.reader.readexactly(size)
                    await peer.reader.readexactly(2)
            else:
                read = await peer.reader.readexactly(int(asked.headers["content-length"]))
            assert read == MANY
            peer.say(answer(b"got it"))
            assert (await going).text == "got it"


@pytest.mark.parametrize("told", ["length", "chunks", "end"])
@looped
async def test_a_large_download_waits_for_a_slow_reader_and_arrives_whole(told):
    said = {
        "length": [answer(MANY)],
        "chunks": [CHUNKED, *(chunk(MANY[at : at + 50_000]) for at in range(0, len(MANY), 50_000)), b"0\r\n\r\n"],
        "end": [UNTIL_END, MANY],
    }
    async with serving() as server, asking() as client:
        peer, response = await opened(client, server, *said[told])
        if told == "end":
            peer.writer.write_eof()
        await settle(1000)
        unsent = peer.writer.transport.get_write_buffer_size()
        assert unsent > len(MANY) * 0.8, "it was read before anybody asked"
        assert await slowly(response) == MANY


@looped
async def test_chunks_are_handed_on_as_they_come_and_together_where_they_came_together():
    async with serving() as server, asking() as client:
        peer, response = await opened(client, server, CHUNKED)
        pieces = response.aiter_raw()
        peer.say(chunk(b"one"))
        assert await anext(pieces) == b"one"
        peer.say(chunk(b"two"), chunk(b" and "), chunk(b"three"), b"3\r\nfo")
        assert await anext(pieces) == b"two and threefo"
        peer.say(b"u\r\n", b"0\r\n\r\n")
        assert await anext(pieces) == b"u"
        assert await anext(pieces, None) is None


@looped
async def test_what_comes_before_the_answer_is_no_answer():
    async with serving() as server, asking() as client:
        async with running(client.post(server.url, json={})) as going:
            peer = await server.next()
            await peer.asked()
            peer.say(b"HTTP/1.1 100 Continue\r\n\r\n")
            await settle()
            peer.say(b"HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n", answer(b"late"))
            response = await going
        assert (response.status_code, response.text, "x-early" in response.headers) == (200, "late", False)


@looped
async def test_a_body_until_the_server_hangs_up_is_whole():
    async with serving() as server, asking(most=1) as client:
        async with running(client.get(server.url)) as going:
            peer = await server.next()
            await peer.asked()
            peer.say(UNTIL_END, b"some ")
            await settle()
            peer.say(b"body")
            await peer.hang_up()
            assert (await going).text == "some body"
        await has_places(client)


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
@looped
async def test_an_answer_without_a_body_is_whole_at_once(status):
    async with serving() as server, asking() as client:
        for _ in range(2):
            async with running(client.get(server.url)) as going:
                if not server.peers:
                    peer = await server.next()
                await peer.asked()
                peer.say(f"HTTP/1.1 {status}\r\nX: y\r\n\r\n".encode())
                assert (await going).content == b""
        assert len(server.peers) == 1


@looped
async def test_a_redirect_is_followed_with_its_body():
    async def play(peer):
        while asked := await peer.asked():
            moved = asked.target == "/old"
            peer.say(answer(b"gone", "307 Moved", ["Location: /new"]) if moved else answer(asked.body))

    async with serving(play) as server, asking(follow_redirects=True) as client:
        response = await client.post(f"{server.url}old", json={"a": 1})
        assert (response.status_code, response.json(), response.url.path) == (200, {"a": 1}, "/new")
        assert len(server.peers) == 1


@looped
async def test_a_packed_body_is_unpacked():
    packed = gzip.compress(b"hello " * 1000)

    async def play(peer):
        await peer.asked()
        peer.say(CHUNKED[:-2], b"Content-Encoding: gzip\r\n\r\n", chunk(packed[:30]))
        await settle()
        peer.say(chunk(packed[30:]), b"0\r\n\r\n")

    async with serving(play) as server, asking() as client:
        assert (await client.get(server.url)).text == "hello " * 1000


@pytest.mark.parametrize("most", [50, 200])
@looped
async def test_two_hundred_at_once_get_their_own_answers(most):
    at_once, most_at_once, together = 0, 0, asyncio.Barrier(most)

    async def play(peer):
        nonlocal at_once, most_at_once
        while asked := await peer.asked():
            at_once += 1
            most_at_once = max(most_at_once, at_once)
            peer.say(CHUNKED, chunk(asked.body))
            await together.wait()
            at_once -= 1
            peer.say(chunk(asked.target.encode()), b"0\r\n\r\n")

    async with serving(play) as server, asking(most=most) as client:
        answers = await asyncio.gather(
            *(client.post(f"{server.url}{number}", content=f"{number} at ") for number in range(200))
        )
        assert [response.text for response in answers] == [f"{number} at /{number}" for number in range(200)]
        assert (most_at_once, len(server.peers)) == (most, most)


@looped
async def test_a_name_is_looked_up_and_all_its_addresses_are_tried():
    async with serving(echoes) as server, asking() as client:
        assert (await client.get(f"http://localhost:{server.port}/x")).text == "/x"
