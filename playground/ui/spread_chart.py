"""A chart of means with their spread against an axis, as HTML and SVG in the page's own colours. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from .charts import Axis

WIDTH, HEIGHT, AIR = 1000.0, 300.0, 40.0


@dataclass(frozen=True, slots=True)
class Point:
    """A mean at place `x` (0 to 1), and how far its spread reaches; `title` says it in words."""

    x: float
    low: float
    mean: float
    high: float
    title: str


def spread_chart(
    title: str,
    hint: str,
    series: Sequence[Sequence[Point]],
    places: Sequence[tuple[float, str]],
    text: Callable[[float], str],
    *,
    joined: bool,
) -> str:
    """Dots with whiskers, one colour a series; `joined` by a line where the axis is a scale. `places` label it."""
    points = [point for one in series for point in one]
    axis = Axis.over([end for point in points for end in (point.low, point.high)], most=3)
    ticks = [tick for tick in axis.ticks if tick >= 0 or axis.low < 0]
    lines = "".join(
        f'<line class="grid" x1="0" x2="{WIDTH:.0f}" y1="{_y(axis, tick)}" y2="{_y(axis, tick)}"/>' for tick in ticks
    )
    drawn = "".join(_series(at, one, axis, joined) for at, one in enumerate(series))
    levels = "".join(f'<em style="bottom:{axis.at(tick):.2f}%">{escape(text(tick))}</em>' for tick in ticks)
    labels = "".join(f'<em style="left:{100 * _x(x) / WIDTH:.2f}%">{escape(label)}</em>' for x, label in places)
    said = f"{title}: " + "; ".join(point.title for point in points)
    return (
        f'<figure class="chart spread" title="{escape(hint)}"><figcaption>{escape(title)}</figcaption>'
        f'<div class="plot"><div class="levels">{levels}</div>'
        f'<svg viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(said)}">'
        f'{lines}{drawn}</svg></div><div class="places">{labels}</div></figure>'
    )


def _series(at: int, points: Sequence[Point], axis: Axis, joined: bool) -> str:
    """A dot is a line of no length with round ends: it stays round however the drawing is stretched."""
    path = " ".join(f"{_x(point.x):.1f},{_y(axis, point.mean)}" for point in points)
    line = f'<polyline points="{path}"/>' if joined and len(points) > 1 else ""
    marks = "".join(
        f'<g><title>{escape(point.title)}</title><line class="reach" x1="{_x(point.x):.1f}" x2="{_x(point.x):.1f}" '
        f'y1="{_y(axis, point.low)}" y2="{_y(axis, point.high)}"/><line class="dot" x1="{_x(point.x):.1f}" '
        f'x2="{_x(point.x):.1f}" y1="{_y(axis, point.mean)}" y2="{_y(axis, point.mean)}"/></g>'
        for point in points
    )
    return f'<g class="series s{at % 4}">{line}{marks}</g>'


def _x(share: float) -> float:
    return AIR + share * (WIDTH - 2 * AIR)


def _y(axis: Axis, value: float) -> str:
    return f"{HEIGHT * (1 - axis.at(value) / 100):.1f}"
