"""A language model of six tokens that a reader can check by hand."""

import math
from dataclasses import dataclass

from playground.errors import ProviderError

PIECES = [b"<end>", b"a", b"b", b" ", "é".encode()[:1], "é".encode()[1:]]
IDS = {"a": 1, "b": 2, " ": 3}


@dataclass
class Next:
    logprobs: list
    pieces: list


@dataclass
class Drawn:
    tokens: tuple
    logprobs: tuple
    ended: bool


class TinyModel:
    """After "a" comes "b" with p = 1/2, all else shares the rest; `asked` has every call."""

    window_tokens = 100
    waiting = ""

    def __init__(self, error=None):
        self.asked = []
        self._error = error

    def _note(self, *call):
        self.asked.append(call)
        if self._error:
            raise self._error

    async def ids(self, text, *, begins=False):
        self._note("ids", text)
        return [token for character in text for token in ([IDS[character]] if character in IDS else [4, 5])]

    async def question(self, text):
        self._note("question", text)
        return [3, *await self.ids(text), 3]

    def _logprobs(self, context):
        liked = 2 if context[-1] == 1 else 1
        return [math.log(1 / 2 if token == liked else 1 / 10) for token in range(6)]

    async def next(self, context):
        self._note("next", tuple(context))
        return Next(self._logprobs(context), PIECES)

    async def logprob(self, context, token):
        self._note("logprob", tuple(context), token)
        return self._logprobs(context)[token]

    async def draw(self, context, length, seed, filters):
        self._note("draw", tuple(context), length, seed, dict(filters))
        return Drawn((1 + seed % 2, 4, 5, 0), (math.log(1 / 2), math.log(1 / 5), math.log(1 / 10)), True)


LOADING = ProviderError("overloaded", "Loading the embedded model. Try again soon.", retry_after_s=3.0)
