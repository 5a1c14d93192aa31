"""HTTP/1.1 over a bare socket, as much of it as a load client needs. Knows no route.

A client library spends more on an event than the servers that are measured here.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


@dataclass
class Response:
    """A response whose body is still to be read; `status` is the HTTP status code."""

    status: int
    headers: dict[str, str]
    reader: asyncio.StreamReader

    async def pieces(self) -> AsyncGenerator[bytes]:
        """The body as it arrives."""
        if self.headers.get("transfer-encoding") == "chunked":
            while size := int(await self.reader.readline(), 16):
                yield (await self.reader.readexactly(size + 2))[:-2]
            await self.reader.readline()
        else:
            yield await self.reader.readexactly(int(self.headers.get("content-length", "0")))

    async def body(self) -> bytes:
        return b"".join([piece async for piece in self.pieces()])

    async def events(self) -> AsyncGenerator[bytes]:
        """What stands behind `data: ` in each server-sent event."""
        rest = b""
        async for piece in self.pieces():
            rest += piece
            *whole, rest = rest.split(b"\n\n")
            for event in whole:
                if event.startswith(b"data: "):
                    yield event[6:]


class Connection:
    """One keep-alive connection to a server, which may want a bearer `token` or a `cookie` ("name=value")."""

    def __init__(self, url: str, token: str = "", cookie: str = "") -> None:
        address = urlsplit(url)
        self._host, self._port = address.hostname or "127.0.0.1", address.port or 80
        told = {"authorization": token and f"Bearer {token}", "cookie": cookie}
        self._own = "".join(f"{name}: {value}\r\n" for name, value in told.items() if value)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def open(self) -> None:
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port, limit=2**24)

    async def ask(self, method: str, path: str, body: Any = None) -> Response:
        """Sends `body` as JSON; the response's body must be read before the next question."""
        content = b"" if body is None else json.dumps(body).encode()
        head = (
            f"{method} {path} HTTP/1.1\r\nhost: {self._host}:{self._port}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(content)}\r\n{self._own}\r\n"
        )
        reader, first = await self._send(head.encode() + content)
        status = int(first.split()[1])
        headers: dict[str, str] = {}
        while line := (await reader.readline()).strip():
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        return Response(status, headers, reader)

    async def _send(self, request: bytes) -> tuple[asyncio.StreamReader, bytes]:
        """(reader, status line). A server may have closed a connection that was idle: the second one is new."""
        for _ in range(2):
            await self.open()
            assert self._streams is not None
            reader, writer = self._streams
            try:
                writer.write(request)
                if first := await reader.readline():
                    return reader, first
            except ConnectionError:
                pass
            self.close()
        raise ConnectionError(f"{self._host}:{self._port} hangs up")

    async def json(self, method: str, path: str, body: Any = None) -> Any:
        """The answer as JSON. Raises RuntimeError for any other status than 200."""
        response = await self.ask(method, path, body)
        content = await response.body()
        if response.status != 200:
            raise RuntimeError(f"{method} {path} answered {response.status}: {content[:300]!r}")
        return json.loads(content)

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None
