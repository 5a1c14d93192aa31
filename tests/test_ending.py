"""Told to end while pages stream: chat, battle and experiment come to their ends, and the votes are on disk."""

import asyncio
import json
import signal
import sqlite3
import subprocess
import sys

import httpx2

from bench.load.page import Layout, Page

from .conftest import ROOT, start_app
from .upstream import SAYINGS, configured, upstream

WORDS = [f"word{at} " for at in range(100)]
CELLS = 30


async def opened(url, layout):
    page, heard = Page(url, layout), []
    await page.open()
    page.watch = heard.append
    return page, heard


def appended(heard):
    """The text that the first output of a stream was told to grow by: a word may come in two updates."""
    told = [json.loads(event)["output"]["data"][0] for event in heard]
    changes = [change for values in told if isinstance(values, list) for change in values if isinstance(change, list)]
    return "".join(change[2] for change in changes if change[0] == "append" and isinstance(change[2], str))


async def until(heard, word, seconds=30):
    async with asyncio.timeout(seconds):
        while not any(word.encode() in event for event in heard):
            await asyncio.sleep(0.02)


async def end_while_pages_stream(app):
    """What each page heard: the chat's and the battle's; and a vote that was acknowledged meanwhile."""
    layout = await Layout.read(app.url)
    at = layout.component
    (chat, said), (arena, fought), (lab, measured) = [await opened(app.url, layout) for _ in range(3)]
    lab.write(at("lab-models"), ["canarymodel-slow"])
    lab.write(at("lab-prompts"), "long")
    lab.write(at("lab-temperature"), "")
    lab.write(at("lab-samples"), CELLS)
    await lab.press(at("lab-samples"), "change")
    lab.write(at("lab-confirm"), True)
    async with httpx2.AsyncClient(base_url=app.url, timeout=60) as http:
        told = (await http.post("/battles", json={"prompt": "Hello"})).text
        battle = json.loads(told.splitlines()[0][6:])["battle"]
        work = [
            asyncio.ensure_future(chat.submit(at("composer"), {"text": "long", "files": []})),
            asyncio.ensure_future(arena.submit(at("arena-composer"), "long")),
            asyncio.ensure_future(lab.press(at("lab-run"))),
        ]
        await until(said, "word1")
        await until(fought, "word1")
        await until(measured, "word1")
        vote = await http.post(f"/battles/{battle}/vote", json={"outcome": "b"})
        assert vote.status_code == 200
        app.process.send_signal(signal.SIGTERM)
        await asyncio.gather(*work)
    for page in (chat, arena, lab):
        page.close()
    return said, fought, battle


def test_told_to_end_every_kind_of_stream_of_the_page_comes_to_its_end(tmp_path):
    SAYINGS["long"] = WORDS
    with upstream() as lab:
        app = start_app(tmp_path, **configured(tmp_path, lab))
        try:
            said, fought, battle = asyncio.run(end_while_pages_stream(app))
            assert app.process.wait(30) == 0, app.log.read_text()
        finally:
            app.stop()
    whole = "".join(WORDS).strip().encode()
    assert any(whole in event for event in said), said[-1]
    assert "word98 word99" in appended(fought)
    runs = list((tmp_path / "data" / "experiments").glob("*"))
    assert len(runs) == 1
    lines = [json.loads(line) for line in runs[0].read_text().splitlines()]
    answers = [line for line in lines if "word99" in json.dumps(line)]
    assert 0 < len(answers) < CELLS, "what was asked is whole, and nothing else was asked"
    assert len(answers) == len(lines) - 1, "no call was cut off"
    with sqlite3.connect(tmp_path / "data" / "arena.db") as database:
        assert database.execute("SELECT battle, outcome FROM vote").fetchall() == [(battle, "b")]
        statuses = {row[0] for row in database.execute("SELECT status FROM battle")}
    assert statuses == {"ready"}


ENDLESS = """
import os, signal, threading, time
from types import SimpleNamespace
from playground.ui import launch

print(launch.DRAIN_S, flush=True)
launch.DRAIN_S, launch.FAREWELL_S = 0.5, 0.0
page = SimpleNamespace(is_running=True, close=lambda verbose: print("closed"))
gate = SimpleNamespace(active=1, draining=False)
threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGTERM)).start()
began = time.monotonic()
launch.serve(page, gate, lambda: 0)
print(gate.draining, time.monotonic() - began >= 0.7)
"""


def test_a_stream_without_an_end_is_waited_for_and_then_left():
    ran = subprocess.run([sys.executable, "-c", ENDLESS], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert ran.stdout.split() == ["20.0", "closed", "True", "True"], ran.stderr
