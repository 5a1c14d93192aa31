"""Our distributions against llama.cpp's own sampler and logprobs, with the real embedded model."""

import asyncio
import math
from collections import Counter
from dataclasses import asdict

import numpy as np
import pytest
import pytest_asyncio

from playground.compose import compose
from playground.lab.decoding import Filters, decode
from playground.lab.perplexity import score
from playground.settings import load_settings

from ..conftest import CACHE_DIR

pytestmark = pytest.mark.asyncio(loop_scope="module")
PREFIX = "The best thing about the sea is"
DRAWS = 2_000
LEAST_EXPECTED = 5  # in one cell of a chi-square test (Cochran 1954)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def real():
    composition = compose(load_settings({"PLAYGROUND_CACHE_DIR": str(CACHE_DIR)}))
    await composition.local.count("load")
    return composition


async def complete(real, context, **options):
    """llama.cpp's own answer to a request of ours, without anything of the code under test."""
    samplers = ["top_k", "top_p", "min_p", "temperature"]
    body = {"prompt": list(context), "n_predict": 1, "cache_prompt": True, "samplers": samplers, **options}
    return (await real.local.ask("/completion", body)).json()


def chi_square_p(observed, expected):
    """P(chi-square >= what is seen): the upper gamma function by its recursion over half integers."""
    x = float(((observed - expected) ** 2 / expected).sum()) / 2
    freedom = len(observed) - 1
    s, q = (0.5, math.erfc(math.sqrt(x))) if freedom % 2 else (1.0, math.exp(-x))
    while s < freedom / 2:
        q += math.exp(s * math.log(x) - x - math.lgamma(s + 1))
        s += 1
    return q


def pooled(counts, p):
    """Observed and expected counts, the rare cells together; a token we give no chance is a cell without hope."""
    expected = p * counts.sum()
    common = expected >= LEAST_EXPECTED
    rare = expected[~common].sum()
    cells = [(counts[common], expected[common])]
    if rare > 0:
        cells.append(([counts[~common].sum()], [rare]))
    return tuple(np.concatenate(column) for column in zip(*cells, strict=True))


async def test_the_chi_square_test_knows_its_table():
    assert chi_square_p(np.array([60, 40]), np.array([50, 50])) == pytest.approx(0.0455, abs=1e-4)
    assert chi_square_p(np.array([10, 10, 40]), np.array([20, 20, 20])) == pytest.approx(math.exp(-15))
    assert chi_square_p(np.array([22, 21, 22, 27, 22, 36]), np.array([25.0] * 6)) == pytest.approx(0.2, abs=0.1)


async def test_two_thousand_draws_have_the_frequencies_we_compute(real):
    lab = real.token_lab
    filters = Filters(temperature=1.3, top_k=40, top_p=0.95, min_p=0.02)
    context = await lab.context(PREFIX, chat=False)
    found = await lab.distribution(context)
    left = decode(found, filters)
    at_once = asyncio.Semaphore(8)

    async def draw(seed):
        async with at_once:
            answer = await complete(real, context, seed=seed, return_tokens=True, **asdict(filters))
        return answer["tokens"][0]

    drawn = Counter(await asyncio.gather(*map(draw, range(DRAWS))))
    kept = found.ids[: left.kept].tolist()
    assert set(drawn) <= set(kept)
    counts = np.array([drawn[token] for token in kept])
    assert counts.sum() == DRAWS
    assert chi_square_p(*pooled(counts, left.p)) > 0.001
    # The test has teeth: another temperature, or temperature before the filters, would be found out.
    assert chi_square_p(*pooled(counts, decode(found, Filters(1.0, 40, 0.95, 0.02)).p)) < 0.001


@pytest.mark.parametrize(
    "filters",
    [
        Filters(temperature=0.7),
        Filters(top_k=7),
        Filters(top_p=0.8),
        Filters(min_p=0.1),
        Filters(temperature=0),
        Filters(temperature=1.5, top_k=50, top_p=0.9),
        Filters(temperature=0.8, top_k=40, top_p=0.95, min_p=0.05),
    ],
    ids=str,
)
async def test_what_is_kept_and_how_probable_it_is_agrees_with_the_server(real, filters):
    lab = real.token_lab
    context = await lab.context(PREFIX, chat=False)
    found = await lab.distribution(context)
    left = decode(found, filters)
    answer = await complete(real, context, n_probs=60, post_sampling_probs=True, seed=1, **asdict(filters))
    theirs = {one["id"]: one["prob"] for one in answer["completion_probabilities"][0]["top_probs"] if one["prob"] > 0}
    ours = {token: left.p_after(rank) for rank, token in enumerate(found.ids[: min(left.kept, 60)].tolist())}
    assert theirs == pytest.approx(ours, rel=2e-3, abs=1e-5)


async def test_the_distribution_is_the_raw_one_whatever_is_drawn(real):
    lab = real.token_lab
    context = await lab.context("The capital of France is", chat=False)
    found = await lab.distribution(context)
    assert len(found.ids) == len(set(found.ids.tolist())) == 49_152
    assert found.p.sum() == pytest.approx(1, abs=1e-9)
    answer = await complete(real, context, n_probs=20, temperature=0.1, top_k=1)
    for rank, one in enumerate(answer["completion_probabilities"][0]["top_logprobs"]):
        assert one["id"] == found.ids[rank]
        assert one["logprob"] == pytest.approx(found.logprobs[rank], abs=1e-3)
    assert (await lab.pieces())[found.greedy] == b" Paris"
    assert (await lab.greedy(context, 1)).tokens[0][0] == found.greedy


async def test_a_chat_prefix_gives_the_replys_first_token(real):
    lab = real.token_lab
    context = await lab.context("What is the capital of France?", chat=True)
    answer = await real.local.ask(
        "/v1/chat/completions",
        {
            "messages": [{"role": "user", "content": "What is the capital of France?"}],
            "max_tokens": 1,
            "temperature": 0,
            "logprobs": True,
            "top_logprobs": 5,
        },
    )
    theirs = answer.json()["choices"][0]["logprobs"]["content"][0]["top_logprobs"]
    found, pieces = await lab.distribution(context), await lab.pieces()
    assert [bytes(one["bytes"]) for one in theirs] == [pieces[token] for token in found.ids[:5].tolist()]


async def test_perplexity_agrees_with_the_servers_logprobs(real):
    lab = real.token_lab
    text = "The capital of France is Paris. Straße 🦥 purple spoon."
    found = [one async for one in score(lab, text)][-1]
    direct = []
    for at in range(1, len(found.tokens)):
        answer = await complete(
            real, found.tokens[:at], n_probs=1, temperature=-1, logit_bias=[[found.tokens[at], 1e4]]
        )
        if "completion_probabilities" in answer:
            one = answer["completion_probabilities"][0]
        else:  # a part of a character is held back: it is found in the whole distribution before a space
            answer = await complete(real, found.tokens[:at], n_probs=60_000, temperature=-1, logit_bias=[[216, 1e4]])
            listed = answer["completion_probabilities"][0]["top_logprobs"]
            one = next(one for one in listed if one["id"] == found.tokens[at])
        assert one["id"] == found.tokens[at]
        direct.append(one["logprob"])
    assert found.perplexity == pytest.approx(math.exp(-sum(direct) / len(direct)), rel=1e-6)
    # The bias that forces a token does not show in its logprob: it is the one of the whole distribution.
    for at in (1, len(found.tokens) // 2, len(found.tokens) - 1):
        whole = await lab.distribution(found.tokens[:at])
        rank = whole.ids.tolist().index(found.tokens[at])
        assert found.logprobs[at - 1] == pytest.approx(whole.logprobs[rank], abs=1e-3)


async def test_a_character_in_parts_has_a_distribution_and_can_be_drawn(real):
    lab = real.token_lab
    whole = await lab.context("I like 🦥🦥🦥🦥🦥🦥🦥🦥🦥", chat=False)
    found = await lab.distribution(whole[:-1])
    assert found.p.sum() == pytest.approx(1, abs=1e-9)
    path = await lab.greedy(whole, 6)
    assert len(path.tokens) == 6
    assert path.tokens[0][0] == (await lab.distribution(whole)).greedy
    known = [p for _, p in path.tokens if p is not None]
    assert len(known) < 6, "the sloth goes on in parts"
    assert all(0 < p <= 1 for p in known)


async def test_marks_of_the_vocabulary_have_names_and_every_token_its_bytes(real):
    lab = real.token_lab
    pieces = await lab.pieces()
    assert pieces[2] == b"<|im_end|>"
    assert all(pieces)
    text = "👩‍👩‍👧 שלום 日本語 cafe\u0301 <|im_end|>\n\tx"
    spans, count = await lab.first_spans(text, 1_000)
    assert b"".join(span.bytes for span in spans).decode() == text
    assert count == len(spans) == await real.local.count(text)


async def test_the_same_seeds_draw_the_same_continuations(real):
    lab = real.token_lab
    context = await lab.context(PREFIX, chat=False)
    asked = {"draws": 3, "length": 4, "seed": 5}
    paths = await lab.continuations(context, Filters(), **asked)
    again = await lab.continuations(context, Filters(), **asked)
    assert [[token for token, _ in path.tokens] for path in paths] == [
        [token for token, _ in path.tokens] for path in again
    ]
    assert all(len(path.tokens) == 4 or path.ended for path in paths)
    assert len({path.tokens for path in paths}) > 1
