"""Runs on disk: one file a run, to which every answer is added as a line. Blocking; knows no provider and no page."""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from ..conversation.growing import Reply
from ..errors import PlaygroundError
from ..types import FinishReason, Usage
from .sweep import NONE_REFUSED, Refused, Sweep

RUN_ID = re.compile(r"[A-Za-z0-9_-]{24}")
SUFFIX = ".jsonl"
HIDDEN = "[hidden]"
# So that visitors cannot fill a public disk: the runs that were written to least lately go first.
MOST_RUNS, MOST_BYTES = 1_000, 500_000_000


class UnknownRunError(PlaygroundError):
    """There is no run of that id here."""


@dataclass(frozen=True, slots=True)
class Result:
    """What one call came to. `error` is the kind of failure, its text what had arrived before.

    Seconds; cost in USD, None when the price is unknown. `reused`: it was asked for in an earlier run.
    `dropped` names parameters of the setting that were not sent, because the provider had refused them by then.
    """

    text: str = ""
    finish_reason: FinishReason | None = None
    error: str | None = None
    error_message: str = ""
    usage: Usage | None = None
    cost: float | None = None
    ttft_s: float | None = None
    duration_s: float = 0.0
    reused: bool = False
    dropped: tuple[str, ...] = ()

    @classmethod
    def of(cls, reply: Reply) -> Result:
        error = reply.error
        return cls(
            text=reply.text,
            finish_reason=reply.finish_reason,
            error=error.kind if error else None,
            error_message=error.message if error else "",
            usage=reply.usage,
            cost=reply.cost,
            ttft_s=reply.ttft_s,
            duration_s=reply.duration_s,
            dropped=reply.dropped,
        )

    def without(self, key: str | None) -> Result:
        """The same where a provider repeated the reader's key: what is stored holds none."""
        if not key or key not in f"{self.text}{self.error_message}":
            return self
        return replace(self, text=self.text.replace(key, HIDDEN), error_message=self.error_message.replace(key, HIDDEN))

    @property
    def failed(self) -> bool:
        return self.error is not None

    @property
    def tokens_per_s(self) -> float | None:
        return self.usage and self.usage.tokens_per_s(self.ttft_s, self.duration_s)


@dataclass(frozen=True)
class Run:
    """A run as it is stored: what was asked for, when (seconds since the epoch), and results by the key of a cell.

    `refused` is what providers had refused when it was planned: without it, its cells would have other keys later.
    `own` names the providers that were asked with a key of the reader's; the key itself is in no file. `superseded`
    are results of calls that were made again: they have been paid for, too.
    """

    id: str
    sweep: Sweep
    created: float
    results: dict[str, Result] = field(default_factory=dict[str, Result])
    refused: Refused = field(default_factory=dict[str, Mapping[str, str]])
    own: frozenset[str] = frozenset()
    superseded: list[Result] = field(default_factory=list[Result])

    def take(self, key: str, result: Result) -> None:
        """What a call came to, in the place of what an earlier one of the same cell did."""
        if (before := self.results.get(key)) is not None:
            self.superseded.append(before)
        self.results[key] = result


SWEEP: TypeAdapter[Sweep] = TypeAdapter(Sweep)
RESULT: TypeAdapter[Result] = TypeAdapter(Result)
REFUSED: TypeAdapter[dict[str, dict[str, str]]] = TypeAdapter(dict[str, dict[str, str]])
OWN: TypeAdapter[frozenset[str]] = TypeAdapter(frozenset[str])


class Runs:
    """The runs in one folder, which is made with the first one. An id is 144 random bits and all that opens a run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def create(
        self,
        sweep: Sweep,
        reused: Mapping[str, Result],
        refused: Refused = NONE_REFUSED,
        own: frozenset[str] = frozenset(),
    ) -> Run:
        """A new run that has the `reused` results already, planned with `refused` and `own`.

        Raises OSError when it cannot be written.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        self._make_room()
        run = Run(secrets.token_urlsafe(18), sweep, time.time(), dict(reused), refused, own)
        head = {
            "run": run.id,
            "created": run.created,
            "sweep": SWEEP.dump_python(sweep, mode="json"),
            "refused": {model: dict(why) for model, why in refused.items()},
            "own": sorted(own),
        }
        lines = [json.dumps(head), *(_line(key, result) for key, result in reused.items())]
        with self._path(run.id).open("x", encoding="utf-8") as file:
            file.write("".join(f"{line}\n" for line in lines))
        return run

    def add(self, run_id: str, key: str, result: Result) -> None:
        """Adds one result; a later one of the same cell takes the place of an earlier one."""
        with self._path(run_id).open("a", encoding="utf-8") as file:
            file.write(f"{_line(key, result)}\n")

    def mend(self, run_id: str) -> None:
        """Ends a line that was cut off when its process died, so that the next one begins on its own."""
        with self._path(run_id).open("rb+") as file:
            if file.seek(0, 2) and file.seek(-1, 2) and file.read(1) != b"\n":
                file.write(b"\n")

    def read(self, run_id: str) -> Run:
        """A run with everything that was written whole. Raises UnknownRunError."""
        run = self._read(run_id, results=True)
        if run is None:
            raise _unknown()
        return run

    def head(self, run_id: str) -> Run | None:
        """What a run asked for, without its results; None where there is none."""
        return self._read(run_id, results=False)

    def _read(self, run_id: str, *, results: bool) -> Run | None:
        try:
            with self._path(run_id).open(encoding="utf-8", errors="replace") as file:
                head: Any = json.loads(file.readline())
                sweep, refused = SWEEP.validate_python(head["sweep"]), REFUSED.validate_python(head.get("refused", {}))
                own = OWN.validate_python(head.get("own", []))
                run = Run(run_id, sweep, float(head["created"]), {}, refused, own)
                for line in file if results else ():
                    _take(run, line)
        except (OSError, ValueError, KeyError, TypeError, UnknownRunError):
            return None
        return run

    def _path(self, run_id: str) -> Path:
        if not RUN_ID.fullmatch(run_id):
            raise _unknown()
        return self._folder / f"{run_id}{SUFFIX}"

    def _make_room(self) -> None:
        files = [(path.stat(), path) for path in self._folder.glob(f"*{SUFFIX}")]
        files.sort(key=lambda one: one[0].st_mtime, reverse=True)
        total = 0
        for at, (stat, path) in enumerate(files, 1):
            total += stat.st_size
            if at >= MOST_RUNS or total > MOST_BYTES:
                path.unlink(missing_ok=True)


def _line(key: str, result: Result) -> str:
    return json.dumps({"cell": key, "result": RESULT.dump_python(result, mode="json", exclude_defaults=True)})


def _take(run: Run, line: str) -> None:
    """Adds what a line says; one that was cut off says nothing."""
    try:
        row: Any = json.loads(line)
        run.take(str(row["cell"]), RESULT.validate_python(row["result"]))
    except (ValueError, KeyError, TypeError, ValidationError):
        return


def _unknown() -> UnknownRunError:
    return UnknownRunError("This experiment is no longer here: run it again.")
