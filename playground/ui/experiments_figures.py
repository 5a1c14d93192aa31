"""An experiment's figures as HTML: a table, and charts along the axis that varies. Knows no component and no store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from itertools import groupby
from typing import Any

from ..lab.metrics import Spread
from ..lab.summary import OF_USAGE, Figure, SettingFigures, telling
from ..lab.sweep import AXES, Plan
from . import format
from .spread_chart import Point, spread_chart

_NONE = Spread(0.0, 0.0, 0.0, 0.0, 0)


def figures_table(plan: Plan, figures: Sequence[SettingFigures]) -> str:
    """One row a setting: the mean of every figure, and how far it spreads."""
    shown = telling(plan, figures)
    if not any(one.done for one in figures):
        return ""
    head = "".join(f'<th scope="col" title="{escape(one.hint)}">{escape(one.label)}</th>' for one in shown)
    body = "".join(
        f'<tr><th scope="row" title="{escape(one.label)}">{escape(one.label)}</th>'
        f"<td>{one.done:,}{_failed(one.failed)}</td>"
        + "".join(f"<td>{_spread(figure, one)}</td>" for figure in shown)
        + "</tr>"
        for one in figures
    )
    answers = '<th scope="col" title="Answers of this setting so far.">Answers</th>'
    return (
        '<div class="board-scroll"><table class="board lab-figures"><thead><tr><th scope="col">Setting</th>'
        f"{answers}{head}</tr></thead><tbody>{body}</tbody></table></div>"
        '<p class="fine-print">Each figure is a mean; ± is the standard deviation.</p>'
    )


def plots(plan: Plan, figures: Sequence[SettingFigures]) -> str:
    """A chart of each figure that is worth one against the axis that varies; empty where nothing varies."""
    axis = plan.axis
    if axis is None or not any(one.done for one in figures):
        return ""
    values = list(dict.fromkeys(one.setting.values[axis] for one in figures))
    joined = all(isinstance(value, int | float) for value in values)
    places = _places(values, joined)
    groups = _grouped(plan, figures, axis)
    drawn: list[str] = []
    for figure in telling(plan, figures):
        if not figure.drawn or all((one.spreads.get(figure.name) or _NONE).high == 0 for one in figures):
            continue
        series = [_points(plan, one, figure, axis, places) for one in groups.values()]
        if sum(map(len, series)) > 1:
            shown = [(place, _tick(plan, axis, value)) for value, place in places.items()]
            said = f"{figure.label} by {AXES[axis].lower()}"
            drawn.append(
                spread_chart(said, figure.hint, series, shown, lambda at, one=figure: number(one, at), joined=joined)
            )
    legend = ""
    if len(groups) > 1 and drawn:
        keys = "".join(f'<span class="key s{at % 4}">{escape(name)}</span>' for at, name in enumerate(groups))
        legend = f'<p class="lab-legend">{keys}</p>'
    return f'{legend}<div class="lab-plots">{"".join(drawn)}</div>' if drawn else ""


def number(figure: Figure, value: float) -> str:
    """One value of a figure, in its unit."""
    match figure.unit:
        case "usd":
            return format.money(value) if value >= 0.0001 or value == 0 else f"${value:.7f}".rstrip("0")
        case "seconds":
            return f"{value:.2f} s"
        case "share":
            return f"{value:.2f}"
        case "percent":
            return f"{value:.0%}"
        case "score" | "count":
            return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _spread(figure: Figure, one: SettingFigures) -> str:
    spread = one.spreads.get(figure.name)
    if spread is None:
        # Where no call has used anything yet, or all have failed, nothing is said about a price.
        return "price unknown" if figure.name == "cost" and one.spreads.get("tokens") else "–"
    about = "≈ " if one.estimated and figure.name in OF_USAGE and spread.mean else ""
    mean = escape(f"{about}{number(figure, spread.mean)}")
    if figure.unit in {"usd", "percent"} or spread.count < 2 or not spread.deviation:
        return mean
    reach = f"{spread.deviation:,.0f}" if spread.deviation >= 99.5 else f"{spread.deviation:.2g}"
    return f"{mean} <i>± {reach}</i>"


def _failed(count: int) -> str:
    return f' <span class="few">{count:,} failed</span>' if count else ""


def _grouped(plan: Plan, figures: Sequence[SettingFigures], axis: str) -> dict[str, list[SettingFigures]]:
    """The settings by what varies besides the axis, each a line of its own in the charts."""
    others = [name for name in plan.varied if name != axis]

    def name_of(one: SettingFigures) -> str:
        return format.DOT.join(plan.said(name, one.setting.values[name]) for name in others)

    return {name: list(group) for name, group in groupby(sorted(figures, key=name_of), key=name_of)}


def _points(
    plan: Plan, group: Sequence[SettingFigures], figure: Figure, axis: str, places: Mapping[Any, float]
) -> list[Point]:
    found: list[Point] = []
    for one in group:
        spread = one.spreads.get(figure.name)
        if spread is None:
            continue
        reach = 0.0 if figure.unit == "percent" else spread.deviation
        low = max(spread.mean - reach, min(spread.low, 0.0))
        title = f"{plan.said(axis, one.setting.values[axis])}: {number(figure, spread.mean)}"
        if reach:
            title += f" ± {number(figure, reach)}"
        found.append(Point(places[one.setting.values[axis]], low, spread.mean, spread.mean + reach, title))
    return sorted(found, key=lambda point: point.x)


def _places(values: Sequence[Any], scale: bool) -> dict[Any, float]:
    """Where the values of an axis stand, 0 to 1: to scale where they are numbers, else one after the other."""
    if scale and len(values) > 1:
        low, high = min(values), max(values)
        return {value: (value - low) / (high - low) for value in values}
    return {value: (at + 0.5) / len(values) for at, value in enumerate(values)}


def _tick(plan: Plan, axis: str, value: Any) -> str:
    if axis in {"model", "system_prompt"}:
        said = plan.said(axis, value)
        return f"{said[:18]}…" if len(said) > 19 else said
    return "default" if value is None else value if isinstance(value, str) else f"{value:g}"
