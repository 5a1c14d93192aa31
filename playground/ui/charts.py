"""Small charts as HTML and SVG that follow the page's colours and width. Pure; knows no vote and no component.

Not Gradio's plots: those load a 690 KB library, do not follow the width of the page, and stay white in the dark.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 1000.0, 220.0  # of the drawing, which is stretched to its place
STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True, slots=True)
class Axis:
    """A linear scale from `low` to `high` with `ticks` at round numbers in between."""

    low: float
    high: float
    ticks: tuple[float, ...]

    @classmethod
    def over(cls, values: Sequence[float], most: int = 5) -> Axis:
        """The axis that holds all `values` with a little air, and at most about `most` ticks."""
        low, high = min(values), max(values)
        # One value alone gets an axis of its own size: a cost of $0.0009 is not drawn between $0 and $1.
        air = (high - low) * 0.04 or abs(high) * 0.5 or 1.0
        low, high = low - air, high + air
        step = round_step((high - low) / most)
        first = math.ceil(low / step)
        return cls(low, high, tuple(at * step for at in range(first, math.floor(high / step) + 1)))

    def at(self, value: float) -> float:
        """Where a value lies, in percent of the width; outside ones lie at the edge."""
        return min(max(100 * (value - self.low) / (self.high - self.low), 0.0), 100.0)


def round_step(least: float) -> float:
    """The smallest of 1, 2, 2.5, 5 times a power of ten that is not below `least`."""
    power = 10 ** math.floor(math.log10(least))
    return next(step * power for step in STEPS if step * power >= least * (1 - 1e-9))


def interval(axis: Axis, low: float, middle: float, high: float) -> str:
    """A bar from low to high with a dot in the middle, on tick lines."""
    left, right = axis.at(low), axis.at(high)
    lines = "".join(f'<s style="left:{axis.at(tick):.2f}%"></s>' for tick in axis.ticks)
    return (
        f'<span class="track">{lines}<i style="left:{left:.2f}%;width:{max(right - left, 0.2):.2f}%"></i>'
        f'<b style="left:{axis.at(middle):.2f}%"></b></span>'
    )


def scale(axis: Axis, text: Callable[[float], str]) -> str:
    """The labels of an axis, for the head of a column of intervals."""
    labels = "".join(f'<em style="left:{axis.at(tick):.2f}%">{escape(text(tick))}</em>' for tick in axis.ticks)
    return f'<span class="track scale">{labels}</span>'


def columns(values: Sequence[float], titles: Sequence[str], label: str, ends: tuple[str, str]) -> str:
    """One column for each value, from zero; `label` says what a reader who sees nothing is told."""
    highest = max(values, default=0) or 1
    width = WIDTH / max(len(values), 1)
    broad = max(width - 2, width * 0.6)
    heights = [HEIGHT * value / highest for value in values]
    bars = "".join(
        f'<rect x="{at * width:.2f}" y="{HEIGHT - high:.2f}" width="{broad:.2f}" height="{high:.2f}">'
        f"<title>{escape(title)}</title></rect>"
        for at, (high, title) in enumerate(zip(heights, titles, strict=True))
    )
    return _framed(bars, label, ends, f"{highest:,.0f}")


def line(points: Sequence[tuple[float, float]], label: str, ends: tuple[str, str], top: str, mark: float | None) -> str:
    """A line through points whose coordinates are in 0 to 1, from the lower left; `mark` is a level to reach."""
    path = " ".join(f"{x * WIDTH:.2f},{HEIGHT * (1 - y):.2f}" for x, y in points)
    level = ""
    if mark is not None:
        height = f"{HEIGHT * (1 - mark):.2f}"
        level = f'<line class="mark" x1="0" x2="{WIDTH}" y1="{height}" y2="{height}"/>'
    return _framed(f'{level}<polyline points="{path}"/>', label, ends, top)


def _framed(drawing: str, label: str, ends: tuple[str, str], top: str) -> str:
    left, right = map(escape, ends)
    frame = f'viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" preserveAspectRatio="none"'
    return (
        f'<figure class="chart"><figcaption>{escape(top)}</figcaption>'
        f'<svg {frame} role="img" aria-label="{escape(label)}">{drawing}</svg>'
        f"<p><span>{left}</span><span>{right}</span></p></figure>"
    )
