"""kill -9 of the whole app under load, again and again: every acknowledged vote is there, none twice."""

import asyncio
import random
from collections import Counter

import httpx2
from sqlalchemy import text

from playground.arena.database import Database

from ..conftest import free_port, start_app
from ..upstream import configured, upstream
from .conftest import fresh_postgres

KILLS, CLIENTS = 20, 8


class Load:
    """Clients that fight and vote until the app is gone, and remember what it promised them."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.acknowledged = {}
        self.begun = set()
        self.voted = asyncio.Event()

    async def run(self, app):
        async with httpx2.AsyncClient(base_url=app.url, timeout=20) as http:
            clients = [asyncio.ensure_future(self._client(http)) for _ in range(CLIENTS)]
            self.voted.clear()
            async with asyncio.timeout(60):  # a server that takes no vote would keep this waiting for ever
                await self.voted.wait()
            await asyncio.sleep(self.random.uniform(0.0, 0.7))
            app.process.kill()
            app.process.wait()
            await asyncio.gather(*clients)

    async def _client(self, http):
        try:
            while True:
                battle = None
                async with http.stream("POST", "/battles", json={"prompt": "Hello"}) as response:
                    async for line in response.aiter_lines():
                        if line.startswith('data: {"battle"'):
                            battle = line.split('"')[3]
                            self.begun.add(battle)
                outcome = self.random.choice(["a", "b", "tie", "both_bad"])
                vote = await http.post(f"/battles/{battle}/vote", json={"outcome": outcome})
                if vote.status_code == 200:
                    assert battle not in self.acknowledged
                    self.acknowledged[battle] = vote.json()["outcome"]
                    self.voted.set()
        except httpx2.TransportError:
            return


async def test_no_acknowledged_vote_is_lost_by_twenty_kills_on_each_database(postgres, tmp_path):
    folders = {"sqlite": tmp_path / "sqlite", "postgres": tmp_path / "postgres"}
    for folder in folders.values():
        folder.mkdir()
    urls = {"sqlite": f"sqlite:///{tmp_path / 'votes.db'}", "postgres": fresh_postgres(postgres)}
    with upstream() as lab:
        stored = await asyncio.gather(*(killed(urls[name], lab, folder) for name, folder in folders.items()))
    print()
    for name, (acknowledged, votes) in zip(folders, stored, strict=True):
        print(f"{name}: {KILLS} kills, {acknowledged} votes acknowledged, {votes} stored, none lost, none twice")


async def killed(url, lab, folder):
    """(votes acknowledged, votes stored) after all kills, everything checked."""
    load, port = Load(11), free_port()
    environ = {**configured(folder, lab), "DATABASE_URL": url}
    for _ in range(KILLS):
        await load.run(await asyncio.to_thread(start_app, folder, port, **environ))
    app = await asyncio.to_thread(start_app, folder, port, **environ)
    async with httpx2.AsyncClient(base_url=app.url, timeout=20) as http:
        some = list(load.acknowledged.items())[-20:]
        again = [await http.post(f"/battles/{battle}/vote", json={"outcome": "a"}) for battle, _ in some]
    app.stop()
    assert [(one.status_code, one.json()["outcome"]) for one in again] == [(409, outcome) for _, outcome in some]
    database = Database(url, folder)
    with database.reading() as connection:
        votes = connection.execute(text("SELECT battle, outcome FROM vote")).all()
        statuses = dict(connection.execute(text("SELECT id, status FROM battle")).all())
    database.close()
    assert set(Counter(battle for battle, _ in votes).values()) == {1}
    assert len(load.acknowledged) > KILLS
    assert {battle: outcome for battle, outcome in votes if battle in load.acknowledged} == load.acknowledged
    assert load.begun <= set(statuses)
    assert set(statuses.values()) <= {"ready", "interrupted", "failed"}
    assert "interrupted" in statuses.values()
    return len(load.acknowledged), len(votes)
