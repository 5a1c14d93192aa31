"""`python -m playground judge`: an estimate, a question, then progress until the end or Ctrl-C. Decides nothing."""

from __future__ import annotations

import argparse
import asyncio
import sys
from contextlib import aclosing
from typing import TYPE_CHECKING

from .arena.judge import Progress, estimate, judge
from .arena.published import printable
from .compose import compose
from .conversation.reply import Backends
from .settings import load_settings
from .stored import open_votes
from .ui.judge_view import ended_text, estimate_text, progress_text

if TYPE_CHECKING:
    from .arena.votes import Votes

INTERRUPTED = 130
REFUSED = 2


def run(arguments: argparse.Namespace) -> int:
    """The whole command; the exit status is 0, 2 when it was refused or the service failed, 130 after Ctrl-C."""
    settings = load_settings()
    backends = compose(settings).backends
    votes = open_votes(settings, beside=True)
    try:
        return asyncio.run(_run(backends, votes, arguments))
    except KeyboardInterrupt:
        print("Stopped before anything was judged.", file=sys.stderr)
        return INTERRUPTED
    finally:
        votes.close()


async def _run(backends: Backends, votes: Votes, arguments: argparse.Namespace) -> int:
    found = await estimate(backends, votes, arguments.model, arguments.limit)
    print(printable(estimate_text(found)))
    if arguments.dry_run or not found.battles:
        return 0
    if not arguments.yes and not await _agreed():
        return REFUSED
    progress, stopped = Progress(found.battles), False
    try:
        async with aclosing(judge(backends, votes, arguments.model, arguments.limit)) as steps:
            async for progress in steps:
                _show(progress)
    except asyncio.CancelledError:  # Ctrl-C; every vote is stored when it is cast
        stopped = True
    _clear()
    print(printable(ended_text(progress, stopped=stopped)))
    return INTERRUPTED if stopped else REFUSED if progress.error else 0


async def _agreed() -> bool:
    if not sys.stdin.isatty():
        print("Nothing was asked yet: add --yes to start.", file=sys.stderr)
        return False
    answer = await asyncio.to_thread(input, "Start? [y/N] ")
    return answer.strip().lower() in {"y", "yes"}


def _show(progress: Progress) -> None:
    """On a terminal the line stays where it is."""
    end = "\r" if sys.stderr.isatty() else "\n"
    print(printable(progress_text(progress)).ljust(78), end=end, file=sys.stderr, flush=True)


def _clear() -> None:
    if sys.stderr.isatty():
        print(" " * 78, end="\r", file=sys.stderr)
