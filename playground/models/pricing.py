"""Usage -> cost, or None when the price is unknown. Knows no call and asks no network.

Prices are those of the genai-prices package as installed; what the catalog says of a model wins over it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

from ..types import ModelSpec, Usage

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo

PER_MILLION = 1_000_000
NONE_OF_THEIRS = frozenset({"local", "hf"})


def price_of(provider: str, model_id: str) -> tuple[float, float] | None:
    """(input, output) in USD per million tokens at the lowest tier, None when unknown."""
    info = _info(provider, model_id)
    if info is None:
        return None
    prices = info.get_prices(datetime.now(UTC))
    found = [getattr(price, "base", price) for price in (prices.input_mtok, prices.output_mtok)]
    return (float(found[0]), float(found[1])) if None not in found else None


def context_window_of(provider: str, model_id: str) -> int | None:
    """The context window in tokens, None when unknown."""
    info = _info(provider, model_id)
    return info.context_window if info else None


def cost(model: ModelSpec, usage: Usage) -> float | None:
    """USD for `usage`, cached input and price tiers included; None when the price is unknown, never 0 for that.

    Prices that the catalog itself gives are flat and make no difference for cached input.
    """
    if model.input_price is None or model.output_price is None:
        return None
    if price_of(model.provider, model.upstream) != (model.input_price, model.output_price):
        flat = model.input_price * usage.input_tokens + model.output_price * usage.output_tokens
        return flat / PER_MILLION
    from genai_prices import Usage as Reported
    from genai_prices import calc_price

    reported = Reported(
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cache_read_tokens=min(usage.cached_tokens, usage.input_tokens) or None,
    )
    return float(calc_price(reported, _bare(model.upstream), provider_id=model.provider).total_price)


@cache
def _info(provider: str, model_id: str) -> ModelInfo | None:
    if provider in NONE_OF_THEIRS:
        return None
    from genai_prices.data_snapshot import get_snapshot

    try:
        return get_snapshot().find_provider_model(_bare(model_id), None, provider, None)[1]
    except LookupError:
        return None


def _bare(model_id: str) -> str:
    return model_id.removeprefix("models/")
