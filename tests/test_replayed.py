"""Votes that were cast already, too early, or by somebody else: through the page's functions and over HTTP."""

import asyncio
import json

import httpx2
import pytest

from .attacks.forgery import Caller, Forgery, client, filled
from .conftest import start_app
from .upstream import SAYINGS, configured


@pytest.fixture(scope="module")
def arena(tmp_path_factory, lab):
    """An app whose address is told by one proxy; its two contenders answer what SAYINGS has."""
    folder = tmp_path_factory.mktemp("replayed")
    app = start_app(folder, **configured(folder, lab), TRUSTED_PROXY_HOPS="1")
    app.wait("/readyz")
    arena = Forgery(app, folder, None, lab)
    arena.config = httpx2.get(f"{app.url}/config").json()
    yield arena
    app.stop()


async def fought(arena, caller, prompt):
    fight = arena.on("arena-composer", "submit")
    return await caller.call(fight, filled(arena, fight, prompt))


async def test_a_vote_that_is_sent_again_and_again_counts_once(arena):
    async with client(arena) as http:
        mine = Caller(http, "again")
        await fought(arena, mine, "Hello")
        before = len(arena.voted_on)
        a, tie = arena.on("vote-a", "click"), arena.on("vote-tie", "click")
        # The same event many times at once, and another outcome among them.
        told = await asyncio.gather(*(mine.call(one, arena.held(one)) for one in (a, tie) * 10))
        assert len(arena.voted_on) == before + 1
        assert sum("Canarycontender" in text for text in told) >= 1
        undo = arena.on("undo", "click")
        await mine.call(undo, arena.held(undo))
        await mine.call(tie, arena.held(tie))
        assert len(arena.rows("SELECT battle FROM vote WHERE battle IN (SELECT battle FROM vote_revision)")) == 1
        leaderboard = (await http.get("/leaderboard")).json()
        assert leaderboard["votes"] == 0, "a vote after the names were seen was counted"


async def test_a_vote_before_the_end_is_none_and_tells_nothing(arena):
    SAYINGS["slowly"] = [f"word{at} " for at in range(120)]
    async with client(arena) as http:
        mine = Caller(http, "early")
        fight = arena.on("arena-composer", "submit")
        fighting = asyncio.ensure_future(mine.call(fight, filled(arena, fight, "slowly")))
        battle, before = None, arena.rows("SELECT id FROM battle WHERE status = 'running'")
        while not battle:
            await asyncio.sleep(0.02)
            battle = arena.rows("SELECT id FROM battle WHERE status = 'running'") - before
        vote = arena.on("vote-b", "click")
        told = [await mine.call(vote, arena.held(vote)) for _ in range(3)]
        assert not battle & arena.voted_on
        assert not any("canarycontender" in text.lower() for text in told)
        await fighting


def forwarded(*lines):
    return [("x-forwarded-for", line) for line in lines]


OWNER, OTHER = "203.0.113.7", "198.51.100.9"


async def test_a_battle_is_voted_on_from_its_own_address_alone_whatever_a_header_claims(arena):
    async with httpx2.AsyncClient(base_url=arena.app.url, timeout=60) as http:
        started = await http.post("/battles", json={"prompt": "Hello"}, headers=forwarded(OWNER))
        path = f"/battles/{json.loads(started.text.splitlines()[0][6:])['battle']}"
        for lines in (
            [OTHER],
            [f"{OWNER}, {OTHER}"],
            [OWNER, OTHER],
            [f"{OWNER},", OTHER],
            [OWNER, f"{OWNER},  {OTHER}"],
            [f"{OTHER}, {OWNER}, {OTHER}"],
            [],
        ):
            for what, body in (("vote", {"outcome": "a"}), ("undo", {}), ("turns", {"prompt": "More"}), ("stop", {})):
                said = await http.post(f"{path}/{what}", json=body, headers=forwarded(*lines))
                assert said.status_code == 404, (lines, what)
        own = await http.post(f"{path}/vote", json={"outcome": "a"}, headers=forwarded(OTHER, f"{OTHER}, {OWNER}"))
        assert own.status_code == 200
