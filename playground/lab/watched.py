"""The embedded model as strangers may use it: who makes it work asks the Allowance first. Knows no wire and no page.

It stands between a model and everything that looks into it, so that a new experiment with tokens is counted without
knowing of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..conversation.allowance import Allowance
from .token_lab import Drawn, LanguageModel, Next

# A whole distribution: one step of the model, and five megabytes to be read.
TOKENS_OF_A_LOOK = 10


class Watched:
    """As `model`; what works raises ProviderError `rate_limit` or `overloaded` besides what the model raises."""

    def __init__(self, model: LanguageModel, allowance: Allowance) -> None:
        self._model = model
        self._allowance = allowance
        self.window_tokens = model.window_tokens

    @property
    def waiting(self) -> str:
        return self._model.waiting

    async def ids(self, text: str, *, begins: bool = False) -> list[int]:
        return await self._model.ids(text, begins=begins)

    async def question(self, text: str) -> list[int]:
        return await self._model.question(text)

    async def next(self, context: Sequence[int]) -> Next:
        await self._allowance.admit(TOKENS_OF_A_LOOK)
        return await self._model.next(context)

    async def logprob(self, context: Sequence[int], token: int) -> float:
        await self._allowance.admit(1)
        return await self._model.logprob(context, token)

    async def draw(self, context: Sequence[int], length: int, seed: int, filters: Mapping[str, Any]) -> Drawn:
        await self._allowance.admit(length)
        return await self._model.draw(context, length, seed, filters)
