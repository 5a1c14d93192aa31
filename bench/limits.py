"""What no page on this framework and no server on this SDK can go below: each of them alone, and both together.

The framework alone is peers/scripted_blocks.py, whose words come from nowhere; the SDK alone is its own loop in one
process, without any server; both are peers/bare_blocks.py. All meet the same readers.
"""

from __future__ import annotations

from statistics import median

from .load.drive import reading, upstream
from .processes import serving
from .result import Result
from .streams import IDEAL_S, PEERS, PLAIN, PLAIN_TWO, RATE, SPREAD_S, TOKENS, per_1000


def run(*, full: bool = False) -> list[Result]:  # noqa: ARG001
    """The same numbers of streams as in `streams`, each once."""
    results: list[Result] = []
    with serving(PEERS / "scripted_blocks.py") as server:
        PLAIN.load(server, 1)
        for many, spread_s in ((100, 0.0), (200, 0.0), (200, SPREAD_S)):
            load = PLAIN.load(server, many, spread_s)
            how = f"{many} streams " + ("within 5 s" if spread_s else "at once")
            results.append(Result(f"the framework alone, {how}", load.last_s / IDEAL_S, "x ideal"))
            if (many, spread_s) == (100, 0.0):
                gap_ms = 1000 * load.quantile("gap_s", 0.95)
                results.append(Result("  longest gap between visible updates, p95", gap_ms, "ms"))
                results.append(Result("  its CPU of 1,000 tokens", per_1000(load), "s"))
    with serving(PEERS / "scripted_blocks.py", BENCH_CHATBOTS="2") as server:
        PLAIN_TWO.load(server, 1)
        battles = PLAIN_TWO.load(server, 50)
        results.append(Result("the framework alone, 50 pages of two answers", battles.last_s / IDEAL_S, "x ideal"))
    with upstream(TOKENS, RATE) as url:
        for name, pages, way in (("100 streams at once", 100, PLAIN), ("50 pages of two answers", 50, PLAIN_TWO)):
            peer = {"OPENAI_BASE_URL": f"{url}/v1", "BENCH_CHATBOTS": str(way.answers)}
            with serving(PEERS / "bare_blocks.py", **peer) as server:
                way.load(server, 1)
                took_s = median(way.load(server, pages).last_s for _ in range(2))
                results.append(Result(f"framework and SDK with nothing else, {name}", took_s / IDEAL_S, "x ideal"))
        for many in (100, 200, 500):
            with reading("sdk", url, many) as group:
                alone = group.ask()
            results.append(Result(f"the SDK alone, {many} streams at once", alone.last_s / IDEAL_S, "x ideal"))
            results.append(Result("  its CPU of 1,000 tokens", per_1000(alone), "s"))
    return results
