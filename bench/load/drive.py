"""Runs the upstream and the readers as processes of their own. Knows no benchmark."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..processes import ROOT, Server, cpu_s
from .client import Seen

TOML = """
[endpoints.bench]
base_url = "{url}/v1"
[models]
"bench" = {{ provider = "bench" }}
"bench-too" = {{ provider = "bench" }}
"""


@dataclass(frozen=True)
class Load:
    """What one round of readers saw, and the CPU seconds that the measured process spent on it: the server, or the
    readers themselves where they ask none of ours."""

    seen: list[Seen]
    cpu_s: float

    @property
    def last_s(self) -> float:
        """When the slowest reader had its whole answer."""
        return max(one.last_s for one in self.seen)

    @property
    def rest_s(self) -> float:
        """When the last page was at rest again."""
        return max(one.rest_s for one in self.seen)

    def quantile(self, field: str, share: float) -> float:
        values = sorted(getattr(one, field) for one in self.seen)
        return values[min(int(share * len(values)), len(values) - 1)]


@contextmanager
def upstream(tokens: int = 150, rate: float = 50) -> Iterator[str]:
    """The address of a scripted model server in a process of its own."""
    command = [sys.executable, "-m", "bench.load.upstream", "--tokens", str(tokens), "--rate", str(rate)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.kill()
        process.wait()


def playground(folder: Path, upstream_url: str) -> dict[str, str]:
    """The environment of an app whose models are the upstream's."""
    config = folder / "bench.toml"
    config.write_text(TOML.format(url=upstream_url), "utf-8")
    return {"PLAYGROUND_CONFIG": str(config), "PLAYGROUND_LOCAL": "off", "PLAYGROUND_DATA_DIR": str(folder)}


class Readers:
    """A running group of readers; `ask` lets each of them ask once."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._read("open")

    def ask(self, server: Server | None = None) -> Load:
        assert self._process.stdin is not None
        measured = server.process.pid if server else self._process.pid
        before = cpu_s(measured)
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        seen = [Seen(**one) for one in json.loads(self._read())]
        return Load(seen, cpu_s(measured) - before)

    def _read(self, wanted: str = "") -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        if not line or (wanted and line != wanted):
            raise RuntimeError(f"the readers ended: {line!r}")
        return line


@contextmanager
def reading(
    kind: str,
    url: str,
    readers: int,
    *,
    target: str = "",
    spread_s: float = 0.0,
    record: str = "",
    token: str = "",
    loading: bool = False,
    answers: int = 1,
) -> Iterator[Readers]:
    """Readers of one kind ("page", "http", "sdk") that have opened what they will ask; `record` is a file with the
    conversation that the pages go on with, `token` what a server wants of a program, `answers` how many a page writes
    to one question. Only `loading` pages fetch their HTML, too, which takes longer than all else of opening one and
    belongs to no answer."""
    command = [sys.executable, "-m", "bench.load.client", kind, url, "--readers", str(readers)]
    command += ["--target", target, "--spread", str(spread_s), "--record", record, "--token", token]
    command += ["--answers", str(answers)]
    command += ["--loading"] if loading else []
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield Readers(process)
    finally:
        process.kill()
        process.wait()
