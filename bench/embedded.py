"""Tokens per second of the embedded model through POST /chat, against llama.cpp's own server."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from .processes import ROOT, serving
from .result import Result

MODEL = "smollm2-135m-instruct"
TOKENS = 48

# llama.cpp's server alone in a process, with the same settings, printing its address.
BARE = """
import asyncio, platformdirs, sys, time
from pathlib import Path
from playground.providers import local, weights
from playground.settings import load_settings
path = asyncio.run(weights.fetch("on", load_settings().cache_dir, lambda *_: None))
served = local.serve(path, local.CHATML)
print(served.base_url, flush=True)
time.sleep(3600)
"""


def run(*, full: bool = False) -> list[Result]:
    """One and eight streams, in pairs: bare, ours, bare, ours."""
    bare = subprocess.Popen([sys.executable, "-c", BARE], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert bare.stdout is not None
        bare_url = bare.stdout.readline().strip()
        with serving(ROOT / "app.py") as app:
            ask(f"{app.url}/chat", 1, 0)
            return [result for streams in (1, 8) for result in _compare(bare_url, app.url, streams, 7 if full else 2)]
    finally:
        bare.kill()
        bare.wait()


def _compare(bare_url: str, app_url: str, streams: int, rounds: int) -> list[Result]:
    ours, bare = [], []
    for round_ in range(rounds):
        bare.append(_tokens_per_s(f"{bare_url}/v1/chat/completions", streams, round_))
        ours.append(_tokens_per_s(f"{app_url}/chat", streams, round_))
    ratios = [mine / theirs for mine, theirs in zip(ours, bare, strict=True)]
    name = f"embedded model through POST /chat, {streams} stream{'s' if streams > 1 else ''}"
    return [
        Result(f"{name}, over bare llama.cpp", statistics.median(ratios), "x", ">= 0.9"),
        Result(name, statistics.median(ours), "tok/s"),
    ]


def _tokens_per_s(url: str, streams: int, seed: int) -> float:
    began = time.perf_counter()
    with ThreadPoolExecutor(streams) as pool:
        counts = list(pool.map(lambda at: ask(url, TOKENS, seed * 100 + at), range(streams)))
    return sum(counts) / (time.perf_counter() - began)


def ask(url: str, max_tokens: int, seed: int) -> int:
    """Streams one answer and returns how many tokens it had."""
    body: dict[str, Any] = {
        "model": MODEL,
        "messages": [{"role": "user", "content": "Tell me a very long story about a dog, a cat and the sea."}],
        "max_tokens": max_tokens,
        "temperature": 0.8,
        "seed": seed,
        "stream": True,
    }
    if "/v1/" in url:
        body["stream_options"] = {"include_usage": True}
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=300) as answer:
        for line in answer:
            if line.startswith(b"data: {") and b'"usage": {' in line.replace(b'"usage":{', b'"usage": {'):
                usage = json.loads(line[6:])["usage"]
    return int(usage.get("output_tokens") or usage["completion_tokens"])
