"""How surprised a model is by a text, token by token. Knows no wire and no page.

Perplexity is the exponential of the mean negative logprob of a text's tokens, each given those before it
(Jelinek, Mercer, Bahl and Baker 1977). The first token has nothing before it and is not scored.
"""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

from ..errors import ProviderError
from ..models.tokens import check_whole
from .token_lab import TokenLab

# One request a token, about 15 ms each: a text of this length takes some seconds.
MOST_SCORED = 512


@dataclass(frozen=True, slots=True)
class Surprise:
    """A text being scored: its `tokens`, and the natural logprobs of the second and those after it, so far."""

    tokens: tuple[int, ...]
    logprobs: tuple[float, ...] = ()

    @property
    def done(self) -> bool:
        return len(self.logprobs) == len(self.tokens) - 1

    @property
    def perplexity(self) -> float | None:
        return perplexity(self.logprobs) if self.logprobs else None

    @property
    def bits(self) -> float:
        """All of it together."""
        return sum(map(bits, self.logprobs))


def perplexity(logprobs: Sequence[float]) -> float:
    """exp(-mean logprob), infinite where that is too large for a number. Raises ValueError for no token at all."""
    if not logprobs:
        raise ValueError("a perplexity needs at least one token")
    try:
        return math.exp(-math.fsum(logprobs) / len(logprobs))
    except OverflowError:
        return math.inf


def bits(logprob: float) -> float:
    """Surprise in bits: -log2 p."""
    return -logprob / math.log(2)


async def score(lab: TokenLab, text: str) -> AsyncGenerator[Surprise]:
    """Yields the text with one more token scored each time; closing the generator stops the work.

    llama.cpp's server scores no prompt, but its sampler can be made to draw a token, and then reports what that one's
    logprob was before any sampler. So each token is asked for after the ones before it, whose state stays cached.
    Raises ProviderError as TokenLab does, and for a text of fewer than two or more than MOST_SCORED tokens.
    """
    check_whole(text)
    tokens = tuple(await lab.model.ids(text, begins=True))
    if len(tokens) < 2:
        raise ProviderError("bad_request", "The text is too short: perplexity needs at least two tokens. Write more.")
    if len(tokens) > MOST_SCORED:
        raise ProviderError(
            "context_length", f"The text has {len(tokens):,} tokens, and at most {MOST_SCORED} are scored: shorten it."
        )
    await lab.pieces()
    so_far = Surprise(tokens)
    yield so_far
    for at in range(1, len(tokens)):
        logprob = await lab.model.logprob(tokens[:at], tokens[at])
        so_far = Surprise(tokens, (*so_far.logprobs, logprob))
        yield so_far
