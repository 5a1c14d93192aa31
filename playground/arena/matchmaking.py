"""Finds two contenders for a prompt: by standing, by choice, or as a new opponent. Knows no vote's rule and no page."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

from ..conversation.reply import Backends
from ..models.contenders import ListedContender
from ..types import Message
from . import pairing
from .counts import Counts
from .records import SEATS, ArenaError, Battle, Seat

# Standings may lag this far behind the votes: which pair is drawn next does not hang on the last one.
STANDING_AGE_S = 10.0

Pair = tuple[ListedContender, ListedContender]


class Matchmaker:
    """Draws from the contenders of the catalog."""

    def __init__(self, backends: Backends, rng: Random) -> None:
        self._backends = backends
        self._rng = rng
        self._counted_s = 0.0
        self._counting: asyncio.Future[None] | None = None
        self.count(Counts.of([]))

    @property
    def listed(self) -> tuple[ListedContender, ...]:
        """Every contender of the catalog, whether it can be drawn or not."""
        return self._backends.catalog.contenders

    def count(self, counts: Counts) -> None:
        """Takes in what the votes say now."""
        self._standing = pairing.Standing.of(counts.including([one.id for one in self.listed]))
        self._counted_s = time.monotonic()

    def count_soon(self, count: Callable[[], Counts]) -> None:
        """Calls `count` in a thread of its own, unless it has been done lately."""
        busy = self._counting is not None and not self._counting.done()
        if not busy and time.monotonic() - self._counted_s > STANDING_AGE_S:
            self._counting = asyncio.ensure_future(asyncio.to_thread(lambda: self.count(count())))

    async def pair(self, prompt: str, chosen: Sequence[str] | None = None) -> Pair:
        """Two contenders in shuffled seats for whom `prompt` is not too long; one or both may be `chosen` by id.

        Raises ArenaError `bad_request`, `context_length` or `unavailable`.
        """
        candidates = pairing.pairs(self.listed) if chosen is None else self._chosen(chosen)
        return await self._drawn(candidates, prompt)

    async def seats(self, pair: Pair, prompt: str) -> Pair:
        """A pair that somebody brings along, in shuffled seats. Raises ArenaError `bad_request`, `context_length`."""
        if pair[0].id == pair[1].id:
            raise ArenaError("bad_request", "Choose two settings that differ.")
        if not all([await self.fits(one, prompt) for one in pair]):
            raise ArenaError("context_length", "The prompt is too long for this pair: shorten it.")
        return pair if self._rng.random() < 0.5 else (pair[1], pair[0])

    async def opponents(self, battle: Battle) -> dict[Seat, str]:
        """The contender of each seat, a new one where `battle` says that one failed. Raises ArenaError.

        A pair that somebody brought along stays as it is: whoever failed tries once more.
        """
        if not {battle.a, battle.b} <= {one.id for one in self.listed}:
            return {"a": battle.a, "b": battle.b}
        failed = battle.failed
        gone = {battle.contender(seat) for seat in failed}
        [stays] = set(SEATS) - set(failed) if len(failed) == 1 else [None]
        against = battle.contender(stays) if stays else None
        # Where nobody else is left, those who failed try once more.
        candidates = pairing.pairs(self.listed, against=against, leave_out=gone) or pairing.pairs(
            self.listed, against=against
        )
        first, second = await self._drawn(candidates, max(battle.prompts, key=len))
        if stays is None or against is None:
            return {"a": first.id, "b": second.id}
        newcomer = second.id if first.id == against else first.id
        return {seat: against if seat == stays else newcomer for seat in SEATS}

    async def fits(self, contender: ListedContender, prompt: str) -> bool:
        """Whether a prompt leaves room for an answer in the contender's window."""
        refusal = await self._backends.refusal(contender.contender, [Message("user", prompt)])
        return refusal is None or refusal.kind != "context_length"

    def _chosen(self, ids: Sequence[str]) -> list[Pair]:
        """Every pair that all of `ids` are in."""
        every = pairing.pairs([replace(one, pinned=False) for one in self.listed])
        found = [pair for pair in every if {*ids} <= {one.id for one in pair}]
        if not found or len(ids) != len({*ids}) or not ids:
            raise ArenaError("bad_request", "Choose one contender or two different ones, of those that can be drawn.")
        return found

    async def _drawn(self, candidates: Sequence[Pair], prompt: str) -> Pair:
        if not candidates:
            text = "A battle needs two contenders that can answer: add a key or a line under [contenders]."
            raise ArenaError("unavailable", text)
        too_small: set[str] = set()
        while fitting := [pair for pair in candidates if not too_small & {pair[0].id, pair[1].id}]:
            drawn = pairing.draw(fitting, self._standing, self._rng)
            unfit = {one.id for one in drawn if not await self.fits(one, prompt)}
            if not unfit:
                return drawn
            too_small |= unfit
        raise ArenaError("context_length", "The prompt is too long for the contenders here: shorten it.")
