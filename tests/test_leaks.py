"""Nothing that leaves the server before the vote tells who is who: not its bytes, and not when they come."""

import asyncio
import json
import re
import sqlite3
import time
from functools import partial

import httpx2
import numpy as np
import pytest

from .conftest import start_app
from .upstream import configured, upstream
from .wiretap import tapped

# What the canaries of upstream.py look like, and the words under which figures would travel.
SECRETS = ["canary", "918273", "645546", "1563819", "918,273", "645,546", "0.7654321", "0.1234567"]
FIGURES = ["usage", "ttft", "duration", "tok/s", "cost", "finish_reason", "system_prompt", "temperature", "top_p"]
BATTLES = 120


@pytest.fixture(scope="module")
def lab_app(tmp_path_factory):
    folder = tmp_path_factory.mktemp("leaks")
    with upstream() as url:
        app = start_app(folder, **configured(folder, url))
        app.folder = folder
        yield app
        app.stop()


def contender_ids(app):
    with sqlite3.connect(app.folder / "data" / "arena.db") as database:
        return [row[0] for row in database.execute("SELECT id FROM contender")]


def told(text, secrets):
    """Those of `secrets` that `text` holds; a number only by itself, for times and ids are full of digits."""

    def held(secret):
        pattern = re.escape(secret)
        return re.search(rf"(?<![\w.]){pattern}(?!\w)" if secret.isdigit() else pattern, low)

    low = text.lower()
    return list(filter(held, secrets))


async def a_battle(http):
    """(id, [(seconds, event)]) of one battle, never voted on here."""
    seen = []
    async with http.stream("POST", "/battles", json={"prompt": "Tell me about the matter."}) as response:
        assert response.status_code == 200
        async for line in response.aiter_lines():
            if line.startswith("data: {"):
                seen.append((time.perf_counter(), json.loads(line[6:])))
    assert seen[-1][1] == {"ready": True}
    return seen[0][1]["battle"], seen


async def many(work, at_once=12):
    """What each of `work` returns, a few at once: more would measure the machine."""
    gate = asyncio.Semaphore(at_once)

    async def one(step):
        async with gate:
            return await step()

    return await asyncio.gather(*map(one, work))


async def test_no_byte_over_http_tells_who_is_who_before_the_vote(lab_app):
    async with tapped(lab_app.url) as tap, httpx2.AsyncClient(base_url=tap.url, timeout=60) as http:
        battles = await many([partial(a_battle, http)] * BATTLES)
        early = await http.post(f"/battles/{battles[0][0]}/turns", json={"prompt": " "})
        assert early.status_code == 400
        before = tap.text()
        assert before.count('"ready": true') == BATTLES
        assert told(before, [*SECRETS, *FIGURES, *contender_ids(lab_app)]) == []
        reveal = await http.post(f"/battles/{battles[0][0]}/vote", json={"outcome": "a"})
        assert reveal.status_code == 200
        proof = ["canarymodel", "canaryprompt", "918273", "ttft", *contender_ids(lab_app)]
        assert told(tap.text(), proof) == proof, "the search would not find them"


def features(times_a, times_b):
    """What a spy would look at: beginnings, ends, gaps and their spread, in both panes and against each other."""

    def of(times):
        gaps = np.diff(times) if len(times) > 1 else np.zeros(1)
        return np.array([times[0], times[-1], gaps.mean(), gaps.std(), gaps.max(), len(times)])

    a, b = of(times_a), of(times_b)
    return np.concatenate([a - b, a, b])


def accuracy(rows, labels, folds=6):
    """Of a ridge classifier under cross-validation."""
    x, y = np.array(rows), np.where(labels, 1.0, -1.0)
    x = (x - x.mean(0)) / (x.std(0) + 1e-9)
    x = np.column_stack([x, np.ones(len(x))])
    right = 0
    for fold in range(folds):
        test = np.arange(len(x)) % folds == fold
        weights = np.linalg.solve(x[~test].T @ x[~test] + np.eye(x.shape[1]), x[~test].T @ y[~test])
        right += int((np.sign(x[test] @ weights) == y[test]).sum())
    return right / len(x)


def times(seen, seat):
    begun = seen[0][0]
    return np.array([at - begun for at, event in seen if event.get("seat") == seat])


async def test_arrival_times_do_not_tell_the_quick_from_the_slow(lab_app):
    async with httpx2.AsyncClient(base_url=lab_app.url, timeout=60) as http:
        battles = await many([partial(a_battle, http)] * BATTLES, at_once=6)
        rows, labels = [], []
        for battle, seen in battles:
            reveal = (await http.post(f"/battles/{battle}/vote", json={"outcome": "tie"})).json()
            rows.append(features(times(seen, "a"), times(seen, "b")))
            labels.append(reveal["a"]["model"].endswith("quick"))
        plain = await many([partial(asked_plainly, http, at % 2 == 0) for at in range(40)], at_once=6)
    blind = accuracy(rows, labels)
    control = accuracy([row for row, _ in plain], [label for _, label in plain])
    print(
        f"\nquick or slow, from arrival times: {blind:.2f} of {BATTLES} blind battles, {control:.2f} without blinding"
    )
    assert control > 0.9
    # With 120 battles chance alone stays below 0.64 in 999 of 1,000 runs.
    assert blind < 0.64


async def asked_plainly(http, quick_first):
    """The same two models asked without blinding: ([features], which was quick)."""
    names = ["quick", "slow"] if quick_first else ["slow", "quick"]

    async def arrivals(name):
        begun, seen = time.perf_counter(), []
        body = {
            "model": f"canarymodel-{name}",
            "messages": [{"role": "user", "content": "Tell me about the matter."}],
            "stream": True,
        }
        async with http.stream("POST", "/chat", json=body) as response:
            async for line in response.aiter_lines():
                if re.match(r'data: \{"text"', line):
                    seen.append(time.perf_counter() - begun)
        return np.array(seen)

    first, second = await asyncio.gather(*(arrivals(name) for name in names))
    return features(first, second), quick_first
