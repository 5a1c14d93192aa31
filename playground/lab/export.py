"""A run as CSV or JSON: every answer with its setting and its figures. Knows no page and no HTTP."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from ..spreadsheet import csv_of
from .progress import Shown
from .runs import Result
from .sent import as_sent, notes, unsent
from .summary import FIGURES, cell_figures, summarize
from .sweep import SAMPLED, Cell

PER_CELL = [figure.name for figure in FIGURES if figure.name not in {"self_bleu", "tokens"}]


def run_csv(shown: Shown) -> str:
    """One row a cell that is done, in the order of the plan; a cell that a spreadsheet would run is made text."""
    rows = [_row(shown, cell, result) for cell in shown.plan.cells if (result := shown.results.get(cell.key))]
    return csv_of([{**row, "not_sent": _in_a_cell(row["not_sent"])} for row in rows])


def run_json(shown: Shown) -> str:
    """The sweep, its settings with mean and spread of every figure, and every cell that is done."""
    plan = shown.plan
    settings = [
        {
            "id": one.setting.id,
            "label": one.label,
            "model": one.setting.contender.model,
            "system_prompt": one.setting.contender.system_prompt,
            "sampling": one.setting.contender.sampling.sent(),
            "done": one.done,
            "failed": one.failed,
            "figures": {name: spread and asdict(spread) for name, spread in one.spreads.items()},
        }
        for one in summarize(plan, shown.results)
    ]
    content = {
        "run": shown.id,
        "created": datetime.fromtimestamp(shown.created, UTC).isoformat(),
        "sweep": asdict(plan.sweep),
        "notes": [*plan.notes, *notes(plan, shown.results)],
        "settings": settings,
        "cells": [_row(shown, cell, result) for cell in plan.cells if (result := shown.results.get(cell.key))],
    }
    return json.dumps(content, ensure_ascii=False, indent=1)


def _in_a_cell(not_sent: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in not_sent.items())


def _row(shown: Shown, cell: Cell, result: Result) -> dict[str, Any]:
    """Parameters are those that were sent; `not_sent` has what the setting holds beyond them."""
    prompt = shown.plan.sweep.prompts[cell.prompt]
    setting = shown.plan.settings[cell.setting]
    without = unsent(setting, result)
    contender = as_sent(shown.plan, setting, without).contender
    usage = result.usage
    return {
        "prompt": prompt.text,
        "reference": prompt.reference,
        "sample": cell.sample + 1,
        "model": contender.model,
        "system_prompt": contender.system_prompt,
        **{name: getattr(contender.sampling, name) for name in (*SAMPLED, "max_tokens")},
        "not_sent": {name: getattr(setting.contender.sampling, name) for name in without},
        "answer": result.text,
        "finish_reason": result.finish_reason,
        "error": result.error,
        "error_message": result.error_message,
        "input_tokens": usage.input_tokens if usage else None,
        "output_tokens": usage.output_tokens if usage else None,
        "thinking_tokens": usage.thinking_tokens if usage else None,
        "tokens_estimated": usage.estimated if usage else None,
        "duration_s": result.duration_s,
        "reused": result.reused,
        **{name: cell_figures(result, prompt.reference).get(name) for name in PER_CELL},
    }
