"""The leaderboard: the fit against evalica's, the route over a million stored votes, the command on a million rows.

evalica is needed here alone (`pip install evalica`); without it the comparison is left out.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import httpx2
import numpy as np
from fastapi import FastAPI

from playground.api.standings import build_router
from playground.arena.counts import OUTCOMES, Counts
from playground.arena.database import Database, migrations
from playground.arena.ratings import fit
from playground.arena.standings import Standings
from playground.arena.votes import Votes
from playground.models.contenders import ListedContender
from playground.types import Contender

from .processes import ROOT
from .result import Result

# A process starts with its parent's peak of memory, so a small one stands in between.
MEASURED = """
import resource, subprocess, sys, time
began = time.perf_counter()
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
CONTENDERS = 100
VOTES = 1_000_000
WINNERS = ("model_a", "model_b", "tie", "both_bad")
NAMES = [f"contender-{at:03}" for at in range(CONTENDERS)]


def run(*, full: bool = False) -> list[Result]:
    """A million votes among a hundred contenders whose strengths differ as those of a real arena do."""
    rounds = 9 if full else 3
    a, b, outcome = _drawn()
    with tempfile.TemporaryDirectory() as folder:
        return [
            *_against_evalica(a, b, outcome, rounds),
            *_route(Path(folder), a, b, outcome, rounds),
            *(_command(Path(folder), a, b, outcome, 3) if full else ()),
        ]


def _drawn() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(VOTES,) each: who sat in seat a and b, and which of OUTCOMES it was."""
    rng = np.random.default_rng(2026)
    strengths = rng.normal(0, 0.7, CONTENDERS)
    a = rng.integers(0, CONTENDERS, VOTES)
    b = (a + rng.integers(1, CONTENDERS, VOTES)) % CONTENDERS
    won = rng.random(VOTES) < 1 / (1 + np.exp(strengths[b] - strengths[a]))
    outcome = np.where(rng.random(VOTES) < 0.3, rng.integers(2, 4, VOTES), 1 - won)
    return a, b, outcome


def _against_evalica(a: np.ndarray, b: np.ndarray, outcome: np.ndarray, rounds: int) -> list[Result]:
    battles = np.zeros((CONTENDERS, CONTENDERS, len(OUTCOMES)), np.int64)
    np.add.at(battles, (a, b, outcome), 1)
    counts = Counts(tuple(NAMES), battles)
    ours_s = _median_s(lambda: fit(counts).half_widths, rounds)
    results = [Result("ratings with intervals, 10^6 votes counted", ours_s * 1000, "ms")]
    if find_spec("evalica") is None:
        print("evalica is not installed: its comparison is left out", file=sys.stderr)
        return results
    evalica = import_module("evalica")
    winner = [evalica.Winner.X, evalica.Winner.Y, evalica.Winner.Draw, evalica.Winner.Draw]
    names = np.array(NAMES)
    xs, ys, winners = names[a].tolist(), names[b].tolist(), [winner[one] for one in outcome]
    theirs_s = _median_s(lambda: evalica.bradley_terry(xs, ys, winners), 3 if rounds > 3 else 1, warm=rounds > 3)
    at_a, at_b, ended = battles.nonzero()
    pairs = names[at_a].tolist(), names[at_b].tolist(), [winner[one] for one in ended]
    weights = battles[at_a, at_b, ended].astype(float).tolist()
    counted_s = _median_s(lambda: evalica.bradley_terry(*pairs, weights=weights), rounds)
    return [
        *results,
        Result("  over evalica's ratings alone from the votes", ours_s / theirs_s, "x", "<= 0.05"),
        Result("  over evalica's ratings alone from the same counts", ours_s / counted_s, "x"),
    ]


def _route(folder: Path, a: np.ndarray, b: np.ndarray, outcome: np.ndarray, rounds: int) -> list[Result]:
    _fill(folder / "arena.db", a, b, outcome)
    spent = {query: [] for query in ("", "?category=code")}
    for _ in range(rounds):
        for query, times in spent.items():
            times.append(asyncio.run(_ask(folder, query)))
    return [
        Result(
            "GET /leaderboard, 10^6 votes on SQLite, cold (median)", statistics.median(spent[""]) * 1000, "ms", "<= 150"
        ),
        Result("  of one category, a quarter of them", statistics.median(spent["?category=code"]) * 1000, "ms"),
    ]


async def _ask(folder: Path, query: str) -> float:
    """Seconds of the first request to a store that was just opened; nothing is kept from before."""
    votes = Votes(Database("", folder), "bench")

    async def store() -> Votes:
        return votes

    app = FastAPI(routes=build_router(Standings(store, lambda: ()), None).routes)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://bench") as http:
        began = time.perf_counter()
        response = await http.get(f"/leaderboard{query}")
        spent = time.perf_counter() - began
    assert response.json()["votes"] > VOTES / 5
    votes.close()
    return spent


def _fill(path: Path, a: np.ndarray, b: np.ndarray, outcome: np.ndarray) -> None:
    """Votes without their battles, straight into the tables, and the counts as a migration would make them."""
    votes = Votes(Database("", path.parent), "bench")
    ids = [f"{at:016x}" for at in range(CONTENDERS)]
    votes.publish(ListedContender(key, name, Contender("model")) for key, name in zip(ids, NAMES, strict=True))
    votes.close()
    categories = ("code", "math", "writing", "general")
    rows = (
        (
            f"{at:024x}",
            "human",
            OUTCOMES[end],
            "blind",
            ids[one],
            ids[other],
            0,
            0,
            "v",
            1.7e9 + at,
            categories[at % 4],
            0,
        )
        for at, (one, other, end) in enumerate(zip(a.tolist(), b.tolist(), outcome.tolist(), strict=True))
    )
    counting = migrations()[1].partition("INSERT INTO pair_count")
    with sqlite3.connect(path) as connection:
        columns = "battle, source, outcome, kind, a, b, leaked, revised, voter, created, category, longer"
        connection.executemany(f"INSERT INTO vote ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        whole = counting[1] + counting[2]
        connection.execute(whole)
        connection.execute(whole.replace("'all'", "category").replace("GROUP BY", "GROUP BY category,"))


def _command(folder: Path, a: np.ndarray, b: np.ndarray, outcome: np.ndarray, rounds: int) -> list[Result]:
    file = folder / "votes.jsonl"
    with file.open("w") as lines:
        for one, other, end in zip(a.tolist(), b.tolist(), outcome.tolist(), strict=True):
            row = {"model_a": NAMES[one], "model_b": NAMES[other], "winner": WINNERS[end]}
            lines.write(json.dumps(row) + "\n")
    command = [sys.executable, "-c", MEASURED, sys.executable, "-m", "playground", "leaderboard", str(file), "--json"]
    spent_s, peaks = [], []
    for _ in range(rounds):
        shown = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout
        seconds, kib = shown.split()
        spent_s.append(float(seconds))
        peaks.append(int(kib) / (1024 * 1024 if sys.platform == "darwin" else 1024))
    return [
        Result("`leaderboard` of a JSONL file of 10^6 rows (median)", statistics.median(spent_s), "s", "<= 5"),
        Result("  at its peak", max(peaks), "MB", "<= 300"),
    ]


def _median_s(work: Callable[[], object], rounds: int, *, warm: bool = True) -> float:
    """Of the rounds after a first one that is not counted, unless seconds of work need no warming."""
    spent: list[float] = []
    for _ in range(rounds + warm):
        began = time.perf_counter()
        work()
        spent.append(time.perf_counter() - began)
    return statistics.median(spent[warm:])
