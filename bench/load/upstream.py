"""A model server in OpenAI's wire format that says the same words at a fixed rate: `python -m bench.load.upstream`.

Knows nothing of what asks it. One timer and one write per token and stream, so that it is not what is measured.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from typing import Any

import uvloop

TEXT = "the sea was calm and the dog went on along the shore while a cat looked down from the old wall"
WORDS = TEXT.split()
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
MODELS = json.dumps({"object": "list", "data": [{"id": "bench", "object": "model", "owned_by": "bench"}]}).encode()
MODELS_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(MODELS)
# By which a client knows that it has seen the beginning and the end. One character each, which nothing can divide.
FIRST_WORD, LAST_WORD = "\u03b1", "\u03c9"


def text_of(tokens: int) -> list[str]:
    """The words of an answer of `tokens` tokens, from FIRST_WORD to LAST_WORD."""
    return [f"{FIRST_WORD} ", *(f"{WORDS[at % len(WORDS)]} " for at in range(tokens - 2)), LAST_WORD]


def chunked(body: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(body), body)


def _event(value: dict[str, Any]) -> bytes:
    return chunked(b"data: " + json.dumps(value).encode() + b"\n\n")


def _delta(delta: dict[str, str], reason: str | None = None) -> bytes:
    base = {"id": "bench", "object": "chat.completion.chunk", "created": 0, "model": "bench"}
    return _event({**base, "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]})


class Script:
    """Everything that one answer sends, token by token."""

    def __init__(self, tokens: int, rate: float) -> None:
        self.pieces = [_delta({"content": word}) for word in text_of(tokens)]
        usage = {"prompt_tokens": 10, "completion_tokens": tokens, "total_tokens": tokens + 10}
        base = {"id": "bench", "object": "chat.completion.chunk", "created": 0, "model": "bench"}
        end = [_delta({}, "stop"), _event({**base, "choices": [], "usage": usage}), chunked(b"data: [DONE]\n\n")]
        self.end = b"".join(end) + b"0\r\n\r\n"
        self.pause_s = 1 / rate


class Answering(asyncio.Protocol):
    """One connection; answers one request after the other: a GET with the list of models, all else with the script."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._received = b""
        self._timer: asyncio.TimerHandle | None = None
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def connection_lost(self, _: Exception | None) -> None:
        if self._timer:
            self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found:
            return
        length = next(
            (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
        )
        if len(body) < length:
            return
        self._received = body[length:]
        if head.startswith(b"GET "):
            self._transport.write(MODELS_HEAD + MODELS)
            return
        self._transport.write(HEAD)
        self._next(asyncio.get_running_loop().time(), 0)

    def _next(self, began: float, at: int) -> None:
        if at:
            self._transport.write(self._script.pieces[at - 1])
        if at == len(self._script.pieces):
            self._transport.write(self._script.end)
            return
        due = began + (at + 1) * self._script.pause_s
        self._timer = asyncio.get_running_loop().call_at(due, self._next, began, at + 1)


async def _serve(script: Script) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: Answering(script), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokens", type=int, default=150, help="tokens of each answer")
    parser.add_argument("--rate", type=float, default=50, help="tokens per second and stream")
    arguments = parser.parse_args()
    uvloop.run(_serve(Script(arguments.tokens, arguments.rate)))


if __name__ == "__main__":
    main()
