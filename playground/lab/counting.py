"""How many tokens a text has for each encoding and each model. Knows no provider and no page."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal, get_args

from ..errors import ProviderError
from ..models import tokens
from ..models.pricing import cost
from ..models.tokens import TokenSpan
from ..types import ModelSpec, Usage
from .token_lab import TokenLab

Encoding = Literal["o200k_base", "cl100k_base", "local"]
ENCODINGS: tuple[Encoding, ...] = get_args(Encoding)
LOCAL = "local"
MOST_BYTES = 2_000_000

Counts = Mapping[str, int | None]


@dataclass(frozen=True, slots=True)
class ModelCount:
    """A text's `tokens` for one model, whether its own tokenizer `exact`ly counted them, and what reading them costs.

    None: not known (now), in USD for the cost.
    """

    model: ModelSpec
    tokens: int | None
    exact: bool
    cost: float | None


async def first_spans(lab: TokenLab, text: str, encoding: str, most: int) -> tuple[list[TokenSpan], int]:
    """Where the first `most` tokens of a text stand, and how many it has; off the event loop.

    Raises ProviderError for an unknown encoding, for a text that is too long or has half a character, where many long
    ones wait, and, for the local one, as TokenLab does.
    """
    check_text(text)
    if encoding == LOCAL:
        return await lab.first_spans(text, most)
    if encoding not in tokens.ENCODINGS:
        raise ProviderError("bad_request", f"encoding must be one of {', '.join(ENCODINGS)}.", param="encoding")
    return await lab.texts.work(len(text), lambda: tokens.first_spans(text, encoding, most))


async def count_all(lab: TokenLab, text: str) -> Counts:
    """Tokens by encoding; None for the local one while the embedded model cannot be asked.

    Raises ProviderError as `first_spans` does.
    """
    check_text(text)
    own, *others = await asyncio.gather(
        _count_locally(lab, text),
        *(lab.texts.work(len(text), partial(tokens.count, text, name)) for name in tokens.ENCODINGS),
    )
    return {**dict(zip(tokens.ENCODINGS, others, strict=True)), LOCAL: own}


async def _count_locally(lab: TokenLab, text: str) -> int | None:
    try:
        return await lab.count(text)
    except ProviderError:
        return None


def by_model(counts: Counts, models: Sequence[ModelSpec]) -> list[ModelCount]:
    """What the text comes to for each model; an estimate, with o200k_base, where its tokenizer is not known."""
    return [_for_model(counts, model) for model in models]


def _for_model(counts: Counts, model: ModelSpec) -> ModelCount:
    own = model.family.encoding
    known = own in counts
    number = counts[own] if known else counts[tokens.FALLBACK]
    exact = known and (own == LOCAL or model.family.encoding_exact)
    return ModelCount(model, number, exact, None if number is None else cost(model, Usage(input_tokens=number)))


def check_text(text: str) -> None:
    """Raises ProviderError `bad_request` for a text that is too long or cannot be sent as UTF-8."""
    tokens.check_whole(text)
    if len(text) > MOST_BYTES or len(text.encode()) > MOST_BYTES:
        raise ProviderError("bad_request", f"The text is longer than {MOST_BYTES / 1e6:g} MB: split it into parts.")
