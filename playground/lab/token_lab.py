"""What the embedded model makes of a text: its tokens, what comes next, how it goes on. Knows no wire and no page."""

from __future__ import annotations

import asyncio
import math
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from ..errors import ProviderError
from ..models.tokens import TokenSpan, check_whole, locate_first
from .decoding import Distribution, Filters
from .long_texts import LongTexts

Context = tuple[int, ...]

# Distributions that are kept, so that moving a slider asks nobody; each has about 0.8 MB.
KEPT = 16
# Tokens of the window that are left for going on.
ROOM = 64
GREEDY = Filters(temperature=0)
OFF = "The embedded model is switched off: set PLAYGROUND_LOCAL=on and start again."


class Next(Protocol):
    @property
    def logprobs(self) -> Sequence[float]: ...
    @property
    def pieces(self) -> Sequence[bytes]: ...


class Drawn(Protocol):
    @property
    def tokens(self) -> tuple[int, ...]: ...
    @property
    def logprobs(self) -> tuple[float, ...]: ...
    @property
    def ended(self) -> bool: ...


class LanguageModel(Protocol):
    """What is needed of a model; providers/local_lab.py says what each does."""

    window_tokens: int

    @property
    def waiting(self) -> str: ...
    async def ids(self, text: str, *, begins: bool = False) -> list[int]: ...
    async def question(self, text: str) -> list[int]: ...
    async def next(self, context: Sequence[int]) -> Next: ...
    async def logprob(self, context: Sequence[int], token: int) -> float: ...
    async def draw(self, context: Sequence[int], length: int, seed: int, filters: Mapping[str, Any]) -> Drawn: ...


@dataclass(frozen=True, slots=True)
class Path:
    """Tokens in a row, each with its own probability before any filter; `ended` if the model ended there.

    The probability of a token after which a character is not yet whole is None: the server tells none.
    """

    tokens: tuple[tuple[int, float | None], ...]
    ended: bool


class TokenLab:
    """Asks the embedded model, and keeps what it has said. Every call raises ProviderError.

    `overloaded` while the model loads or is switched off, `bad_request` for a text that cannot be used,
    `context_length` for one that is longer than the window. `texts` gives long ones their turn.
    """

    def __init__(self, model: LanguageModel | None) -> None:
        self._given = model
        self.texts = LongTexts()
        self._kept: OrderedDict[Context, Distribution] = OrderedDict()
        self._pieces: Sequence[bytes] = ()

    @property
    def waiting(self) -> str:
        """What is being waited for before anything can be asked; empty when waiting would not help."""
        return self._given.waiting if self._given else ""

    @property
    def model(self) -> LanguageModel:
        if self._given is None:
            raise ProviderError("overloaded", OFF)
        return self._given

    async def context(self, text: str, *, chat: bool) -> Context:
        """The tokens after which the next one is looked for: raw text, or a question up to where its reply begins."""
        if not text.strip() if chat else not text:
            what = "question" if chat else "prefix"
            raise ProviderError("bad_request", f"The {what} is empty: write something for the model to continue.")
        check_whole(text)
        found = tuple(await (self.model.question(text) if chat else self.model.ids(text, begins=True)))
        room = self.model.window_tokens - ROOM
        if len(found) > room:
            raise ProviderError(
                "context_length",
                f"The prefix has {len(found):,} tokens, and only {room:,} fit: shorten it.",
            )
        return found

    async def distribution(self, context: Context) -> Distribution:
        """What may come after `context`, over the whole vocabulary, before any filter."""
        if context in self._kept:
            self._kept.move_to_end(context)
            return self._kept[context]
        found = await self.model.next(context)
        self._pieces = found.pieces
        distribution = await asyncio.to_thread(Distribution.of, found.logprobs)
        self._kept[context] = distribution
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return distribution

    async def greedy(self, context: Context, length: int) -> Path:
        """How the model goes on when it always takes the most probable token."""
        return path_of(await self.model.draw(context, length, 0, asdict(GREEDY)), await self.pieces())

    async def continuations(
        self, context: Context, filters: Filters, *, draws: int, length: int, seed: int
    ) -> list[Path]:
        """`draws` ways to go on, of at most `length` tokens, with seeds from `seed` on; drawn by llama.cpp itself."""
        asked = (self.model.draw(context, length, seed + at, asdict(filters)) for at in range(draws))
        every, pieces = await asyncio.gather(*asked), await self.pieces()
        return [path_of(drawn, pieces) for drawn in every]

    async def count(self, text: str) -> int:
        """Tokens of `text` in the model's own tokenizer."""
        check_whole(text)
        return len(await self.model.ids(text))

    async def first_spans(self, text: str, most: int) -> tuple[list[TokenSpan], int]:
        """As models.tokens.first_spans, with the model's own tokenizer."""
        check_whole(text)
        found = await self.model.ids(text)
        pieces = await self.pieces()
        shown = [(token, pieces[token]) for token in found[:most]]
        return await self.texts.work(len(text), lambda: locate_first(text, shown)), len(found)

    async def pieces(self) -> Sequence[bytes]:
        """The bytes of every token, by id."""
        if not self._pieces:
            await self.distribution(tuple(await self.model.ids("a")))
        return self._pieces


def path_of(drawn: Drawn, pieces: Sequence[bytes]) -> Path:
    """Gives each token the logprob that was told for it."""
    told = iter(drawn.logprobs)
    tokens: list[tuple[int, float | None]] = []
    text = b""
    for token in drawn.tokens:
        text += pieces[token]
        logprob = None if breaks_off(text) else next(told, None)
        tokens.append((token, None if logprob is None else math.exp(logprob)))
    return Path(tuple(tokens), drawn.ended)


def breaks_off(text: bytes) -> bool:
    """Whether UTF-8 ends inside of a character; what is not UTF-8 at all does not."""
    for back, byte in enumerate(reversed(text[-3:]), 1):
        length = 2 if byte >> 5 == 0b110 else 3 if byte >> 4 == 0b1110 else 4 if byte >> 3 == 0b11110 else 0
        if length > back:
            return True
    return False
