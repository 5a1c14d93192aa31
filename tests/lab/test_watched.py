"""Whatever looks into the embedded model asks for leave, by how much it makes the model work."""

import pytest

from playground.errors import ProviderError
from playground.lab import perplexity
from playground.lab.decoding import Filters
from playground.lab.token_lab import TokenLab
from playground.lab.watched import TOKENS_OF_A_LOOK, Watched

from .model import TinyModel


class Purse:
    """An allowance of so many tokens."""

    def __init__(self, left):
        self.left = left

    async def admit(self, tokens):
        if tokens > self.left:
            raise ProviderError("rate_limit", "Wait 7 s.", retry_after_s=7)
        self.left -= tokens


async def test_every_kind_of_work_is_counted_and_what_only_splits_text_is_not():
    purse = Purse(1000)
    lab = TokenLab(Watched(TinyModel(), purse))
    context = await lab.context("ab", chat=True)
    await lab.count("aab")
    assert purse.left == 1000
    await lab.distribution(context)
    await lab.distribution(context)
    assert purse.left == 1000 - TOKENS_OF_A_LOOK, "what is known already is free"
    await lab.greedy(context, 12)
    assert purse.left == 1000 - TOKENS_OF_A_LOOK - 12
    await lab.continuations(context, Filters(), draws=3, length=5, seed=1)
    assert purse.left == 1000 - TOKENS_OF_A_LOOK - 12 - 15
    _ = [one async for one in perplexity.score(lab, "abab")]
    assert purse.left == 1000 - TOKENS_OF_A_LOOK - 12 - 15 - 3


async def test_a_refusal_reaches_whoever_asked_and_the_model_is_left_alone():
    model = TinyModel()
    lab = TokenLab(Watched(model, Purse(TOKENS_OF_A_LOOK + 1)))
    scored = []
    with pytest.raises(ProviderError, match="Wait 7 s"):
        async for one in perplexity.score(lab, "abab"):
            scored.append(one)
    assert len(scored[-1].logprobs) == 1, "what was scored before stays"
    assert [call[0] for call in model.asked].count("logprob") == 1
    with pytest.raises(ProviderError, match="Wait"):
        await lab.greedy((1,), 12)
    assert lab.waiting == ""
