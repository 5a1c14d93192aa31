"""Both ends of a line in one loop: servers that a test plays, and clients that ask over real sockets.

A test that waits for what never comes ends after `HANGS_S`.
"""

import asyncio
import inspect
import socket
import struct
import sys
from contextlib import asynccontextmanager

import httpx2
import pytest

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
