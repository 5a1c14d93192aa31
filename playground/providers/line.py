"""One connection of HTTP/1.1: a request goes out, its answer comes in. Knows no provider, no pool and no address."""

from __future__ import annotations

import asyncio
import select
from typing import cast

import httpx2

from .answer import Answer

MOST_UNREAD = 1024 * 1024


class Line(asyncio.Protocol):
    """Asked one thing after the other, never two at once.

    The socket is read only while somebody waits for it. What comes meanwhile stays with the system and is one piece
    when it is read, however many chunks it was sent in: where many streams run, that is most of what they cost.
    A secure one is read all the time: uvloop loses what a server said last if it hangs up while nobody reads.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._answer: Answer | None = None
        self._error: httpx2.TransportError | None = None
        self._news: asyncio.Future[None] | None = None
        self._room = asyncio.Event()
        self._room.set()
        self._reading = True
        self._sending = False
        self._unread = 0
        self.closed = False

    @property
    def answer(self) -> Answer:
        """The answer to what was asked last."""
        assert self._answer is not None
        return self._answer

    @property
    def reusable(self) -> bool:
        """Whether another request can be sent: all of the last answer has come, and nothing else."""
        answer = self._answer
        return not self.closed and answer is not None and answer.whole and answer.may_go_on and not answer.surplus

    def left(self) -> bool:
        """Whether the server has hung up on an idle line, or said something: the loop may not have looked yet."""
        return self.closed or _is_readable(self._transport.get_extra_info("socket").fileno())

    def begin(self) -> None:
        """What is written next is another request."""
        self._answer = Answer()
        self._sending = True

    async def write(self, data: bytes) -> None:
        """Waits while the server takes nothing. What breaks meanwhile is said by what waits for the answer."""
        if data and not self.closed:
            self._transport.write(data)
            await self._room.wait()

    async def head(self) -> Answer:
        """The answer once its head has come; all of the request has been written."""
        self._sending = False
        while not self.answer.begun:
            await self._wait()
        return self.answer

    async def read(self) -> bytes:
        """All of the body that has come, at least one byte; nothing at its end."""
        while not self.answer.waiting:
            if self.answer.whole:
                return b""
            await self._wait()
        return self.answer.take()

    def close(self) -> None:
        self.closed = True
        self._transport.abort()

    async def _wait(self) -> None:
        """For anything to change. Raises what went wrong."""
        if self._error is not None:
            raise self._error
        if self.closed:
            raise httpx2.ReadError("the connection is closed")
        self._news = self._loop.create_future()
        self._read(True)
        try:
            await self._news
        finally:
            self._news = None

    def _tell(self, error: httpx2.TransportError | None = None) -> None:
        self._error = self._error or error
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    def _read(self, reading: bool) -> None:
        if reading is not self._reading and not self.closed:
            self._reading = reading
            if reading:
                self._transport.resume_reading()
            else:
                self._transport.pause_reading()

    # What the loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._unread = 0 if transport.get_extra_info("sslcontext") is None else MOST_UNREAD

    def data_received(self, data: bytes) -> None:
        if self._answer is None or self._answer.whole:
            self._tell(httpx2.RemoteProtocolError("the server spoke unasked"))
            self.close()
            return
        try:
            self._answer.feed(data)
        except httpx2.RemoteProtocolError as error:
            self._tell(error)
            self.close()
            return
        # A server that refuses a long request hangs up on the rest of it, and what it said could not be read any more.
        if not self._answer.whole and not self._sending and self._answer.waiting > self._unread:
            self._read(False)
        self._tell()

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        self._room.set()
        if self._answer is None or self._answer.whole:
            self._tell()
            return
        try:
            if exc is not None:
                raise httpx2.ReadError(str(exc))
            self._answer.end()
        except httpx2.TransportError as error:
            self._tell(error)
        else:
            self._tell()

    def pause_writing(self) -> None:
        self._room.clear()

    def resume_writing(self) -> None:
        self._room.set()


def _is_readable(handle: int) -> bool:
    if not hasattr(select, "poll"):  # Windows
        return bool(select.select([handle], [], [], 0)[0])
    looking = select.poll()
    looking.register(handle, select.POLLIN)
    return bool(looking.poll(0))
