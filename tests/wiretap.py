"""A proxy that notes every byte a server sends, and asks it to send them uncompressed."""

import asyncio
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

ASKED, IGNORED = b"Accept-Encoding", b"X-Ignore-Header"  # of one length, so that nothing else shifts


class Wiretap:
    """`sent` holds what the server has sent, one bytearray a connection."""

    def __init__(self, target):
        self._target = urlsplit(target)
        self.sent = []
        self.url = ""

    def forget(self):
        """Starts anew: what was sent so far is not looked at."""
        for noted in self.sent:
            noted.clear()

    def text(self):
        return b"\n".join(bytes(noted) for noted in self.sent).decode("utf-8", "replace")

    async def serve(self, reader, writer):
        upstream_reader, upstream_writer = await asyncio.open_connection(self._target.hostname, self._target.port)
        noted = bytearray()
        self.sent.append(noted)
        await asyncio.gather(
            self._pass_on(reader, upstream_writer, None), self._pass_on(upstream_reader, writer, noted)
        )

    async def _pass_on(self, reader, writer, noted):
        try:
            while data := await reader.read(65536):
                if noted is not None:
                    noted += data
                else:
                    data = data.replace(ASKED, IGNORED).replace(ASKED.lower(), IGNORED)
                writer.write(data)
                await writer.drain()
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def tapped(target):
    """A Wiretap in front of `target`, a server's address."""
    tap = Wiretap(target)
    server = await asyncio.start_server(tap.serve, "127.0.0.1", 0)
    tap.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield tap
    finally:
        server.close()
