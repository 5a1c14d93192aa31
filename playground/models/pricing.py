"""Usage -> cost, or None when the price is unknown. Knows no call and asks no network.

Prices are those of the genai-prices package as installed (it fetches newer ones only for a program that starts
its updater); what the catalog says of a model wins over it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ..types import ModelSpec, Usage

PER_MILLION = 1_000_000
LOCAL = "local"
HUGGING_FACE = "hf"

Prices = tuple[float, float]


def price_of(provider: str, model_id: str, at: datetime | None = None) -> Prices | None:
    """(input, output) in USD per million tokens at the lowest tier; None when unknown, 0 for the local provider.

    `at` is when, now if left out: some prices change on a date, some by the hour.
    """
    if provider == LOCAL:
        return 0.0, 0.0
    if not (entry := _entry(provider, model_id)):
        return None
    prices = entry[1].get_prices(at or datetime.now(UTC))
    return _pair(prices.input_mtok, prices.output_mtok)


def context_window_of(provider: str, model_id: str) -> int | None:
    """The context window in tokens, None when unknown."""
    entry = _entry(provider, model_id)
    return entry[1].context_window if entry else None


def cost(model: ModelSpec, usage: Usage, at: datetime | None = None) -> float | None:
    """USD for `usage` at that time, now if left out; None when the price is unknown, never 0 for that.

    The local provider costs 0. Cached input and price tiers are as genai-prices knows them; cache writes are
    priced as other input, because Usage does not tell them apart. A price of the catalog's own is flat, for
    cached input too.
    """
    if model.provider == LOCAL:
        return 0.0
    at = at or datetime.now(UTC)
    given = (model.input_price, model.output_price)
    entry = _entry(model.provider, model.upstream)
    if entry and price_of(model.provider, model.upstream, at) and given in _not_of_the_catalog(model):
        provider, info = entry
        return float(info.calc_price(_reported(usage), provider, genai_request_timestamp=at).total_price)
    if given[0] is None or given[1] is None:
        return None
    return (given[0] * usage.input_tokens + given[1] * usage.output_tokens) / PER_MILLION


def _not_of_the_catalog(model: ModelSpec) -> list[tuple[float, float] | tuple[None, None] | None]:
    """What a model's prices can be where the catalog has none of its own: none, or those of any date on the list.

    A model keeps the price it was loaded with while the list moves on to the next date.
    """
    entry = _entry(model.provider, model.upstream)
    prices = entry[1].prices if entry else []
    every = [dated.prices for dated in prices] if isinstance(prices, list) else [prices]
    return [(None, None), *(_pair(each.input_mtok, each.output_mtok) for each in every)]


def _reported(usage: Usage):
    """Ours as genai-prices takes it. What is a part of something is never more than that."""
    from genai_prices import Usage as Reported

    return Reported(
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cache_read_tokens=min(usage.cached_tokens, usage.input_tokens),
        output_reasoning_tokens=min(usage.thinking_tokens, usage.output_tokens),
    )


def _entry(provider: str, model_id: str):
    """(provider, model) as genai-prices has them, or None.

    Only an equal provider id counts: an endpoint that somebody calls "my-openai" need not be OpenAI.
    """
    from genai_prices.data_snapshot import get_snapshot

    served_by, reference = _their_names(provider, model_id)
    snapshot = get_snapshot()
    theirs = next((each for each in snapshot.providers if each.id == served_by), None)
    try:
        return snapshot.find_provider_model(reference, theirs, None, None) if theirs else None
    except LookupError:
        return None


def _their_names(provider: str, model_id: str) -> tuple[str, str]:
    """Provider id and model as genai-prices names them.

    Hugging Face's router bills what the provider behind it asks, so only "model:provider" has a price.
    """
    reference = model_id.removeprefix("models/")
    if provider == HUGGING_FACE:
        reference, _, behind = reference.partition(":")
        return f"huggingface_{behind}", reference
    return provider.lower(), reference


def _pair(input_price: Any, output_price: Any) -> Prices | None:
    """Both prices as floats, None unless both are known."""
    if input_price is None or output_price is None:
        return None
    return _lowest_tier(input_price), _lowest_tier(output_price)


def _lowest_tier(price: Any) -> float:
    return float(getattr(price, "base", price))
