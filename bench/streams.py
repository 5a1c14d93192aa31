"""Many answers at once: the chat page, the arena and POST /chat against their peers and against the bare SDK.

The upstream (50 tokens/s a stream, 150 tokens) and the readers are processes of their own; both share the machine
with what is measured. `x ideal` is the slowest reader's time from the question to the last word, over 3 s. All rounds
of a server meet the same process, one after the other, as a day does. What 100 pages take, 200 within 5 s, 50
battles and 500 streams over HTTP, is the median of several rounds, because one differs from the next by a tenth.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from .load.drive import Load, playground, reading, upstream
from .peers import open_webui
from .processes import ROOT, Server, serving
from .result import Result

TOKENS, RATE = 150, 50
IDEAL_S = TOKENS / RATE
PEERS = ROOT / "bench" / "peers"
SPREAD_S = 5.0
KIB = 1024
WARM = 20  # pages before memory is weighed: the first ones load what all share


@dataclass(frozen=True)
class Way:
    """A way to ask a running server: how, at what text box or path, and how many answers that has."""

    kind: str
    target: str
    answers: int = 1

    def load(self, server: Server, readers: int, spread_s: float = 0.0) -> Load:
        how = {"target": self.target, "answers": self.answers}
        with reading(self.kind, server.url, readers, spread_s=spread_s, **how) as group:
            return group.ask(server)


PAGE, ARENA, HTTP = Way("page", "composer"), Way("page", "arena-composer", answers=2), Way("http", "/chat")
PLAIN, PLAIN_TWO = Way("page", ""), Way("page", "", answers=2)


def run(*, full: bool = False) -> list[Result]:
    """Every server in turn, in one run."""
    with tempfile.TemporaryDirectory() as folder, upstream(TOKENS, RATE) as url:
        with _served(ROOT / "app.py", PAGE, playground(Path(folder), url)) as server:
            memory, most = _memory(server, loading=full)
            few = {many: PAGE.load(server, many) for many in ((1, 10, 50) if full else ())}
            hundred = [PAGE.load(server, 100) for _ in range(5 if full else 2)]
            spread = [PAGE.load(server, 200, SPREAD_S) for _ in range(2)]
            http_s = median(HTTP.load(server, 500).last_s for _ in range(3))
            first = _first_words(server, url, 100 if full else 30)
            fifty = [ARENA.load(server, 50) for _ in range(5 if full else 2)]
        peer = {"OPENAI_BASE_URL": f"{url}/v1"}
        with _served(PEERS / "plain_chat.py", PLAIN, peer) as server:
            plain = PLAIN.load(server, 100)
        with _served(PEERS / "article_server.py", HTTP, peer) as server:
            article_streams = 500 if full else 100  # each has a thread: five hundred take half a minute
            article = HTTP.load(server, article_streams)
        product = open_webui.load(f"{url}/v1", 100)
    return [
        *_page(few, hundred, most, spread, plain),
        Result("POST /chat, 500 streams at once", http_s / IDEAL_S, "x ideal", "<= 1.15"),
        Result(f"  the article's server, {article_streams} streams at once", article.last_s / IDEAL_S, "x ideal"),
        *_against(product),
        *first,
        Result("arena, 50 battles at once", median(one.last_s for one in fifty) / IDEAL_S, "x ideal", "<= 1.2"),
        at_rest(median(one.rest_s for one in fifty)),
        *memory,
    ]


@contextmanager
def _served(script: Path, way: Way, environ: Mapping[str, str]) -> Iterator[Server]:
    """A server that has answered once."""
    with serving(script, **environ) as server:
        way.load(server, 1)
        yield server


def _page(
    few: Mapping[int, Load], hundred: Sequence[Load], most: Load, spread: Sequence[Load], plain: Load
) -> list[Result]:
    def usual(figure: Callable[[Load], float]) -> float:
        return median(map(figure, hundred))

    return [
        *(Result(f"chat page, {many} streams at once", one.last_s / IDEAL_S, "x ideal") for many, one in few.items()),
        Result("chat page, 100 streams at once", usual(lambda one: one.last_s) / IDEAL_S, "x ideal", "<= 1.12"),
        at_rest(usual(lambda one: one.rest_s)),
        Result("chat page, 200 streams at once", most.last_s / IDEAL_S, "x ideal", "<= 1.25"),
        at_rest(most.rest_s),
        Result(
            "chat page, 200 streams within 5 s", median(one.last_s for one in spread) / IDEAL_S, "x ideal", "<= 1.05"
        ),
        at_rest(median(one.rest_s for one in spread)),
        Result("  plain ChatInterface, 100 streams at once", plain.last_s / IDEAL_S, "x ideal"),
        at_rest(plain.rest_s),
        Result("server CPU of 1,000 tokens on the page, 100 streams", usual(per_1000), "s"),
        Result("  over that of a plain ChatInterface", usual(per_1000) / per_1000(plain), "x", "<= 0.143"),
        Result(
            "longest gap between visible updates, p95, 100 streams",
            1000 * usual(lambda one: one.quantile("gap_s", 0.95)),
            "ms",
            "<= 250",
        ),
    ]


def at_rest(seconds: float) -> Result:
    """When the last page had its buttons again, behind the last words."""
    return Result("  until the page is at rest again", seconds / IDEAL_S, "x ideal")


def per_1000(load: Load) -> float:
    """CPU seconds of 1,000 tokens."""
    return load.cpu_s / (len(load.seen) * TOKENS) * 1000


def _against(product: Load | None) -> list[Result]:
    if product is None:
        return []
    return [Result("  open-webui's own API, 100 streams at once", product.last_s / IDEAL_S, "x ideal")]


def _first_words(server: Server, upstream_url: str, streams: int) -> list[Result]:
    """Over the bare SDK, with twenty questions a second: at one instant they would wait for each other."""
    spread_s = streams / 20
    with reading("sdk", upstream_url, streams, spread_s=spread_s) as group:
        bare = group.ask()
    results: list[Result] = []
    for name, way, goals in (("HTTP", HTTP, ("<= 10", "<= 50")), ("the page", PAGE, ("<= 40", "<= 120"))):
        load = way.load(server, streams, spread_s)
        for share, goal in zip((0.5, 0.95), goals, strict=True):
            added_ms = 1000 * (load.quantile("first_s", share) - bare.quantile("first_s", share))
            results.append(
                Result(f"added time to the first token over {name}, p{share * 100:.0f}", added_ms, "ms", goal)
            )
    return results


def _memory(server: Server, *, loading: bool) -> tuple[list[Result], Load]:
    """Of 200 open pages, then of as many running answers, above what the server takes after some pages."""
    pages = 200
    PAGE.load(server, WARM)
    before = server.memory_mb()
    with reading(PAGE.kind, server.url, pages, target=PAGE.target, loading=loading) as group:
        idle = server.memory_mb()
        with server.peak_mb() as peak:
            load = group.ask(server)
    results = [
        Result("memory of an open page", (idle - before) * KIB / pages, "KB", "<= 60"),
        Result("memory of a running stream", (peak[0] - idle) * KIB / pages, "KB", "<= 300"),
    ]
    return results, load
