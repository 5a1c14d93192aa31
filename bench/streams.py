"""Many answers at once: the chat page, the arena and POST /chat against their peers and against the bare SDK.

The upstream (50 tokens/s a stream, 150 tokens) and the readers are processes of their own; both share the machine
with what is measured. `x ideal` is the slowest reader's time from the question to the last word, over 3 s.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .load.drive import Load, playground, reading, upstream
from .processes import ROOT, Server, serving
from .result import Result

TOKENS, RATE = 150, 50
IDEAL_S = TOKENS / RATE
PEERS = ROOT / "bench" / "peers"
SPREAD_S = 5.0
KIB = 1024


@dataclass(frozen=True)
class Way:
    """A way to get an answer: which script serves it, how it is asked, and at what text box or path."""

    script: Path
    kind: str
    target: str
    environ: Mapping[str, str]

    def load(self, readers: int, spread_s: float = 0.0) -> Load:
        """One round against a server of its own that has answered once before."""
        with serving(self.script, **self.environ) as server:
            self.ask(server, 1)
            return self.ask(server, readers, spread_s)

    def ask(self, server: Server, readers: int, spread_s: float = 0.0) -> Load:
        with reading(self.kind, server.url, readers, target=self.target, spread_s=spread_s) as group:
            return group.ask(server)


def run(*, full: bool = False) -> list[Result]:
    """Every server in turn, in one run."""
    with tempfile.TemporaryDirectory() as folder, upstream(TOKENS, RATE) as url:
        ours, peer = playground(Path(folder), url), {"OPENAI_BASE_URL": f"{url}/v1"}
        page = Way(ROOT / "app.py", "page", "composer", ours)
        http = Way(ROOT / "app.py", "http", "/chat", ours)
        arena = Way(ROOT / "app.py", "page", "arena-composer", ours)
        plain = Way(PEERS / "plain_chat.py", "page", "", peer)
        article = Way(PEERS / "article_server.py", "http", "/chat", peer)
        return [
            *_page(page, plain, full),
            *_http(http, article, 500 if full else 200),
            *_first_words(page, http, url),
            *_arena(arena),
            *_memory(page, 200),
        ]


def _page(page: Way, plain: Way, full: bool) -> list[Result]:
    goals = {100: "<= 1.12", 200: "<= 1.25"}
    loads = {many: page.load(many) for many in ((1, 10, 50, 100, 200) if full else (10, 100, 200))}
    results = [
        Result(f"chat page, {many} streams at once", one.last_s / IDEAL_S, "x ideal", goals.get(many, ""))
        for many, one in loads.items()
    ]
    spread = page.load(200, SPREAD_S)
    theirs = plain.load(100)
    gap_ms = 1000 * loads[100].quantile("gap_s", 0.95)
    return [
        *results,
        Result("chat page, 200 streams within 5 s", spread.last_s / IDEAL_S, "x ideal", "<= 1.05"),
        Result("  plain ChatInterface, 100 streams at once", theirs.last_s / IDEAL_S, "x ideal"),
        Result("server CPU of 1,000 tokens on the page, 100 streams", _cpu(loads[100], 100), "s"),
        Result("  over that of a plain ChatInterface", loads[100].server_cpu_s / theirs.server_cpu_s, "x", "<= 0.143"),
        Result("longest gap between visible updates, p95, 100 streams", gap_ms, "ms", "<= 250"),
    ]


def _cpu(load: Load, streams: int) -> float:
    return load.server_cpu_s / (streams * TOKENS) * 1000


def _http(http: Way, article: Way, streams: int) -> list[Result]:
    name = f"POST /chat, {streams} streams at once"
    return [
        Result(name, http.load(streams).last_s / IDEAL_S, "x ideal", "<= 1.15"),
        Result("  the article's server", article.load(streams).last_s / IDEAL_S, "x ideal"),
    ]


def _first_words(page: Way, http: Way, url: str) -> list[Result]:
    """Over the bare SDK, with questions spread over 5 s: at one instant a hundred of them wait for each other."""
    with reading("sdk", url, 1) as warm:
        warm.ask()
    with reading("sdk", url, 100, spread_s=SPREAD_S) as group:
        bare = group.ask()
    results: list[Result] = []
    for name, way, goals in (("HTTP", http, ("<= 10", "<= 50")), ("the page", page, ("<= 40", "<= 120"))):
        load = way.load(100, SPREAD_S)
        for share, goal in zip((0.5, 0.95), goals, strict=True):
            added_ms = 1000 * (load.quantile("first_s", share) - bare.quantile("first_s", share))
            results.append(
                Result(f"added time to the first token over {name}, p{share * 100:.0f}", added_ms, "ms", goal)
            )
    return results


def _arena(arena: Way) -> list[Result]:
    return [Result("arena, 50 battles at once", arena.load(50).last_s / IDEAL_S, "x ideal", "<= 1.2")]


def _memory(page: Way, pages: int) -> list[Result]:
    """Above what the server takes after it has served some pages."""
    with serving(page.script, **page.environ) as server:
        page.ask(server, 20)
        before = server.memory_mb()
        with reading(page.kind, server.url, pages, target=page.target) as group:
            idle = server.memory_mb()
            with server.peak_mb() as peak:
                group.ask(server)
    return [
        Result("memory of an open page", (idle - before) * KIB / pages, "KB", "<= 60"),
        Result("memory of a running stream", (peak[0] - idle) * KIB / pages, "KB", "<= 300"),
    ]
