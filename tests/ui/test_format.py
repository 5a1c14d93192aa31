"""Numbers as a reader sees them."""

import pytest

from playground.conversation.growing import Reply
from playground.models.catalog import load_catalog
from playground.settings import load_settings
from playground.types import Usage
from playground.ui import format, header

CATALOG = load_catalog(load_settings({"OPENAI_API_KEY": "sk-x"}))


@pytest.mark.parametrize(
    ("usd", "shown"),
    [(None, "price unknown"), (0, "free"), (0.00001, "< $0.0001"), (0.00314, "$0.0031"), (1.5, "$1.50")],
)
def test_money(usd, shown):
    assert format.money(usd) == shown


@pytest.mark.parametrize(
    ("tokens", "shown"), [(None, "window unknown"), (4096, "4K"), (128_000, "128K"), (1_050_000, "1.05M")]
)
def test_window(tokens, shown):
    assert format.window(tokens) == shown


def test_speed_counts_the_tokens_after_the_first():
    assert format.tokens_per_s(Reply("m", usage=Usage(1, 101), ttft_s=1.0, duration_s=3.0)) == 50
    assert format.tokens_per_s(Reply("m", usage=Usage(1, 1), ttft_s=1.0, duration_s=1.0)) is None
    assert format.tokens_per_s(Reply("m")) is None


def test_a_model_is_labelled_with_price_window_and_reason():
    assert format.model_label(CATALOG.get("gpt-4o")) == "GPT-4o · $2.5 / $10 per M · 128K"
    assert format.model_label(CATALOG.get("claude-haiku-4-5")).endswith("200K · needs ANTHROPIC_API_KEY")
    assert format.model_label(CATALOG.get("claude-haiku-4-5"), has_own_key=True).endswith("200K")
    assert "price unknown" in format.model_label(CATALOG.get("moonshotai/Kimi-K3"))


def test_the_header_says_who_is_ready_and_what_is_missing():
    line = header.providers_line(CATALOG)
    assert line == "OpenAI · Anthropic, Google, Hugging Face: add keys in .env"


def test_the_header_follows_the_embedded_model():
    from playground.providers.local import LocalState

    busy = header.state_of(CATALOG, LocalState("downloading", 46_000_000, 93_000_000, 5.2))
    assert busy.local == "Downloading the embedded model: 46 of 93 MB, about 5 s left"
    assert not busy.settled
    assert '<progress value="0.495"' in header.state_line(busy)
    assert header.state_of(CATALOG, LocalState("ready", message="SmolLM2-135M")).settled
    assert header.state_of(CATALOG, LocalState("failed", message="<No> network")).mark == "failed"
    assert "&lt;No&gt; network" in header.state_line(
        header.state_of(CATALOG, LocalState("failed", message="<No> network"))
    )
    assert header.state_of(CATALOG, None).local == "Embedded model switched off"


def test_an_estimated_cost_has_the_sign_of_its_tokens():
    shown = [format.money(usd, estimated=True) for usd in (None, 0, 0.00001, 0.00314, 1.5)]
    assert shown == ["price unknown", "free", "< $0.0001", "≈ $0.0031", "≈ $1.50"]
