"""What an experiment shows, as HTML: notes, progress, the grid of answers. Knows no component and no store."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from html import escape

from ..lab import sent
from ..lab.progress import Progress, Shown
from ..lab.runs import Result
from ..lab.summary import OF_TEXT, cell_figures
from ..lab.sweep import Plan, Setting, in_words
from . import format
from .experiments_figures import number

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
SINCE = "since the run began or was resumed"


def notes(said: Sequence[str], wrong: str = "") -> str:
    """What is to be known before the run: what models refuse, or why it cannot be run."""
    lines = [f'<p class="wrong">{escape(wrong)}</p>'] if wrong else []
    return "".join([*lines, *(f"<p>{escape(note)}</p>" for note in said)])


def progress(shown: Shown) -> str:
    """One line and a bar: done of total, tokens, cost, speed, time left; each says what it counts when pointed at."""
    now = shown.progress
    share = now.done / now.total if now.total else 1.0
    trouble = f'<p class="wrong">{escape(shown.trouble)}</p>' if shown.trouble else ""
    parts = [f'<span title="{escape(hint)}">{escape(part)}</span>' for part, hint in _progress_parts(shown)]
    return (
        f'<div class="lab-progress" role="status"><p>{format.DOT.join(parts)}</p>'
        f'<progress value="{share:.4f}" aria-label="Progress"></progress>{trouble}</div>'
    )


def _progress_parts(shown: Shown) -> list[tuple[str, str]]:
    """(what is said, what it counts), part by part."""
    now = shown.progress
    parts = [(f"{now.done:,} of {now.total:,} done", "Calls that have ended, failed ones too, of all that differ.")]
    if now.failed:
        parts.append((f"{now.failed:,} failed", "Calls without a whole answer; they can be made again."))
    if now.tokens:
        about = "≈ " if now.estimated else ""
        parts.append((f"{about}{now.tokens:,} tokens", "Output tokens so far, thinking included, less reused answers."))
        parts.append(
            (
                format.money(now.cost, estimated=now.estimated),
                "What the calls that have ended have cost, failed ones too; reused ones nothing.",
            )
        )
    if shown.running:
        parts += _running(now)
    elif shown.left:
        parts.append(("stopped", f"{shown.left:,} calls have not been made; “Resume” makes them."))
    return parts


def _running(now: Progress) -> list[tuple[str, str]]:
    parts: list[tuple[str, str]] = []
    if now.tokens_per_s is not None:
        hint = f"Output tokens per second of all calls together, {SINCE}."
        parts.append((f"{now.tokens_per_s:,.0f} tok/s", hint))
    if now.eta_s is not None:
        hint = f"The calls that will still be made, at the mean pace {SINCE}."
        parts.append((f"about {_duration(now.eta_s)} left", hint))
    return parts


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
    said = notes(sent.notes(plan, shown.results))
    told = f'<div class="lab-notes">{said}</div>' if said else ""
    for prompt in range(len(plan.sweep.prompts))[page * each : (page + 1) * each]:
        rows.append(_asked(plan, prompt))
        rows += [_row(shown, prompt, sample, marked) for sample in range(plan.sweep.samples)]
    lead = '<th scope="col" class="sample" title="Number of the sample">#</th>' if plan.sweep.samples > 1 else ""
    return (
        f'{told}<div class="board-scroll lab-scroll" tabindex="0" role="region" aria-label="Answers">'
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
    cells = "".join(
        _cell(setting, result, plan.sweep.prompts[prompt].reference, first if marked and at else None, shown.running)
        for at, (setting, result) in enumerate(zip(plan.settings, found, strict=True))
    )
    lead = f'<th scope="row" class="sample">{sample + 1}</th>' if plan.sweep.samples > 1 else ""
    return f"<tr>{lead}{cells}</tr>"


def _cell(setting: Setting, result: Result | None, reference: str | None, against: str | None, running: bool) -> str:
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
    unsent = [f"{in_words(name)} not sent" for name in sent.unsent(setting, result)]
    figures = format.DOT.join([*_cell_numbers(result), *unsent])
    return f'<td>{said}<small title="{escape(_cell_title(result, reference))}">{escape(figures)}</small></td>'


def _cell_numbers(result: Result) -> list[str]:
    parts: list[str] = []
    if result.usage is not None:
        parts.append(f"{'≈ ' if result.usage.estimated else ''}{result.usage.output_tokens:,} tok")
    if result.ttft_s is not None:
        parts.append(format.seconds(result.duration_s))
    if result.finish_reason == "length":
        parts.append("cut")
    return [*parts, "reused"] if result.reused else parts


@lru_cache(maxsize=2048)
def _cell_title(result: Result, reference: str | None) -> str:
    """Every figure of one answer."""
    parts = format.numbers(result.ttft_s, result.tokens_per_s, result.usage, result.cost)
    parts.append(format.FINISHED.get(result.finish_reason or "", "failed"))
    figures = cell_figures(result, reference)
    parts += [f"{one.label} {number(one, value)}" for one in OF_TEXT if (value := figures.get(one.name)) is not None]
    return format.DOT.join(parts)


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


def downloads(run_id: str) -> str:
    """Links to everything a run has come to."""
    links = [
        f'<a href="experiments/{escape(run_id)}?format={form}" download="experiment.{form}">{form.upper()}</a>'
        for form in ("csv", "json")
    ]
    return f'<p class="downloads">All answers with their figures as {" or ".join(links)}.</p>'


def _prompts_a_page(plan: Plan) -> int:
    return max(ROWS // plan.sweep.samples, 1)


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def _duration(seconds: float) -> str:
    minutes = math.ceil(seconds / 60)
    return f"{max(seconds, 1):.0f} s" if seconds < 90 else f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"
