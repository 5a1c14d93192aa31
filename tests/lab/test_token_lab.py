"""What is asked of the model, what is kept, and what is refused before it is asked; counts by model."""

import math

import pytest

from playground.errors import ProviderError
from playground.lab import counting, perplexity, token_lab
from playground.lab.decoding import Filters
from playground.lab.token_lab import TokenLab
from playground.models.catalog import load_catalog
from playground.settings import load_settings

from .model import LOADING, PIECES, TinyModel

CATALOG = load_catalog(load_settings({}))


async def scored(lab, text):
    return [found async for found in perplexity.score(lab, text)]


async def test_a_distribution_is_asked_for_once():
    model = TinyModel()
    lab = TokenLab(model)
    context = await lab.context("a", chat=False)
    first = await lab.distribution(context)
    assert await lab.distribution(context) is first
    assert [call for call in model.asked if call[0] == "next"] == [("next", (1,))]
    assert first.greedy == 2
    assert list(await lab.pieces()) == PIECES


async def test_only_the_newest_distributions_are_kept(monkeypatch):
    monkeypatch.setattr(token_lab, "KEPT", 2)
    model = TinyModel()
    lab = TokenLab(model)
    for context in [(1,), (2,), (1,), (3,), (1,), (2,)]:
        await lab.distribution(context)
    assert [call[1] for call in model.asked] == [(1,), (2,), (3,), (2,)]


async def test_a_question_begins_the_reply():
    assert await TokenLab(TinyModel()).context("a", chat=True) == (3, 1, 3)


@pytest.mark.parametrize(
    ("text", "chat", "kind"),
    [
        ("", False, "bad_request"),
        (" \n", True, "bad_request"),
        ("a\ud800", False, "bad_request"),
        ("a" * 37, False, "context_length"),
    ],
)
async def test_a_prefix_that_cannot_be_used_is_refused(text, chat, kind):
    with pytest.raises(ProviderError) as caught:
        await TokenLab(TinyModel()).context(text, chat=chat)
    assert caught.value.kind == kind


async def test_blanks_are_a_prefix_as_raw_text():
    assert await TokenLab(TinyModel()).context(" ", chat=False) == (3,)


async def test_each_draw_has_a_seed_of_its_own_and_every_setting_is_sent():
    model = TinyModel()
    filters = Filters(temperature=0.5, top_k=7)
    paths = await TokenLab(model).continuations((1,), filters, draws=3, length=4, seed=10)
    sent = {"temperature": 0.5, "top_k": 7, "top_p": 1.0, "min_p": 0.0}
    assert [call for call in model.asked if call[0] == "draw"] == [
        ("draw", (1,), 4, seed, sent) for seed in (10, 11, 12)
    ]
    # Of the two halves of a character the server tells the second one's only.
    assert paths[0].tokens == ((1, pytest.approx(0.5)), (4, None), (5, pytest.approx(0.2)), (0, pytest.approx(0.1)))
    assert paths[0].ended


async def test_without_a_model_everything_says_so():
    lab = TokenLab(None)
    for asked in (lab.context("a", chat=False), lab.distribution((1,)), lab.count("a")):
        with pytest.raises(ProviderError, match="PLAYGROUND_LOCAL=on") as caught:
            await asked
        assert caught.value.kind == "overloaded"
    assert lab.waiting == ""


async def test_spans_of_the_models_own_tokens():
    spans, count = await TokenLab(TinyModel()).first_spans("aéb", 3)
    assert count == 4
    assert [(span.id, span.bytes, span.start, span.end) for span in spans] == [
        (1, b"a", 0, 1),
        (4, b"\xc3", 1, 2),
        (5, b"\xa9", 1, 2),
    ]


async def test_a_text_is_scored_token_by_token():
    model = TinyModel()
    found = await scored(TokenLab(model), "abb")
    assert [len(one.logprobs) for one in found] == [0, 1, 2]
    assert [one.done for one in found] == [False, False, True]
    assert [call for call in model.asked if call[0] == "logprob"] == [("logprob", (1,), 2), ("logprob", (1, 2), 2)]
    assert found[-1].perplexity == pytest.approx(math.sqrt(2 * 10))
    assert found[-1].bits == pytest.approx(math.log2(2) + math.log2(10))
    assert found[0].perplexity is None


async def test_scoring_ends_when_nobody_reads_on():
    model = TinyModel()
    found = perplexity.score(TokenLab(model), "ab" * 20)
    await anext(found)
    await anext(found)
    await found.aclose()
    assert len([call for call in model.asked if call[0] == "logprob"]) == 1


@pytest.mark.parametrize(
    ("text", "kind", "says"),
    [
        ("a", "bad_request", "two tokens"),
        ("", "bad_request", "two tokens"),
        ("ab\udc00", "bad_request", "position 2"),
        ("a" * 513, "context_length", "513 tokens"),
    ],
)
async def test_a_text_that_cannot_be_scored_is_refused(text, kind, says):
    with pytest.raises(ProviderError, match=says) as caught:
        await scored(TokenLab(TinyModel()), text)
    assert caught.value.kind == kind


def test_perplexity_is_that_of_a_fair_die():
    assert perplexity.perplexity([math.log(1 / 6)] * 9) == pytest.approx(6)
    assert perplexity.perplexity([-1e30]) == math.inf
    with pytest.raises(ValueError, match="at least one"):
        perplexity.perplexity([])


async def test_counts_by_encoding_and_by_model():
    counts = await counting.count_all(TokenLab(TinyModel()), "ab ab")
    assert counts == {"o200k_base": 2, "cl100k_base": 2, "local": 5}
    rows = {row.model.id: row for row in counting.by_model(counts, list(CATALOG.models.values()))}
    local, exact, estimate = (rows[name] for name in ("smollm2-135m-instruct", "gpt-4o", "claude-opus-5-5"))
    assert (local.tokens, local.exact, local.cost) == (5, True, 0)
    assert (exact.tokens, exact.exact) == (2, True)
    assert exact.cost == pytest.approx(2 * CATALOG.get("gpt-4o").input_price / 1e6)
    assert (estimate.tokens, estimate.exact) == (2, False)


async def test_while_the_model_loads_the_others_are_counted():
    lab = TokenLab(TinyModel(LOADING))
    counts = await counting.count_all(lab, "ab ab")
    assert counts == {"o200k_base": 2, "cl100k_base": 2, "local": None}
    local = counting.by_model(counts, [CATALOG.get("smollm2-135m-instruct")])[0]
    assert (local.tokens, local.cost) == (None, None)


@pytest.mark.parametrize(
    ("text", "encoding", "says"),
    [
        ("a", "r50k_base", "must be one of"),
        ("\ud800", "o200k_base", "position 0"),
        ("é" * 1_000_001, "o200k_base", "2 MB"),
    ],
    ids=["encoding", "half a character", "size"],
)
async def test_a_text_that_cannot_be_read_is_refused(text, encoding, says):
    with pytest.raises(ProviderError, match=says) as caught:
        await counting.first_spans(TokenLab(TinyModel()), text, encoding, 10)
    assert caught.value.kind == "bad_request"
