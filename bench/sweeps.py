"""How busy a sweep keeps the embedded model, in tokens a second, against eight bare streams to llama.cpp's server."""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from playground.compose import compose
from playground.lab.prompts import Prompt
from playground.lab.running import Sweeps
from playground.lab.runs import Runs
from playground.lab.sweep import Sweep
from playground.settings import load_settings

from .embedded import BARE, MODEL, TOKENS, ask
from .processes import ROOT
from .result import Result

STREAMS = 8
PROMPT = "Tell me a very long story about a dog, a cat and the sea."


def run(*, full: bool = False) -> list[Result]:
    """A sweep of 100 cells, of 24 in the quick variant, in pairs with as many bare requests."""
    cells, rounds = (100, 5) if full else (24, 2)
    bare = subprocess.Popen([sys.executable, "-c", BARE], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert bare.stdout is not None
        url = f"{bare.stdout.readline().strip()}/v1/chat/completions"
        pairs = asyncio.run(_pairs(url, cells, rounds))
    finally:
        bare.kill()
        bare.wait()
    ratio = statistics.median(ours / theirs for ours, theirs in pairs)
    name = f"a sweep of {cells} cells on the embedded model"
    return [
        Result(f"{name}, over {STREAMS} bare streams", ratio, "x", ">= 0.85"),
        Result(name, statistics.median(ours for ours, _ in pairs), "tok/s"),
    ]


async def _pairs(url: str, cells: int, rounds: int) -> list[tuple[float, float]]:
    """(tokens/s of a sweep, of bare streams), one after the other in each round."""
    backends = compose(load_settings()).backends
    with tempfile.TemporaryDirectory() as folder:
        sweeps = Sweeps(backends, Runs(Path(folder)))
        await _swept(sweeps, 2)
        return [(await _swept(sweeps, cells), await asyncio.to_thread(_bare, url, cells, at)) for at in range(rounds)]


async def _swept(sweeps: Sweeps, cells: int) -> float:
    sweep = Sweep((Prompt(PROMPT),), (MODEL,), temperature=(0.8,), max_tokens=TOKENS, samples=cells)
    began = time.perf_counter()
    run_id = await sweeps.start(sweep, "bench")
    shown = [shown async for shown in sweeps.follow(run_id, lambda: 1.0)][-1]
    assert (shown.progress.done, shown.progress.failed) == (cells, 0)
    return shown.progress.tokens / (time.perf_counter() - began)


def _bare(url: str, cells: int, seed: int) -> float:
    began = time.perf_counter()
    with ThreadPoolExecutor(STREAMS) as pool:
        counts = list(pool.map(lambda at: ask(url, TOKENS, seed * 1000 + at), range(cells)))
    return sum(counts) / (time.perf_counter() - began)
