"""The load: N readers in a process of their own, `python -m bench.load.client`. Prints what each of them saw as JSON.

Knows three ways to ask: a Gradio page, server-sent events over HTTP, and the bare SDK in a loop.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import uvloop

from .page import Layout, Page
from .upstream import FIRST_WORD, LAST_WORD
from .wire import Connection

# As they stand in JSON, escaped or not.
FIRST, LAST = ((word.encode(), json.dumps(word)[1:-1].encode()) for word in (FIRST_WORD, LAST_WORD))
MESSAGES = [{"role": "user", "content": "Tell me about the sea."}]


@dataclass(frozen=True)
class Seen:
    """What was asked as a reader met it, in seconds from the question: the first word, the last one of all answers, the
    longest gap between them, and when nothing more came: a page has its buttons again then."""

    first_s: float
    last_s: float
    gap_s: float
    updates: int
    rest_s: float

    @classmethod
    def of(cls, began: float, times: list[float], first: float | None, last: float | None) -> Seen:
        if first is None or last is None:
            raise RuntimeError("an answer came without its beginning or its end")
        visible = [moment for moment in times if first <= moment <= last]
        gaps = [later - earlier for earlier, later in pairwise(visible)]
        rest_s = time.perf_counter() - began
        return cls(first - began, last - began, max(gaps, default=0.0), len(visible), rest_s)


class _Clock:
    """Notes when what was looked for came: the first words, and the last ones of as many answers as there are.

    What comes behind them does not count as the answer: a page that comes to rest shows all of it once more.
    """

    def __init__(self, answers: int = 1) -> None:
        self.began = time.perf_counter()
        self.times: list[float] = []
        self.first: float | None = None
        self.last: float | None = None
        self._missing = answers

    def note(self, text: bytes) -> None:
        now = time.perf_counter()
        self.times.append(now)
        if self.first is None and any(word in text for word in FIRST):
            self.first = now
        if self._missing > 0:
            self._missing -= sum(text.count(word) for word in LAST)
            if self._missing <= 0:
                self.last = now

    def seen(self) -> Seen:
        return Seen.of(self.began, self.times, self.first, self.last)


class PageReader:
    """A reader of a Gradio page whose text box is `component`."""

    def __init__(
        self, url: str, layout: Layout, component: int, record: str = "", *, loading: bool = False, answers: int = 1
    ) -> None:
        self._page = Page(url, layout)
        self._answers = answers
        self._component = component
        self._loading = loading
        self._layout, self._record = layout, record
        self._multimodal = layout.is_multimodal(component)

    async def open(self) -> None:
        await self._page.open(loading=self._loading)
        if self._record:
            await self._page.trigger(self._layout.component("conversations"), "select", {"record": self._record})

    async def ask(self) -> Seen:
        clock = _Clock(self._answers)
        self._page.watch = clock.note
        text = str(MESSAGES[0]["content"])
        await self._page.submit(self._component, {"text": text, "files": []} if self._multimodal else text)
        return clock.seen()

    def close(self) -> None:
        self._page.close()


class HttpReader:
    """A program that posts to `path` and reads server-sent events."""

    def __init__(self, url: str, path: str, model: str, token: str) -> None:
        self._connection = Connection(url, token)
        self._path = path
        self._body = {"model": model, "messages": MESSAGES, "stream": True}

    async def open(self) -> None:
        await self._connection.open()

    async def ask(self) -> Seen:
        clock = _Clock()
        response = await self._connection.ask("POST", self._path, self._body)
        async for event in response.events():
            clock.note(event)
        return clock.seen()

    def close(self) -> None:
        self._connection.close()


class SdkReader:
    """The bare SDK without any server between: the limit. All readers share one client, as a program would."""

    def __init__(self, client: Any) -> None:
        self._client = client

    async def open(self) -> None:
        pass

    async def ask(self) -> Seen:
        clock = _Clock()
        stream = await self._client.chat.completions.create(model="bench", messages=MESSAGES, stream=True)
        async for chunk in stream:
            if chunk.choices and chunk.choices[0].delta.content:
                clock.note(chunk.choices[0].delta.content.encode())
        return clock.seen()

    def close(self) -> None:
        pass


Reader = PageReader | HttpReader | SdkReader


async def readers(arguments: argparse.Namespace) -> list[Reader]:
    url, many = arguments.url, range(arguments.readers)
    if arguments.kind == "page":
        layout = await Layout.read(url)
        component = layout.component(arguments.target)
        how = {"loading": arguments.loading, "answers": arguments.answers}
        return [PageReader(url, layout, component, arguments.record, **how) for _ in many]
    if arguments.kind == "http":
        return [HttpReader(url, arguments.target, arguments.model, arguments.token) for _ in many]
    from openai import AsyncOpenAI

    client = AsyncOpenAI(base_url=f"{url}/v1", api_key="bench", max_retries=0)
    _ = client.chat.completions  # loads what the first question would wait for
    return [SdkReader(client) for _ in many]


async def _asked(reader: Reader, delay_s: float) -> Seen:
    await asyncio.sleep(delay_s)
    return await reader.ask()


async def _in_turn(work: list[Callable[[], Awaitable[None]]], at_once: int) -> None:
    gate = asyncio.Semaphore(at_once)

    async def one(step: Callable[[], Awaitable[None]]) -> None:
        async with gate:
            await step()

    await asyncio.gather(*map(one, work))


async def run(arguments: argparse.Namespace) -> None:
    """Opens everything, says "open", asks once a line of standard input has come, and prints a JSON list.

    Each reader asks once: a second answer would come with the words of the first.
    """
    group = await readers(arguments)
    await _in_turn([reader.open for reader in group], 8)
    print("open", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    delays = [arguments.spread * at / len(group) for at in range(len(group))]
    seen = await asyncio.gather(*(_asked(*one) for one in zip(group, delays, strict=True)))
    print(json.dumps([asdict(one) for one in seen]), flush=True)
    for reader in group:
        reader.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=["page", "http", "sdk"])
    parser.add_argument("url")
    parser.add_argument("--target", default="", help="the text box's elem_id, or the path to post to")
    parser.add_argument("--loading", action="store_true", help="each page fetches its HTML first, as a browser does")
    parser.add_argument("--answers", type=int, default=1, help="how many answers a page writes to one question")
    parser.add_argument("--record", default="", help="a file with the conversation that each page opens first")
    parser.add_argument("--model", default="bench")
    parser.add_argument("--token", default="", help="what the server wants as a bearer token")
    parser.add_argument("--readers", type=int, default=1)
    parser.add_argument("--spread", type=float, default=0.0, help="seconds over which the questions are spread")
    with suppress(KeyboardInterrupt):
        arguments = parser.parse_args()
        arguments.record = Path(arguments.record).read_text("utf-8") if arguments.record else ""
        uvloop.run(run(arguments))


if __name__ == "__main__":
    main()
