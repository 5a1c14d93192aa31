"""The Tokens tab: server time from 100 KB of text to what is drawn of it."""

from __future__ import annotations

import asyncio
import statistics
import time

from playground.lab.counting import by_model, count_all, first_spans
from playground.lab.token_lab import TokenLab
from playground.models.catalog import load_catalog
from playground.settings import load_settings
from playground.ui import tokens_view

from .result import Result

PIECE = "The quick brown fox jumps over 13 lazy dogs; naïve, Straße.\n\tdef f(x): return x  # 日本語 שלום 👩‍👩‍👧 🦥\n"
SIZE = 100_000


def run(*, full: bool = False) -> list[Result]:
    """Encoding, the counts of both vocabularies, costs of all models, and the HTML."""
    text = PIECE * (SIZE // len(PIECE.encode()) + 1)
    models = list(load_catalog(load_settings({})).models.values())
    _once(text, models)  # loads the vocabularies
    spent_s = [_once(text, models) for _ in range(15 if full else 5)]
    return [Result("tokens of 100 KB: encoded, counted and drawn", statistics.median(spent_s), "s", "<= 0.5")]


def _once(text: str, models: list) -> float:
    began = time.perf_counter()
    asyncio.run(_drawn(text, models))
    return time.perf_counter() - began


async def _drawn(text: str, models: list) -> list[str]:
    """What the tab answers with; the embedded model's own tokens are counted by its server, not by ours."""
    lab = TokenLab(None)
    counts = await count_all(lab, text)
    spans, count = await first_spans(lab, text, "o200k_base", tokens_view.MOST_DRAWN)
    return [
        tokens_view.text_tokens(text, spans, count),
        tokens_view.counts_line(text, counts),
        tokens_view.model_table(by_model(counts, models)),
    ]
