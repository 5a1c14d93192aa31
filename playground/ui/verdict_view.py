"""The verdict on two contenders as HTML: who is better, how sure, and how it came about. Pure; knows no component."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from ..arena.standings import Evidence
from ..arena.verdict import DECIDED, Verdict
from . import charts

TOLD = {
    "Votes": "Those that decide between the two",
    "Evidence": "An e-value: how many times likelier the votes are if one is better than if both are equal",
}
SHARE = "A 95% confidence sequence: unlike an interval, it holds at every look"
LEAST = 1e-3  # evidence below it is drawn as if it were that: nothing


def verdict_panel(found: Verdict, a: str, b: str, steps: Sequence[Evidence]) -> str:
    """The verdict in a sentence, what it rests on, and a line of the evidence over the votes."""
    first, second = escape(a), escape(b)
    low, high = 1 - found.interval[1], 1 - found.interval[0]
    facts = {
        "Votes": f"{found.wins_a:,} for {first}, {found.wins_b:,} for {second}; {found.ties:,} ties do not count",
        "Evidence": f"{number(found.evidence)} <small>{DECIDED:.0f} decides, at 95% however often you look</small>",
        f"Share of {first}": f"between {low:.0%} and {high:.0%} of the decided votes",
    }
    listed = "".join(
        f'<dt title="{TOLD.get(name, SHARE)}">{name}</dt><dd>{value}</dd>' for name, value in facts.items()
    )
    return f'<div class="verdict"><p>{_sentence(found, first, second)}</p><dl>{listed}</dl>{_evidence(steps)}</div>'


def _sentence(found: Verdict, first: str, second: str) -> str:
    if found.verdict != "undecided":
        return f"<strong>{first if found.verdict == 'a' else second} is better</strong>, however often you look."
    if found.wins_a + found.wins_b == 0:
        return "<strong>Undecided</strong>: no vote has decided between them."
    if found.votes_needed is None:
        return "<strong>Undecided</strong>, and there is no forecast while neither leads."
    more = f"{found.votes_needed:,} more vote{'s' if found.votes_needed != 1 else ''}"
    return f"<strong>Undecided.</strong> Forecast: about {more}, if the share stays as it is."


def _evidence(steps: Sequence[Evidence]) -> str:
    """Evidence against votes on a logarithmic scale, with the level that decides."""
    if not steps or not steps[-1].votes:
        return ""
    decides = math.log10(DECIDED)
    levels = [math.log10(max(step.verdict.evidence, LEAST)) for step in steps]
    low, high = min(0.0, *levels), max(decides * 1.15, *levels)
    last = steps[-1].votes
    points = [(0.0, -low / (high - low))]  # before the first vote it is 1
    points += [(step.votes / last, (level - low) / (high - low)) for step, level in zip(steps, levels, strict=True)]
    label = f"Evidence after {last:,} decided votes: {number(steps[-1].verdict.evidence)}"
    ends = ("0", f"{last:,} decided votes")
    return charts.line(
        points, label, ends, f"Evidence, logarithmic; {DECIDED:.0f} decides", (decides - low) / (high - low)
    )


def number(value: float) -> str:
    """A figure that may be anything between a fraction and a float's largest."""
    if value < 10:
        return f"{value:,.2f}"
    return f"{value:,.0f}" if value < 1e6 else f"{value:.0e}"
