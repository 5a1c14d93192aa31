"""Usage -> cost, or None when the price is unknown. Knows no call and asks no network.

Prices are those of the genai-prices package as installed (it fetches newer ones only for a program that starts
its updater); what the catalog says of a model wins over it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from ..types import ModelSpec, Usage

PER_MILLION = 1_000_000
LOCAL = "local"
HUGGING_FACE = "hf"

Prices = tuple[float, float]


def price_of(provider: str, model_id: str, at: datetime | None = None) -> Prices | None:
    """(input, output) in USD per million tokens at the lowest tier, None when unknown; 0 for the local provider.

    `at` is when, now if left out: some prices change on a date or by the hour.
    """
    if provider == LOCAL:
        return 0.0, 0.0
    entry = _entry(provider, model_id)
    return _lowest_tier(entry[1].get_prices(at or datetime.now(UTC))) if entry else None


def context_window_of(provider: str, model_id: str) -> int | None:
    """The context window in tokens, None when unknown."""
    entry = _entry(provider, model_id)
    return entry[1].context_window if entry else None


def cost(model: ModelSpec, usage: Usage, at: datetime | None = None) -> float | None:
    """USD for `usage`; None when the price is unknown, never 0 for that. The local provider costs 0.

    Cached input and price tiers are as genai-prices knows them. Cache writes are priced as other input, because
    Usage does not tell them apart. A price that is the catalog's own is flat, for cached input too.
    """
    if model.provider == LOCAL:
        return 0.0
    given = (model.input_price, model.output_price)
    at = at or datetime.now(UTC)
    if price_of(model.provider, model.upstream, at) and given in _not_overridden(model):
        return _listed_cost(model, usage, at)
    if given[0] is None or given[1] is None:
        return None
    return (given[0] * usage.input_tokens + given[1] * usage.output_tokens) / PER_MILLION


def _not_overridden(model: ModelSpec) -> Iterator[tuple[float | None, float | None]]:
    """What a model's prices are where the catalog gives none of its own.

    The price of another day is among them: a model keeps the one it was loaded with while the list moves on.
    """
    yield None, None
    entry = _entry(model.provider, model.upstream)
    prices = entry[1].prices if entry else []
    for listed in [each.prices for each in prices] if isinstance(prices, list) else [prices]:
        if pair := _lowest_tier(listed):
            yield pair


def _listed_cost(model: ModelSpec, usage: Usage, at: datetime) -> float | None:
    from genai_prices import Usage as Reported

    if not (entry := _entry(model.provider, model.upstream)):
        return None
    provider, info = entry
    reported = Reported(
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cache_read_tokens=min(usage.cached_tokens, usage.input_tokens),
        output_reasoning_tokens=min(usage.thinking_tokens, usage.output_tokens),
    )
    return float(info.calc_price(reported, provider, genai_request_timestamp=at).total_price)
