"""The embedded model from inside: token ids, the logprobs of whatever may come next, draws. Knows no filter's rule.

Speaks llama.cpp's own routes. `n_probs` without `post_sampling_probs` gives the softmax of the raw logits, before any
sampler; it is summed in single precision, so a whole vocabulary adds up to 1 within about 2e-4.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx2

from ..errors import ProviderError
from . import error_bodies
from .local import WINDOW_TOKENS, LocalModel

SAMPLERS = ("top_k", "top_p", "min_p", "temperature")
# Enough for every vocabulary there is: the server gives as many as its own has.
WHOLE_VOCABULARY = 10_000_000
# Makes a token certain for the sampler; the logprob that is reported is the one before any sampler.
CERTAIN = 10_000.0
SEE_AGAIN_S = 3.0
LEAST = -1e30  # what an id without a token has


@dataclass(frozen=True, slots=True)
class Next:
    """What may come next: the natural logprob of each token, by id; and the bytes of each, by id."""

    logprobs: Sequence[float]
    pieces: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class Drawn:
    """Tokens the model went on with; `ended` says that the last one is its end.

    `logprobs`, before the filters, are of those tokens after which the text does not break off inside of a character:
    the server tells no others.
    """

    tokens: tuple[int, ...]
    logprobs: tuple[float, ...]
    ended: bool


class LocalLab:
    """One embedded model under the magnifying glass. Every method raises ProviderError, `overloaded` while it loads."""

    window_tokens = WINDOW_TOKENS

    def __init__(self, model: LocalModel) -> None:
        self._model = model
        self._marks: Mapping[int, bytes] | None = None
        self._whole: int | None = None  # a token that is no part of a character

    @property
    def waiting(self) -> str:
        """What is being waited for before the model can be asked; empty once nothing is."""
        state = self._model.state
        return "" if state.stage in {"ready", "failed"} else state.status

    async def ids(self, text: str, *, begins: bool = False) -> list[int]:
        """`text` in the model's tokens; the marks of its chat template, where it writes them, are one token each.

        A text that `begins` has the mark for the beginning before it, if the model has been trained with one.
        """
        return (await self._ask("/tokenize", {"content": text, "add_special": begins}))["tokens"]

    async def question(self, text: str) -> list[int]:
        """A conversation that asks `text`, up to where the reply begins."""
        asked = {"messages": [{"role": "user", "content": text}]}
        prompt = (await self._ask("/apply-template", asked))["prompt"]
        return await self.ids(prompt, begins=True)

    async def next(self, context: Sequence[int]) -> Next:
        """The whole distribution after `context`."""
        if self._whole is None:
            self._whole = (await self.ids("a"))[0]
        answer = await self._forced(context, self._whole, WHOLE_VOCABULARY)
        listed = answer["completion_probabilities"][0]["top_logprobs"]
        logprobs, pieces = await asyncio.to_thread(_by_id, listed)
        for mark, name in (await self._names([token for token, raw in enumerate(pieces) if not raw])).items():
            pieces[mark] = name
        return Next(logprobs, pieces)

    async def logprob(self, context: Sequence[int], token: int) -> float:
        """The natural logprob of `token` after `context`, as the server reports it."""
        told = (await self._forced(context, token, 1)).get("completion_probabilities")
        # A part of a character is held back, with all that is known of it.
        return told[0]["logprob"] if told else (await self.next(context)).logprobs[token]

    async def draw(self, context: Sequence[int], length: int, seed: int, filters: Mapping[str, float]) -> Drawn:
        """At most `length` tokens, drawn with the server's own samplers; `filters` as in SamplingParams, all set."""
        options = {"n_predict": length, "n_probs": 1, "return_tokens": True, "seed": seed}
        answer = await self._answer(context, **options, **filters)
        logprobs = tuple(one["logprob"] for one in answer.get("completion_probabilities", ()))
        return Drawn(tuple(answer["tokens"]), logprobs, answer["stop_type"] == "eos")

    async def _names(self, marks: Sequence[int]) -> Mapping[int, bytes]:
        """What the marks of the vocabulary, which have no text of their own, are called."""
        if self._marks is None:
            told = await asyncio.gather(*(self._ask("/detokenize", {"tokens": [mark]}) for mark in marks))
            self._marks = {mark: one["content"].encode() for mark, one in zip(marks, told, strict=True)}
        return self._marks

    async def _forced(self, context: Sequence[int], token: int, n_probs: int) -> dict[str, Any]:
        """One step that is sure to draw `token`."""
        return await self._answer(context, n_predict=1, n_probs=n_probs, temperature=-1, logit_bias=[[token, CERTAIN]])

    async def _answer(self, context: Sequence[int], **options: Any) -> dict[str, Any]:
        body = {"prompt": list(context), "cache_prompt": True, "samplers": SAMPLERS, **options}
        return await self._ask("/completion", body)

    async def _ask(self, path: str, body: dict[str, Any]) -> Any:
        self._check_ready()
        try:
            response = await self._model.ask(path, body)
        except httpx2.HTTPError as error:
            raise ProviderError("connection", "The embedded model hung up: try again.") from error
        # Off the loop: a whole vocabulary is five megabytes of JSON.
        found = await asyncio.to_thread(json.loads, response.content)
        if response.status_code == 200:
            return found
        said = error_bodies.read(found)
        kind = error_bodies.kind_of(response.status_code, said)
        raise ProviderError(kind, f"The embedded model refused this: {said.message[:200]}.")

    def _check_ready(self) -> None:
        state = self._model.state
        if state.stage != "ready":
            self._model.start()
            raise ProviderError("overloaded", f"{state.status.rstrip('.')}. Try again soon.", retry_after_s=SEE_AGAIN_S)


def _by_id(listed: Sequence[Mapping[str, Any]]) -> tuple[list[float], list[bytes]]:
    """Logprobs and bytes, each in the order of the ids."""
    size = 1 + max(token["id"] for token in listed)
    logprobs, pieces = [LEAST] * size, [b""] * size
    for token in listed:
        logprobs[token["id"]] = token["logprob"]
        pieces[token["id"]] = bytes(token["bytes"])
    return logprobs, pieces
