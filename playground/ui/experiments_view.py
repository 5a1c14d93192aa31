"""What an experiment shows, as HTML: progress, the grid of answers, figures, plots. Knows no component and no store."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from html import escape
from itertools import groupby
from typing import Any

from ..lab.metrics import Spread
from ..lab.running import Progress, Shown
from ..lab.runs import Result
from ..lab.summary import Figure, SettingFigures, telling
from ..lab.sweep import AXES, Plan
from . import format
from .spread_chart import Point, spread_chart

ROWS = 24  # of answers on one page of the grid
COLUMN_PX = 190  # the least width of a column
COMPARED = 400  # words of an answer; comparing takes their product
LONGEST_SHOWN = 4_000
PIECES = re.compile(r"\s*\S+\s*")

EMPTY = (
    '<div class="lab-empty"><p>The answers will appear here side by side, one column for each setting.</p>'
    "<p>Press Run to see what temperature does. The embedded model needs no key.</p></div>"
)
# Characters of an answer that its cell shows whole, however narrow.
SURELY_FITS = 150


def notes(said: Sequence[str], wrong: str = "") -> str:
    """What is to be known before the run: what models refuse, or why it cannot be run."""
    lines = [f'<p class="wrong">{escape(wrong)}</p>'] if wrong else []
    return "".join([*lines, *(f"<p>{escape(note)}</p>" for note in said)])


def progress(shown: Shown) -> str:
    """One line and a bar: done of total, tokens, cost, speed, time left."""
    now = shown.progress
    share = now.done / now.total if now.total else 1.0
    trouble = f'<p class="wrong">{escape(shown.trouble)}</p>' if shown.trouble else ""
    return (
        f'<div class="lab-progress" role="status"><p>{escape(format.DOT.join(_progress_parts(shown)))}</p>'
        f'<progress value="{share:.4f}" aria-label="Progress"></progress>{trouble}</div>'
    )


def _progress_parts(shown: Shown) -> list[str]:
    now = shown.progress
    parts = [f"{now.done:,} of {now.total:,} done"]
    if now.failed:
        parts.append(f"{now.failed:,} failed")
    if now.tokens:
        parts += [f"{now.tokens:,} tokens", format.money(now.cost)]
    if shown.running:
        parts += _running(now)
    elif shown.left:
        parts.append("stopped")
    return parts


def _running(now: Progress) -> list[str]:
    parts = [] if now.tokens_per_s is None else [f"{now.tokens_per_s:,.0f} tok/s"]
    return parts if now.eta_s is None else [*parts, f"about {_duration(now.eta_s)} left"]


def pages(plan: Plan) -> list[str]:
    """The pages of the grid by the prompts on them; prompts with all of their samples stay together."""
    each = _prompts_a_page(plan)
    count = len(plan.sweep.prompts)
    return [
        f"Prompts {first + 1:,} to {min(first + each, count):,} of {count:,}" if each > 1 else f"Prompt {first + 1:,}"
        for first in range(0, count, each)
    ]


def grid(shown: Shown, page: int = 0, *, marked: bool = True) -> str:
    """Prompts and their samples as rows, settings as columns; words that the first column lacks are `marked`."""
    plan = shown.plan
    each = _prompts_a_page(plan)
    head = "".join(f'<th scope="col">{escape(plan.label(setting))}</th>' for setting in plan.settings)
    rows: list[str] = []
    for prompt in range(len(plan.sweep.prompts))[page * each : (page + 1) * each]:
        rows.append(_asked(plan, prompt))
        rows += [_row(shown, prompt, sample, marked) for sample in range(plan.sweep.samples)]
    lead = '<th scope="col" class="sample" title="Number of the sample">#</th>' if plan.sweep.samples > 1 else ""
    return (
        f'<div class="board-scroll lab-scroll" tabindex="0" role="region" aria-label="Answers">'
        f'<table class="lab-grid" style="min-width:{COLUMN_PX * len(plan.settings)}px">'
        f"<thead><tr>{lead}{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _asked(plan: Plan, at: int) -> str:
    prompt = plan.sweep.prompts[at]
    wide = len(plan.settings) + (plan.sweep.samples > 1)
    reference = f'<small title="Reference">{escape(prompt.reference)}</small>' if prompt.reference else ""
    return (
        f'<tr class="asked"><th scope="rowgroup" colspan="{wide}"><div>{escape(_short(prompt.text))}{reference}</div>'
        "</th></tr>"
    )


def _row(shown: Shown, prompt: int, sample: int, marked: bool) -> str:
    plan = shown.plan
    found = [shown.results.get(plan.at[prompt, sample, at].key) for at in range(len(plan.settings))]
    first = found[0].text if found[0] and not found[0].failed else None
    cells = "".join(_cell(result, first if marked and at else None, shown.running) for at, result in enumerate(found))
    lead = f'<th scope="row" class="sample">{sample + 1}</th>' if plan.sweep.samples > 1 else ""
    return f"<tr>{lead}{cells}</tr>"


def _cell(result: Result | None, against: str | None, running: bool) -> str:
    if result is None:
        return f'<td class="open">{"…" if running else "not asked"}</td>'
    text = _short(result.text)
    body = escape(text) if against is None or result.failed else _marked(text, _short(against))
    # What is long enough to scroll can be scrolled with the keys.
    scrolls = ' tabindex="0"' if len(text) > SURELY_FITS else ""
    said = f'<div class="answer"{scrolls}>{body}</div>' if text else ""
    if result.failed:
        again = "" if running else " To ask it again, press “Resume” or “Ask again” above."
        said += f'<p class="wrong">{escape(result.error_message + again)}</p>'
    elif not text:
        said = '<p class="nothing">The model finished without writing an answer.</p>'
    figures = format.DOT.join(_cell_numbers(result))
    return f'<td>{said}<small title="{escape(_cell_title(result))}">{escape(figures)}</small></td>'


def _cell_numbers(result: Result) -> list[str]:
    parts: list[str] = []
    if result.usage is not None:
        parts.append(f"{'≈ ' if result.usage.estimated else ''}{result.usage.output_tokens:,} tok")
    if result.ttft_s is not None:
        parts.append(format.seconds(result.duration_s))
    if result.finish_reason == "length":
        parts.append("cut")
    return [*parts, "reused"] if result.reused else parts


def _cell_title(result: Result) -> str:
    parts = format.numbers(result.ttft_s, result.tokens_per_s, result.usage, result.cost)
    return format.DOT.join([*parts, format.FINISHED.get(result.finish_reason or "", "failed")])


@lru_cache(maxsize=2048)
def _marked(text: str, against: str) -> str:
    """`text` with the words marked that `against` does not have in that order."""
    ours, theirs = PIECES.findall(text), PIECES.findall(against)
    if len(ours) > COMPARED or len(theirs) > COMPARED:
        return escape(text)
    matcher = SequenceMatcher(None, [piece.strip() for piece in theirs], [piece.strip() for piece in ours], False)
    said: list[str] = []
    for how, _, _, begin, end in matcher.get_opcodes():
        piece = escape("".join(ours[begin:end]))
        words = piece.rstrip()
        said.append(f"<mark>{words}</mark>{piece[len(words) :]}" if how in {"insert", "replace"} and piece else piece)
    return "".join(said)


def figures_table(plan: Plan, figures: Sequence[SettingFigures]) -> str:
    """One row a setting: the mean of every figure, and how far it spreads."""
    shown = telling(plan, figures)
    if not any(one.done for one in figures):
        return ""
    head = "".join(f'<th scope="col" title="{escape(one.hint)}">{escape(one.label)}</th>' for one in shown)
    body = "".join(
        f'<tr><th scope="row" title="{escape(plan.label(one.setting))}">{escape(plan.label(one.setting))}</th>'
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
    joined = _is_scale(plan, axis)
    places = _places(plan, axis, joined)
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


def downloads(run_id: str) -> str:
    """Links to everything a run has come to."""
    links = [
        f'<a href="experiments/{escape(run_id)}?format={form}" download="experiment.{form}">{form.upper()}</a>'
        for form in ("csv", "json")
    ]
    return f'<p class="downloads">All answers with their figures as {" or ".join(links)}.</p>'


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


_NONE = Spread(0.0, 0.0, 0.0, 0.0, 0)


def _spread(figure: Figure, one: SettingFigures) -> str:
    spread = one.spreads.get(figure.name)
    if spread is None:
        # Where no call has used anything yet, or all have failed, nothing is said about a price.
        return "price unknown" if figure.name == "cost" and one.spreads.get("tokens") else "–"
    if figure.unit in {"usd", "percent"} or spread.count < 2 or not spread.deviation:
        return escape(number(figure, spread.mean))
    reach = f"{spread.deviation:,.0f}" if spread.deviation >= 99.5 else f"{spread.deviation:.2g}"
    return f"{escape(number(figure, spread.mean))} <i>± {reach}</i>"


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


def _is_scale(plan: Plan, axis: str) -> bool:
    return all(isinstance(setting.values[axis], int | float) for setting in plan.settings)


def _places(plan: Plan, axis: str, scale: bool) -> dict[Any, float]:
    """Where the values of an axis stand, 0 to 1: to scale where they are numbers, else one after the other."""
    values = list(dict.fromkeys(setting.values[axis] for setting in plan.settings))
    if scale and len(values) > 1:
        low, high = min(values), max(values)
        return {value: (value - low) / (high - low) for value in values}
    return {value: (at + 0.5) / len(values) for at, value in enumerate(values)}


def _tick(plan: Plan, axis: str, value: Any) -> str:
    if axis in {"model", "system_prompt"}:
        said = plan.said(axis, value)
        return f"{said[:18]}…" if len(said) > 19 else said
    return "default" if value is None else value if isinstance(value, str) else f"{value:g}"


def _prompts_a_page(plan: Plan) -> int:
    return max(ROWS // plan.sweep.samples, 1)


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def _duration(seconds: float) -> str:
    minutes = math.ceil(seconds / 60)
    return f"{max(seconds, 1):.0f} s" if seconds < 90 else f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"
