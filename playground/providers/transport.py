"""HTTP/1.1 for the SDKs: connections that are kept, requests and their answers. Knows no provider.

What httpx2 brings looks at every connection with every request and at every chunk on its own: with two hundred streams
that took more than all the rest. Here a connection is found at once and a chunk costs what C takes for it.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from functools import cached_property
from ssl import SSLContext
from typing import Any, NamedTuple, cast

import aiohappyeyeballs
import httpx2

from .line import Line

PORTS = {"http": 80, "https": 443}
# How long an address is tried before the next one is tried beside it, as RFC 8305 recommends.
NEXT_ADDRESS_S = 0.25
NAME = re.compile(rb"[-!#$%&'*+.^_`|~0-9a-zA-Z]+")
VALUE = re.compile(rb"(?:[^\x00\s]+(?:[ \t]+[^\x00\s]+)*)?")
TARGET = re.compile(rb"[\x21-\x7e]+")


# Typed with a tuple of unknowns.
connected: Any = cast(Any, aiohappyeyeballs).start_connection


class Origin(NamedTuple):
    scheme: str
    host: str
    port: int


class Lines(httpx2.AsyncBaseTransport):
    """As many connections as are asked for, up to `most`; then requests wait. Idle ones are kept for `kept_s`."""

    def __init__(self, most: int, kept_s: float) -> None:
        self._places = asyncio.Semaphore(most)
        self._kept_s = kept_s
        self._closed = False
        self._idle: dict[Origin, dict[Line, asyncio.TimerHandle]] = {}

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """As httpx2 asks: raises its TransportError, and its LocalProtocolError for what cannot be written down."""
        head, origin = _head(request), _origin(request.url)
        limits: dict[str, float | None] = request.extensions.get("timeout", {})
        async with _within(limits.get("pool"), httpx2.PoolTimeout):
            await self._places.acquire()
        line: Line | None = None
        try:
            line = await self._line(origin, limits.get("connect"))
            line.begin()
            async with _within(limits.get("write"), httpx2.WriteTimeout):
                await _send(line, head, request)
            async with _within(limits.get("read"), httpx2.ReadTimeout):
                answer = await line.head()
        except BaseException:
            self._places.release()
            if line is not None:
                line.close()
            raise
        return httpx2.Response(
            answer.status,
            headers=answer.headers,
            stream=_Body(self, origin, line, limits.get("read")),
            extensions={"http_version": answer.version, "reason_phrase": answer.reason},
        )

    def give_back(self, origin: Origin, line: Line) -> None:
        """A connection that nobody reads any more: kept if it can be asked again, and closed if not."""
        self._places.release()
        if line.reusable and not self._closed:
            timer = asyncio.get_running_loop().call_later(self._kept_s, self._forget, origin, line)
            self._idle.setdefault(origin, {})[line] = timer
        else:
            line.close()

    async def aclose(self) -> None:
        self._closed = True
        for lines in self._idle.values():
            for line, timer in lines.items():
                timer.cancel()
                line.close()
        self._idle.clear()

    def _forget(self, origin: Origin, line: Line) -> None:
        lines = self._idle[origin]
        del lines[line]
        if not lines:
            del self._idle[origin]
        line.close()

    async def _line(self, origin: Origin, within_s: float | None) -> Line:
        kept = self._idle.get(origin, {})
        while kept:
            line, timer = kept.popitem()  # the one that was used last
            timer.cancel()
            if not line.left():
                return line
            line.close()
        async with _within(within_s, httpx2.ConnectTimeout):
            return await self._connect(origin)

    async def _connect(self, origin: Origin) -> Line:
        loop = asyncio.get_running_loop()
        try:
            addresses = await loop.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
            sock: socket.socket = await connected(addresses, happy_eyeballs_delay=NEXT_ADDRESS_S)
            is_secure = origin.scheme == "https"
            _, line = await loop.create_connection(
                Line,
                sock=sock,
                ssl=self._secure if is_secure else None,
                server_hostname=origin.host if is_secure else None,
            )
        # Also a certificate that is not accepted, a name that is none, and what uvloop makes of a socket that is gone.
        except (OSError, UnicodeError, RuntimeError) as error:
            raise httpx2.ConnectError(str(error)) from error
        return line

    @cached_property
    def _secure(self) -> SSLContext:
        context = httpx2.create_ssl_context()
        context.set_alpn_protocols(["http/1.1"])
        return context


class _Body(httpx2.AsyncByteStream):
    def __init__(self, lines: Lines, origin: Origin, line: Line, within_s: float | None) -> None:
        self._lines, self._origin, self._line, self._within_s = lines, origin, line, within_s
        self._closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            async with _within(self._within_s, httpx2.ReadTimeout):
                piece = await self._line.read()
            if not piece:
                return
            yield piece

    async def aclose(self) -> None:
        if not self._closed:
            self._closed = True
            self._lines.give_back(self._origin, self._line)


NO_LIMIT = nullcontext()


def _within(seconds: float | None, late: type[httpx2.TimeoutException]) -> AbstractAsyncContextManager[None]:
    return NO_LIMIT if seconds is None else _limited(seconds, late)


@asynccontextmanager
async def _limited(seconds: float, late: type[httpx2.TimeoutException]) -> AsyncGenerator[None]:
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise late(f"not within {seconds:g} s") from None


def _origin(url: httpx2.URL) -> Origin:
    if url.scheme not in PORTS:
        raise httpx2.UnsupportedProtocol(f"Request URL has an unsupported protocol '{url.scheme}://'.")
    return Origin(url.scheme, url.raw_host.decode("ascii"), url.port or PORTS[url.scheme])


def _head(request: httpx2.Request) -> bytes:
    method, target = request.method.encode("ascii"), request.url.raw_path
    if not NAME.fullmatch(method) or not TARGET.fullmatch(target):
        raise httpx2.LocalProtocolError("Illegal request line")
    lines = [b"%s %s HTTP/1.1" % (method, target)]
    for name, value in request.headers.raw:
        if not NAME.fullmatch(name) or not VALUE.fullmatch(value):
            raise httpx2.LocalProtocolError(f"Illegal header value of {name!r}")  # never the value: it may be a key
        lines.append(b"%s: %s" % (name, value))
    return b"\r\n".join(lines) + b"\r\n\r\n"


async def _send(line: Line, head: bytes, request: httpx2.Request) -> None:
    """The head goes out with the first part of the body: a provider that waits for both has them at once."""
    chunked = "transfer-encoding" in request.headers
    held = head
    async for part in cast(AsyncIterable[bytes], request.stream):
        if part:
            await line.write(held + (b"%x\r\n%s\r\n" % (len(part), part) if chunked else part))
            held = b""
    await line.write(held + (b"0\r\n\r\n" if chunked else b""))
