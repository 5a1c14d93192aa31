"""Hours of use in minutes: ten thousand answers, each in a page or connection of its own, and what memory does.

Not part of the whole run, because it takes minutes: `python -m bench soak`.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from .load.drive import playground, reading, upstream
from .processes import ROOT, Server, serving
from .result import Result

# Short answers: what could stay behind does so with each question, not with each token.
TOKENS, RATE = 20, 100
PAGES, PROGRAMS, BATTLES = 125, 100, 25
ROUND = PAGES + PROGRAMS + BATTLES
FIRST, STREAMS = 500, 10_000


def run(*, full: bool = False) -> list[Result]:
    """Memory after STREAMS over that after the first FIRST; a fifth of the streams in the quick variant."""
    with (
        tempfile.TemporaryDirectory() as folder,
        upstream(TOKENS, RATE) as url,
        serving(ROOT / "app.py", **playground(Path(folder), url)) as server,
    ):
        rounds = (STREAMS if full else STREAMS // 5) // ROUND
        first_mb = 0.0
        for at in range(1, rounds + 1):
            _round(server)
            if at * ROUND == FIRST:
                first_mb = server.memory_mb()
            if not at % 4:
                print(f"{at * ROUND} streams, {server.memory_mb():.0f} MB", file=sys.stderr)
        last_mb = server.memory_mb()
    name = f"memory after {rounds * ROUND:,} streams"
    return [Result(f"{name}, over that after {FIRST}", last_mb / first_mb, "x", "<= 1.1"), Result(name, last_mb, "MB")]


def _round(server: Server) -> None:
    """Readers that come, ask and go: on the page, over HTTP, in the arena."""
    for kind, target, readers in (
        ("page", "composer", PAGES),
        ("http", "/chat", PROGRAMS),
        ("page", "arena-composer", BATTLES),
    ):
        with reading(kind, server.url, readers, target=target) as group:
            group.ask(server)
