"""Stop closes the upstream socket, seen from the server's side, with the garbage collector switched off."""

import asyncio
import gc
from contextlib import asynccontextmanager

import httpx2
import pytest

from playground.providers.base import Endpoint, Pump, drive
from playground.providers.transport import Lines
from playground.types import TextDelta

from .harness import every_wire
from .wires import KEY

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
PATIENCE_S = 20


class EndlessServer:
    """A real socket that goes on writing valid events, or is `silent`, until the other side hangs up."""

    def __init__(self, wire, silent):
        self.wire = wire
        self.silent = silent
        self.asked = asyncio.Event()
        self.hung_up = asyncio.Event()

    async def handle(self, reader, writer):
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]))
            self.asked.set()
            if not self.silent:
                writer.write(HEAD + self._chunk(self.wire.opening or b": hello\n\n"))
            while not reader.at_eof():
                if self.silent:
                    await reader.read(1)
                    continue
                writer.write(self._chunk(self.wire.text("word ")))
                await writer.drain()
                await asyncio.sleep(0.01)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.hung_up.set()
            writer.close()

    @staticmethod
    def _chunk(data):
        return b"%x\r\n%s\r\n" % (len(data), data)


@asynccontextmanager
async def endless(wire, silent=False):
    server = EndlessServer(wire, silent)
    listening = await asyncio.start_server(server.handle, "127.0.0.1", 0)
    async with httpx2.AsyncClient(transport=Lines(100, 4.0), timeout=None) as http:
        port = listening.sockets[0].getsockname()[1]
        endpoint = Endpoint("Vendor", "VENDOR_API_KEY", KEY, f"http://127.0.0.1:{port}")
        yield server, wire.adapter(endpoint, lambda: http)
        listening.close()


@pytest.fixture
def no_garbage_collection():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


async def first_text(pump):
    async for batch in pump:
        if any(isinstance(event, TextDelta) for event in batch):
            return


@every_wire
async def test_leaving_the_pump_hangs_up(wire, no_garbage_collection):
    async with endless(wire) as (server, provider):
        async with Pump(drive(provider, wire.request())) as pump:
            await first_text(pump)
            assert not server.hung_up.is_set()
        await asyncio.wait_for(server.hung_up.wait(), PATIENCE_S)


@every_wire
async def test_leaving_the_pump_before_the_first_byte_hangs_up(wire, no_garbage_collection):
    async with endless(wire, silent=True) as (server, provider):
        async with Pump(drive(provider, wire.request())):
            await asyncio.wait_for(server.asked.wait(), PATIENCE_S)
            assert not server.hung_up.is_set()
        await asyncio.wait_for(server.hung_up.wait(), PATIENCE_S)


@every_wire
async def test_cancelling_the_reader_hangs_up(wire, no_garbage_collection):
    async with endless(wire) as (server, provider):
        reading = asyncio.Event()

        async def read():
            async with Pump(drive(provider, wire.request())) as pump:
                await first_text(pump)
                reading.set()
                async for _ in pump:
                    pass

        task = asyncio.create_task(read())
        await asyncio.wait_for(reading.wait(), PATIENCE_S)
        task.cancel()
        await asyncio.wait({task})
        await asyncio.wait_for(server.hung_up.wait(), PATIENCE_S)
