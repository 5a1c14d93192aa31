"""Time until `/` answers and memory without the model, against an empty Gradio page."""

from __future__ import annotations

import statistics

from .processes import EMPTY, ROOT, serving
from .result import Result


def run(*, full: bool = False) -> list[Result]:
    """Starts both in turn, so that a change of the machine's speed meets both."""
    ours_s, empty_s, empty_mb = [], [], []
    for _ in range(9 if full else 2):
        with serving(EMPTY) as empty:
            empty_s.append(empty.start_s)
            empty_mb.append(empty.memory_mb())
        with serving(ROOT / "app.py") as ours:
            ours_s.append(ours.start_s)
    with serving(ROOT / "app.py", PLAYGROUND_LOCAL="off") as without:
        ours_mb = without.memory_mb()
    ratios = [ours / empty for ours, empty in zip(ours_s, empty_s, strict=True)]
    return [
        Result("start until / answers, over empty Blocks (median of pairs)", statistics.median(ratios), "x", "<= 1.25"),
        Result("start until / answers (median)", statistics.median(ours_s), "s"),
        Result(
            "memory without the model, above empty Blocks",
            ours_mb - statistics.median(empty_mb),
            "MB",
            "<= 80",
        ),
    ]
