"""Proves on one machine, without containers, that replicas behave as one: python -m deploy.prove_replicas

Two playgrounds, Postgres, Redis and nginx with deploy/nginx.conf; the model is a script. Prints what it found and exits
1 at the first thing that does not hold. Wants nginx-light and redis-server from Debian and requirements-dev.txt.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import sys
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import redis as redis_client
from sqlalchemy import create_engine, text

from bench.load.page import Layout, Page
from tests.upstream import TEXT, configured, upstream

from . import machines
from .machines import Machine, running, say

OUTCOMES = ("a", "b", "tie", "both_bad")
CLIENTS = 8
VOTES = 24
AGREE_S = 30.0
ADDRESSES = itertools.count()


@dataclass
class Stack:
    """What runs, and the browsers' cookies that lead to one replica or the other."""

    address: str
    replicas: list[Machine]
    proxy: Path
    database: str
    cookies: dict[str, str] = field(default_factory=dict[str, str])

    def client(self, replica: Machine | None = None, visitor: httpx2.AsyncClient | None = None) -> httpx2.AsyncClient:
        """A browser that nginx leads to `replica`, or one that it has not seen yet.

        Each has an address of its own, or that of `visitor`: a battle is known to the address that began it alone.
        """
        cookies = {"replica": self.cookies[replica.url]} if replica else None
        own = f"10.0.{next(ADDRESSES) // 250}.{next(ADDRESSES) % 250}"
        address = {"X-Forwarded-For": visitor.headers["X-Forwarded-For"] if visitor else own}
        return httpx2.AsyncClient(base_url=self.address, timeout=60, cookies=cookies, headers=address)

    def rows(self, query: str) -> list[Any]:
        engine = create_engine(self.database.replace("postgresql://", "postgresql+psycopg://"))
        with engine.connect() as connection:
            found = list(connection.execute(text(query)).all())
        engine.dispose()
        return found


async def prove(stack: Stack) -> None:
    """Every step in turn. Raises AssertionError at the first that does not hold."""
    await affinity(stack)
    await pages(stack)
    await vote_through_the_other(stack)
    await kill_in_mid_battle(stack)
    await agreement(stack)


async def affinity(stack: Stack) -> None:
    """A browser stays with its replica, and browsers are spread over both."""
    met: Counter[str] = Counter()
    for _ in range(24):
        async with stack.client() as browser:
            (await browser.get("/healthz")).raise_for_status()
            word = browser.cookies["replica"]
            for _ in range(4):
                (await browser.get("/healthz")).raise_for_status()
        used = {who for _, who, _ in machines.answered(stack.proxy)[-5:]}
        assert len(used) == 1, f"one browser met {used}"
        met.update(used)
        stack.cookies["http://" + used.pop()] = word
    assert len(met) == 2, f"all browsers met {met}"
    say(f"24 browsers of 5 requests stayed with their replica: {', '.join(map(str, met.values()))} on each")


async def pages(stack: Stack) -> None:
    """A page's session and its queue are in one process, and its calls and its stream are two connections."""
    layout = await Layout.read(stack.address)
    for one in stack.replicas:
        page = Page(stack.address, layout, cookie=f"replica={stack.cookies[one.url]}")
        heard: list[bytes] = []
        page.watch = heard.append
        async with asyncio.timeout(60):
            await page.open()
            for text in ("Hello", "quick"):
                await page.submit(layout.component("composer"), {"text": text, "files": []})
        page.close()
        assert TEXT.encode() in b"".join(heard), "no answer came through nginx"
    say("two chat pages asked twice through nginx, each on its own replica")


async def vote_through_the_other(stack: Stack) -> None:
    """A battle begins on one replica, is streamed as it grows, and is voted on through the other one."""
    one, two = stack.replicas
    async with stack.client(one) as here, stack.client(two, here) as there:
        battle = await fought(here, "Hello")
        voted = await there.post(f"/battles/{battle}/vote", json={"outcome": "a"})
        assert voted.status_code == 200, voted.text
        again = await here.post(f"/battles/{battle}/vote", json={"outcome": "b"})
        assert (again.status_code, again.json()["outcome"]) == (409, "a"), again.text
        # An answer without an end: it could not be stopped by its reader if anything on the way collected it first.
        async with here.stream("POST", "/battles", json={"prompt": "endless"}) as response:
            lines = response.aiter_lines()
            endless = json.loads((await anext(lines)).removeprefix("data: "))["battle"]
            early = await there.post(f"/battles/{endless}/vote", json={"outcome": "a"})
            assert early.status_code == 425, early.text
            await until_text(lines)
            await here.post(f"/battles/{endless}/stop")
            rest = [line async for line in lines]
        assert rest[-2] == "data: [DONE]" or "data: [DONE]" in rest, rest[-3:]
        voted = await there.post(f"/battles/{endless}/vote", json={"outcome": "tie"})
        assert voted.status_code == 200, voted.text
    say("a battle begun on one replica was voted on through the other, once; streams arrive as they grow")


async def kill_in_mid_battle(stack: Stack) -> None:
    """One replica dies under load, in the middle of a battle. What was acknowledged is there, and work goes on."""
    one, two = stack.replicas
    load = Load(stack)
    async with stack.client(one) as here, stack.client(two, here) as there:
        waiting = await fought(here, "Hello")
        dying = asyncio.Event()
        lost = asyncio.create_task(broken_off(here, dying))
        clients = [asyncio.create_task(load.client()) for _ in range(CLIENTS)]
        await dying.wait()
        await load.reached(VOTES)
        one.kill()
        battle = await lost
        before = len(load.acknowledged)
        await load.reached(before + VOTES)
        load.over = True
        await asyncio.gather(*clients)
        after = len(load.acknowledged) - before
        # What had ended on the dead replica can be voted on; what was in the middle cannot, and says so.
        voted = await there.post(f"/battles/{waiting}/vote", json={"outcome": "b"})
        assert voted.status_code == 200, voted.text
        load.acknowledged[waiting] = "b"
        assert (await there.post(f"/battles/{battle}/vote", json={"outcome": "a"})).status_code == 425
        one.start("/readyz")
        assert (await there.post(f"/battles/{battle}/vote", json={"outcome": "a"})).status_code == 409
    stored = stack.rows("SELECT battle, outcome FROM vote WHERE source = 'human'")
    assert len(stored) == len({row.battle for row in stored}), "a vote is there twice"
    kept = {row.battle: row.outcome for row in stored}
    lost_votes = {one for one, outcome in load.acknowledged.items() if kept.get(one) != outcome}
    assert not lost_votes, f"acknowledged and not there: {lost_votes}"
    say(
        f"one replica was killed in mid-battle after {before} votes, the other took {after} more; "
        f"{len(load.acknowledged)} acknowledged, none lost, none twice; {load.broken} requests broke off with it"
    )


async def agreement(stack: Stack) -> None:
    """Both replicas show one leaderboard, which holds every vote; their counts of requests are in one Redis."""
    votes = stack.rows("SELECT count(*) AS votes FROM vote WHERE kind = 'blind' AND leaked = 0 AND revised = 0")[
        0
    ].votes
    until = time.monotonic() + AGREE_S
    while True:
        boards = [httpx2.get(f"{one.url}/leaderboard", timeout=30).json() for one in stack.replicas]
        if boards[0] == boards[1] and boards[0]["votes"] == votes:
            break
        assert time.monotonic() < until, f"{[board['votes'] for board in boards]} votes, {votes} stored"
        await asyncio.sleep(0.5)
    say(f"both replicas show the same leaderboard of {votes} votes")


class Load:
    """Visitors who fight and vote through nginx, and remember what they were promised."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._random = random.Random(5)
        self.acknowledged: dict[str, str] = {}
        self.broken = 0
        self.over = False
        self.voted = asyncio.Condition()

    async def client(self) -> None:
        while not self.over:
            try:
                async with self._stack.client() as browser:
                    battle = await fought(browser, "Hello")
                    outcome = self._random.choice(OUTCOMES)
                    vote = await browser.post(f"/battles/{battle}/vote", json={"outcome": outcome})
                    if vote.status_code == 200:
                        async with self.voted:
                            self.acknowledged[battle] = vote.json()["outcome"]
                            self.voted.notify_all()
            except (httpx2.HTTPError, BrokenError):
                self.broken += 1
                await asyncio.sleep(0.1)

    async def reached(self, votes: int) -> None:
        async with asyncio.timeout(120), self.voted:
            await self.voted.wait_for(lambda: len(self.acknowledged) >= votes)


class BrokenError(Exception):
    """A stream ended before its end marker."""


async def fought(browser: httpx2.AsyncClient, prompt: str) -> str:
    """The id of a battle that is open for a vote."""
    battle, ready = "", False
    async with browser.stream("POST", "/battles", json={"prompt": prompt}) as response:
        async for line in response.aiter_lines():
            if line.startswith('data: {"battle"'):
                battle = json.loads(line.removeprefix("data: "))["battle"]
            ready = ready or line == 'data: {"ready": true}'
    if not ready:
        raise BrokenError
    return battle


async def broken_off(browser: httpx2.AsyncClient, dying: asyncio.Event) -> str:
    """The id of a battle whose replica dies while it streams; `dying` is set once both have begun."""
    battle = ""
    try:
        async with browser.stream("POST", "/battles", json={"prompt": "endless"}) as response:
            lines = response.aiter_lines()
            battle = json.loads((await anext(lines)).removeprefix("data: "))["battle"]
            await until_text(lines)
            dying.set()
            async for _ in lines:
                pass
    except httpx2.HTTPError:
        return battle
    return battle


async def until_text(lines: Any) -> None:
    async for line in lines:
        if '"text"' in line:
            return
    raise BrokenError


def steps(stack: ExitStack, folder: Path) -> None:
    lab = stack.enter_context(upstream())
    database = stack.enter_context(machines.postgres(folder / "postgres"))
    counts = stack.enter_context(running(machines.redis(folder)))
    environ = {
        **configured(folder, lab),
        "DATABASE_URL": database,
        "REDIS_URL": counts.url,
        "TRUSTED_PROXY_HOPS": "2",  # nginx, and what tells it each browser's address here
        "PLAYGROUND_RATE_LIMIT": "100000/minute",
    }
    replicas = [machines.replica(folder, name, **environ) for name in ("one", "two")]
    for one in replicas:
        stack.enter_context(running(one, "/readyz"))
    proxy = stack.enter_context(running(machines.nginx(folder / "nginx", "nginx.conf", replicas), "/healthz"))
    print(f"two replicas, Postgres, Redis and nginx on {proxy.url}:", flush=True)
    asyncio.run(prove(Stack(proxy.url, replicas, folder / "nginx", database)))
    shared = redis_client.Redis.from_url(counts.url).dbsize()
    assert shared, "no count of requests is in Redis"
    say(f"their counts of requests are shared: {shared} in Redis")


if __name__ == "__main__":
    sys.exit(machines.prove(steps, "Replicas behave as one.", "nginx", "redis-server"))
