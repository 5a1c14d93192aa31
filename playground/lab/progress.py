"""A run that is worked on, and what may be seen of it at one moment. Asks nobody and reads no file."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from .runs import Result, Run
from .sweep import Cell, Plan


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is. Tokens are of its output; `cost` in USD, None where a price is unknown. Both are `estimated`
    where an answer's provider has not counted them.

    `tokens_per_s` and `eta_s` are those of the present stretch of work, None before they can be told.
    """

    total: int
    done: int = 0
    failed: int = 0
    tokens: int = 0
    cost: float | None = 0.0
    estimated: bool = False
    tokens_per_s: float | None = None
    eta_s: float | None = None


@dataclass(frozen=True)
class Shown:
    """A run at one moment: `results` by the key of a cell; `trouble` is why it ended early, if it did."""

    id: str
    created: float
    plan: Plan
    results: Mapping[str, Result]
    progress: Progress
    running: bool = False
    trouble: str = ""

    @property
    def left(self) -> int:
        """How many calls are still to be made, failed ones not counted."""
        return self.progress.total - self.progress.done


@dataclass
class Active:
    """A run that is worked on in this process, for its `owner`.

    `todo` was missing when the work `began`; the cells of `finished` (by key) and `tokens` are what has come of it
    since. `seen` is when somebody looked last. Models that answer no call any more are `hopeless`.
    """

    run: Run
    plan: Plan
    owner: str
    todo: tuple[Cell, ...]
    began: float = field(default_factory=time.monotonic)
    seen: float = field(default_factory=time.monotonic)
    finished: set[str] = field(default_factory=set[str])
    tokens: int = 0
    hopeless: set[str] = field(default_factory=set[str])
    trouble: str = ""
    keys: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    task: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        return self.task is not None and not self.task.done()

    @property
    def left(self) -> int:
        """How many calls of this stretch of work are still to be made; a hopeless model gets none."""
        return sum(
            cell.key not in self.finished and self.plan.settings[cell.setting].contender.model not in self.hopeless
            for cell in self.todo
        )

    def shown(self, now: float | None = None) -> Shown:
        """The run as it is now, by the clock that `began` is of."""
        keys = {cell.key for cell in self.plan.cells}
        results = {key: result for key, result in self.run.results.items() if key in keys}
        spent_s = (time.monotonic() if now is None else now) - self.began
        progress = _progress(self, keys, results, spent_s)
        return Shown(self.run.id, self.run.created, self.plan, results, progress, self.running, self.trouble)


def _progress(active: Active, keys: Collection[str], results: Mapping[str, Result], spent_s: float) -> Progress:
    asked = [result for result in (*results.values(), *active.run.superseded) if not result.reused]
    costs = [result.cost for result in asked if result.usage is not None]
    told = active.running and bool(active.finished)
    return Progress(
        total=len(keys),
        done=len(results),
        failed=Counter(result.failed for result in results.values())[True],
        tokens=sum(result.usage.output_tokens for result in asked if result.usage),
        cost=None if None in costs else sum(cost for cost in costs if cost is not None),
        estimated=any(result.usage.estimated for result in asked if result.usage),
        tokens_per_s=active.tokens / spent_s if told else None,
        eta_s=active.left * spent_s / len(active.finished) if told else None,
    )
