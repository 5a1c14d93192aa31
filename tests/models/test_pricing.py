"""Prices: arithmetic against sums done by hand, and None wherever a price is not known."""

import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from playground.models.catalog import load_catalog
from playground.models.pricing import context_window_of, cost, price_of
from playground.settings import load_settings
from playground.types import Family, ModelSpec, Usage

NOVEMBER = datetime(2026, 11, 2, tzinfo=UTC)
DECEMBER = datetime(2026, 12, 2, tzinfo=UTC)
SOME = Usage(1_000, 500)

# A process of its own that may not reach the network.
OFFLINE = """
import sys
def forbid(event, arguments):
    if event in {"socket.connect", "socket.getaddrinfo"}:
        raise PermissionError(event)
sys.addaudithook(forbid)
from playground.models import pricing
assert "genai_prices" not in sys.modules
print(pricing.price_of("openai", "gpt-4o"), pricing.context_window_of("openai", "gpt-4o"))
import threading
assert threading.active_count() == 1
"""


def model(provider, model_id, input_price=None, output_price=None):
    return ModelSpec("m", provider, Family("f", provider), "M", model_id, None, None, input_price, output_price)


def listed(provider, model_id, at=NOVEMBER):
    return model(provider, model_id, *price_of(provider, model_id, at))


@pytest.mark.parametrize(
    ("provider", "model_id", "usage", "dollars"),
    [
        # 600 at $2.50, 400 cached at $1.25, 500 at $10 a million
        ("openai", "gpt-4o", Usage(1_000, 500, cached_tokens=400), 0.0015 + 0.0005 + 0.005),
        # 1,000 at $1, 9,000 cached at $0.10, 1,000 at $5
        ("anthropic", "claude-haiku-4-5", Usage(10_000, 1_000, cached_tokens=9_000), 0.001 + 0.0009 + 0.005),
        # 60,000 at $1.25, 40,000 cached at $0.125, 2,000 (thinking among them) at $10
        ("google", "gemini-2.5-pro", Usage(100_000, 2_000, 40_000, 1_500), 0.075 + 0.005 + 0.02),
        # the tier above 200,000 tokens: 200,000 at $2.50, 100,000 cached at $0.25, 2,000 at $15
        ("google", "gemini-2.5-pro", Usage(300_000, 2_000, 100_000), 0.5 + 0.025 + 0.03),
        # an endpoint whose name genai-prices knows
        ("openrouter", "openai/gpt-4o", Usage(1_000, 500, cached_tokens=400), 0.007),
        ("openai", "gpt-4o", Usage(), 0.0),
    ],
)
def test_a_cost_is_what_the_list_prices_add_up_to(provider, model_id, usage, dollars):
    assert cost(listed(provider, model_id), usage, NOVEMBER) == pytest.approx(dollars, rel=1e-12)
    assert cost(model(provider, model_id), usage, NOVEMBER) == pytest.approx(dollars, rel=1e-12)


def test_thinking_with_a_price_of_its_own_is_charged_apart():
    # 1,000 at $2, 500 at $8, 1,500 of thinking at $3 a million
    usage = Usage(1_000, 2_000, thinking_tokens=1_500)
    assert cost(listed("perplexity", "sonar-deep-research"), usage) == pytest.approx(0.002 + 0.004 + 0.0045)


def test_a_part_reported_as_more_than_the_whole_costs_the_whole():
    assert cost(listed("openai", "gpt-4o"), Usage(1_000, 0, cached_tokens=5_000)) == pytest.approx(0.00125)


@pytest.mark.parametrize(
    ("provider", "model_id"),
    [
        ("openai", "gpt-9"),
        ("anthropic", "claude-zeta"),
        ("google", "gemini-9"),
        ("google", "gemma-3"),  # listed, but without prices
        ("openai", "text-embedding-3-small"),  # listed with one price of two
        ("hf", "openai/gpt-oss-120b"),  # the router may send it to anyone
        ("my-openai", "gpt-4o"),  # an endpoint with a name like another's
        ("nobody", "gpt-4o"),
        ("hf", ""),
    ],
)
def test_an_unknown_price_is_none_and_never_nought(provider, model_id):
    assert price_of(provider, model_id) is None
    assert cost(model(provider, model_id), SOME) is None
    assert cost(model(provider, model_id, input_price=1.0), SOME) is None


def test_a_price_from_the_catalog_serves_where_the_list_has_none():
    # 1,000 at $2 and 500 at $6 a million; cached input at the same price
    own = model("my-vllm", "llama", 2.0, 6.0)
    assert cost(own, SOME) == cost(own, Usage(1_000, 500, cached_tokens=900)) == pytest.approx(0.005)
    assert cost(model("my-vllm", "llama", 0.0, 0.0), SOME) == 0.0


def test_a_price_from_the_catalog_wins_over_the_list():
    assert cost(model("openai", "gpt-4o", 1.0, 2.0), Usage(1_000, 500, cached_tokens=900)) == pytest.approx(0.002)


def test_a_price_that_changes_is_that_of_the_day_whenever_the_model_was_loaded():
    assert price_of("google", "gemini-4-argon", NOVEMBER) == (2.0, 10.0)
    assert price_of("google", "gemini-4-argon", DECEMBER) == (4.0, 20.0)
    usage = Usage(1_000, 500, cached_tokens=1_000)  # cached: $0.10, then $0.20 a million
    for loaded_on in (NOVEMBER, DECEMBER):
        loaded = listed("google", "gemini-4-argon", loaded_on)
        assert cost(loaded, usage, NOVEMBER) == pytest.approx(0.0051)
        assert cost(loaded, usage, DECEMBER) == pytest.approx(0.0102)


def test_the_embedded_model_is_free():
    assert price_of("local", "whatever.gguf") == (0.0, 0.0)
    assert cost(model("local", "whatever.gguf"), SOME) == 0.0


def test_tiers_are_listed_by_their_lowest():
    assert price_of("google", "gemini-2.5-pro") == (1.25, 10.0)


def test_a_models_prefix_is_no_part_of_the_id():
    assert price_of("google", "models/gemini-2.5-flash") == price_of("google", "gemini-2.5-flash") == (0.3, 2.5)
    assert cost(model("google", "models/gemini-2.5-flash"), SOME) == pytest.approx(0.00155)


def test_the_router_has_the_price_of_the_provider_it_is_told():
    assert price_of("hf", "openai/gpt-oss-120b:groq") == price_of("huggingface_groq", "openai/gpt-oss-120b")
    assert price_of("hf", "openai/gpt-oss-120b:groq") is not None
    assert price_of("hf", "openai/gpt-oss-120b:nobody") is None


def test_windows_are_known_or_none():
    assert context_window_of("openai", "gpt-4o") == 128_000
    assert context_window_of("google", "models/gemini-2.5-flash") == 1_048_576
    assert context_window_of("openai", "gpt-9") is None
    assert context_window_of("nobody", "gpt-4o") is None


def test_every_model_of_the_catalog_has_a_cost_or_an_unknown_one():
    usage = Usage(250_000, 4_000, 1_000, 500)
    for spec in load_catalog(load_settings({})).models.values():
        dollars = cost(spec, usage)
        assert (dollars is None) == (spec.input_price is None), spec.id
        assert dollars is None or (dollars > 0) == (spec.provider != "local"), spec.id


def test_prices_come_late_and_without_the_network():
    run = subprocess.run(
        [sys.executable, "-c", OFFLINE],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert (run.stdout.strip(), run.stderr) == ("(2.5, 10.0) 128000", "")
