"""Requests over real sockets: what arrives, what is used again, and what happens when something breaks.

Both ends are in one loop. A test that waits for what never comes ends after `HANGS_S`.
"""

import asyncio
import datetime
import gzip
import inspect
import ipaddress
import itertools
import json
import socket
import ssl
import struct
import sys
from contextlib import asynccontextmanager

import httpx2
import pytest

from playground.providers.line import Line
from playground.providers.transport import Lines

HANGS_S = 10
MANY = bytes(range(256)) * 20_000  # 5 MB
SECRET = "sk-never-told"
LOOPS = {"asyncio": asyncio.new_event_loop}
if sys.platform != "win32":
    import uvloop

    LOOPS["uvloop"] = uvloop.new_event_loop


def looped(test):
    """Runs on both loops that the app may have; an error that only a loop's log would tell fails the test."""

    def run(loop, **fixtures):
        told = []

        async def watched():
            asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
            async with asyncio.timeout(HANGS_S):
                await test(**fixtures)

        with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
            runner.run(watched())
        assert told == []

    wanted = inspect.signature(test).parameters.values()
    of_loop = inspect.Parameter("loop", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    run.__signature__ = inspect.Signature([of_loop, *wanted])
    return pytest.mark.parametrize("loop", LOOPS)(run)


def answer(body=b"ok", status="200 OK", headers=(), version="HTTP/1.1"):
    """An answer with a length."""
    lines = [f"{version} {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
UNTIL_END = b"HTTP/1.1 200 OK\r\n\r\n"
HALF = answer(b"hello")[:-2]


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


class Asked:
    """One request as it arrived: `parts` are its chunks, None if it has a length."""

    def __init__(self, head):
        line, *fields = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
        self.method, self.target, self.version = line.decode().split(" ")
        self.headers = httpx2.Headers([tuple(field.split(b": ", 1)) for field in fields])
        self.body, self.parts = b"", None


class Peer:
    """The server's end of one connection."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.left = asyncio.Event()

    async def head(self):
        return Asked(await self.reader.readuntil(b"\r\n\r\n"))

    async def asked(self):
        """The next request, None if the client hangs up instead, which sets `left`."""
        try:
            asked = await self.head()
        except (asyncio.IncompleteReadError, ConnectionError):
            self.left.set()
            return None
        if "transfer-encoding" in asked.headers:
            asked.parts = []
            while size := int(await self.reader.readuntil(b"\r\n"), 16):
                asked.parts.append(await self.reader.readexactly(size))
                assert await self.reader.readexactly(2) == b"\r\n"
            assert await self.reader.readexactly(2) == b"\r\n"
            asked.body = b"".join(asked.parts)
        else:
            asked.body = await self.reader.readexactly(int(asked.headers.get("content-length", 0)))
        return asked

    def say(self, *data):
        self.writer.write(b"".join(data))

    async def gone(self):
        """Waits until the client has hung up: how many bytes it still sent."""
        came = 0
        try:
            while data := await self.reader.read(65536):
                came += len(data)
        except ConnectionError:
            pass
        return came

    async def hang_up(self):
        self.writer.close()
        await self.writer.wait_closed()

    def reset(self):
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


class Server:
    """`play` is what it does with each connection; without, the test plays it with what `next` gives."""

    def __init__(self, play):
        self.peers, self.port = [], 0
        self._play, self._new, self._plays = play, asyncio.Queue(), []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/"

    @property
    def secure_url(self):
        return f"https://127.0.0.1:{self.port}/"

    async def next(self):
        return await self._new.get()

    def connected(self, reader, writer):
        # So small that what the client does not take stays here, where a test can see it.
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
        peer = Peer(reader, writer)
        self.peers.append(peer)
        self._new.put_nowait(peer)
        if self._play is not None:
            self._plays.append(asyncio.ensure_future(self._play(peer)))

    async def close(self):
        for play in self._plays:
            play.cancel()
        for peer in self.peers:
            peer.writer.transport.abort()
        ended = await asyncio.gather(*self._plays, return_exceptions=True)
        for error in ended:
            if isinstance(error, Exception):
                raise error


@asynccontextmanager
async def serving(play=None, **options):
    server = Server(play)
    listening = await asyncio.start_server(server.connected, "127.0.0.1", 0, backlog=1000, **options)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        await server.close()


async def echoes(peer):
    """Answers each request with its target."""
    while asked := await peer.asked():
        peer.say(answer(asked.target.encode()))


@asynccontextmanager
async def asking(most=300, kept_s=60.0, **options):
    async with httpx2.AsyncClient(transport=Lines(most, kept_s), timeout=None, **options) as client:
        yield client


@asynccontextmanager
async def running(work):
    """A task that is over afterwards."""
    task = asyncio.ensure_future(work)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def opened(client, server, *said, url=None):
    """(the server's end, the response) of a request to which `said` was said."""
    async with running(client.send(client.build_request("GET", url or server.url), stream=True)) as going:
        peer = await server.next()
        await peer.asked()
        peer.say(*said)
        return peer, await going


async def slowly(response):
    read = []
    async for piece in response.aiter_raw():
        read.append(piece)
        await asyncio.sleep(0)
    return b"".join(read)


async def settle(turns=100):
    """Until all that is on its way on this machine has come."""
    for _ in range(turns):
        await asyncio.sleep(0)


def within(**seconds):
    return httpx2.Timeout(None, **seconds)


async def has_places(client, most=1):
    """Fails unless just `most` requests fit in at once."""
    async with serving(echoes) as server:
        held = [await client.send(client.build_request("GET", server.url), stream=True) for _ in range(most)]
        with pytest.raises(httpx2.PoolTimeout):
            await client.get(server.url, timeout=within(pool=0))
        for response in held:
            await response.aclose()
        assert (await client.get(f"{server.url}free")).text == "/free"


async def parts(*several):
    for part in several:
        yield part


# What arrives.


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


# What is used again.


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


# How many at once.


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


# What breaks.


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


@looped
async def test_a_connection_that_is_not_made_in_time_is_a_connect_timeout():
    async with serving() as server, asking(most=1) as client:
        with pytest.raises(httpx2.ConnectTimeout):
            await client.get(server.secure_url, timeout=within(connect=0.3))
        await (await server.next()).gone()
        await has_places(client)


@looped
async def test_an_answer_that_does_not_begin_in_time_is_a_read_timeout():
    async with serving() as server, asking(most=1) as client:
        with pytest.raises(httpx2.ReadTimeout):
            await client.get(server.url, timeout=within(read=0.05))
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


# Who stops asking.


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


# HTTPS.


def certificate(folder, name):
    """(path of a certificate that signs itself, the server's side of it)."""
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.IPAddress(ipaddress.ip_address(name)) if name[0].isdigit() else x509.DNSName(name)]
    signed = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    pem = serialization.Encoding.PEM
    path.write_bytes(
        signed.public_bytes(pem)
        + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return path, context


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    return certificate(tmp_path_factory.mktemp("certificates"), "127.0.0.1")


@pytest.fixture
def secure(ours, monkeypatch):
    """The server's side of a certificate that is trusted."""
    path, context = ours
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    return context


@looped
async def test_a_certificate_that_nobody_signed_is_a_connect_error(ours, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    async with serving(ssl=ours[1]) as server, asking(most=1) as client:
        with pytest.raises(httpx2.ConnectError, match=r"(?i)certificate"):
            await client.get(server.secure_url)
        assert server.peers == []
        await has_places(client)


@looped
async def test_a_certificate_is_for_its_name_and_for_no_other(tmp_path, monkeypatch):
    path, context = certificate(tmp_path, "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    async with serving(echoes, ssl=context) as server, asking(most=1) as client:
        assert (await client.get(f"https://localhost:{server.port}/x")).text == "/x"
        with pytest.raises(httpx2.ConnectError, match=r"(?i)certificate"):
            await client.get(server.secure_url)
        await has_places(client)


@looped
async def test_a_server_that_speaks_no_tls_is_a_connect_error():
    async def play(peer):
        await peer.reader.read(65536)
        peer.say(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await peer.hang_up()

    async with serving(play) as server, asking(most=1) as client:
        with pytest.raises(httpx2.ConnectError):
            await client.get(server.secure_url)
        await has_places(client)


@looped
async def test_a_trusted_certificate_works_and_the_line_is_used_again(secure):
    async def play(peer):
        while asked := await peer.asked():
            peer.say(answer(asked.body + str(asked.headers["host"]).encode()))

    async with serving(play, ssl=secure) as server, asking() as client:
        for _ in range(2):
            response = await client.post(server.secure_url, content=MANY)
            assert response.content == MANY + f"127.0.0.1:{server.port}".encode()
        assert len(server.peers) == 1


@looped
async def test_a_large_secure_download_to_a_slow_reader_arrives_whole(secure):
    async with serving(ssl=secure) as server, asking() as client:
        _, response = await opened(client, server, answer(MANY), url=server.secure_url)
        await settle()
        assert await slowly(response) == MANY


@looped
async def test_a_secure_download_that_nobody_reads_waits(secure):
    async with serving(ssl=secure) as server, asking() as client:
        peer, response = await opened(client, server, UNTIL_END, url=server.secure_url)
        for _ in range(6):
            peer.say(MANY)
        await settle(1000)
        peer.say(b"more")  # what came before it may be with the connection underneath
        assert peer.writer.transport.get_write_buffer_size() > 0, "all of it was read though nobody asked"
        await response.aclose()
        await peer.gone()


@pytest.mark.parametrize("secured", [False, True], ids=["http", "https"])
@looped
async def test_what_came_while_nobody_read_is_not_lost_when_the_server_hangs_up(request, secured):
    options = {"ssl": request.getfixturevalue("secure")} if secured else {}
    async with serving(**options) as server, asking() as client:
        url = server.secure_url if secured else server.url
        peer, response = await opened(client, server, CHUNKED, chunk(b"one "), url=url)
        await settle()
        peer.say(chunk(b"two"), b"0\r\n\r\n")
        await settle()
        peer.writer.transport.abort()
        await settle()
        assert await response.aread() == b"one two"


@looped
async def test_a_secure_server_that_hangs_up_as_soon_as_it_is_connected_is_an_error(secure):
    async def play(peer):
        peer.writer.close()

    async with serving(play, ssl=secure) as server, asking(most=1) as client:
        with pytest.raises((httpx2.ReadError, httpx2.RemoteProtocolError)):
            await client.post(server.secure_url, json={})
        await has_places(client)


@looped
async def test_a_secure_server_that_speaks_unasked_broke_the_protocol(secure):
    secure.maximum_version = ssl.TLSVersion.TLSv1_2  # there the server has the last word before the request

    async def play(peer):
        peer.say(b"220 ready\r\n")
        await peer.gone()

    try:
        async with serving(play, ssl=secure) as server, asking(most=1) as client:
            with pytest.raises(httpx2.RemoteProtocolError):
                await client.post(server.secure_url, json={})
            await has_places(client)
    finally:
        secure.maximum_version = ssl.TLSVersion.MAXIMUM_SUPPORTED
