"""What is said of a judge's work, in plain text: for the page and for a terminal. Pure; knows no component."""

from __future__ import annotations

from ..arena.judge import Estimate, Progress
from .format import money

NOTHING = "Nothing to judge: every finished blind battle that can be judged already has been."


def estimate_text(estimate: Estimate) -> str:
    """What judging would take, in sentences."""
    if not estimate.battles:
        return NOTHING
    cost = f"cost ≈ {money(estimate.cost)}" if estimate.cost else money(estimate.cost)
    said = (
        f"{estimate.model} would judge {_battles(estimate.battles)} in both orders: {estimate.calls:,} calls, "
        f"≈ {estimate.input_tokens:,} tokens in, ≈ {estimate.output_tokens:,} out, {cost}."
    )
    if estimate.own:
        said += f" It is a contender itself in {estimate.own:.0%} of them, and models favour their own answers."
    return said


def progress_text(progress: Progress) -> str:
    """How far it is, in one line."""
    parts = [f"{progress.done:,} of {_battles(progress.battles)}", f"{progress.judged:,} judged"]
    if progress.ties:
        parts.append(f"{progress.ties:,} of them ties")
    if progress.unjudged:
        parts.append(f"{progress.unjudged:,} left unjudged")
    if progress.done:
        parts.append(money(progress.cost))
    return " · ".join(parts)


def ended_text(progress: Progress, *, stopped: bool) -> str:
    """What it has come to."""
    kept = " What has been judged is kept; start again to go on." if stopped or progress.error else ""
    why = f" {progress.error}" if progress.error else ""
    head = "Stopped" if stopped or progress.error else "Finished"
    return f"{head}: {progress_text(progress)}.{why}{kept}"


def _battles(number: int) -> str:
    return f"{number:,} battle{'s' if number != 1 else ''}"
