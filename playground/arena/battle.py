"""Blind battles: start, fight, go on, vote, undo, reveal. Knows no page, no HTTP and no SQL."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from concurrent.futures import Future
from dataclasses import replace
from random import Random, SystemRandom
from typing import TYPE_CHECKING

from ..conversation.allowance import ASKING
from ..conversation.reply import Backends
from ..models import tokens
from ..models.contenders import ListedContender
from . import style
from .accounts import ACCOUNT
from .comparison import Choice, Column, ballots
from .counts import Outcome, Tally
from .fights import Fights, Showing
from .matchmaking import Matchmaker
from .records import MOST_TURNS, SEATS, ArenaError, Battle, Reveal, Seat, Side, Stats, Turn
from .selection import category_of

if TYPE_CHECKING:
    from .votes import Votes

log = logging.getLogger(__name__)

LONGEST_PROMPT = 200_000


class Arena:
    """Everything a page or a program may do with battles.

    `open_store` opens the votes; it blocks, and is called once by `open`. Until then everything else waits.
    `accounts_only`: nobody votes without an account.
    """

    def __init__(
        self,
        backends: Backends,
        open_store: Callable[[], Votes],
        *,
        accounts_only: bool = False,
        rng: Random | None = None,
    ) -> None:
        self._backends = backends
        self._open_store = open_store
        self._accounts_only = accounts_only
        self._opened: Future[Votes] = Future()
        self._matchmaker = Matchmaker(backends, rng or SystemRandom())
        self._fights = Fights(backends, self.store, self._seated)

    @property
    def listed(self) -> tuple[ListedContender, ...]:
        """Every contender of the catalog, whether it can be drawn or not."""
        return self._matchmaker.listed

    def open(self) -> None:
        """Opens the store and prepares what the first battle needs; blocking. Raises ConfigError."""
        try:
            store = self._open_store()
            store.publish(self.listed)
            self._matchmaker.count(store.counts())
        except BaseException as error:
            self._opened.set_exception(error)
            raise
        tokens.count("", style.ENCODING)
        if store.interrupted:
            log.info("battles that the last stop interrupted: %d", store.interrupted)
        self._opened.set_result(store)

    def close(self) -> None:
        """Lets go of the store once all that was given to it is on disk."""
        if self._opened.done() and self._opened.exception() is None:
            self._opened.result().close()

    async def unwritable(self) -> str:
        """Why nothing can be written down now, as a sentence; "" when it can. Waits for no database to open."""
        if not self._opened.done():
            return "The database is still being opened: try again in a moment."
        try:
            await asyncio.to_thread(self._opened.result().check)
        except Exception as error:
            log.error("the database cannot be written (%s)", type(error).__name__)
            return "The database cannot be written: check its disk, its permissions and its server."
        return ""

    async def voter(self, identity: str, account: str | None = None) -> str:
        """The salted hash under which a voter is known from here on: that of the `account`, where there is one."""
        store = await self.store()
        return store.voter(identity) if account is None else ACCOUNT + store.voter(f"account {account}")

    async def check_own(self, battle_id: str, voters: Collection[str]) -> None:
        """Raises ArenaError `not_found` unless one of `voters` began that battle: nobody hears of other people's."""
        store = await self.store()
        await asyncio.to_thread(store.check_own, battle_id, voters)

    async def start(
        self,
        prompt: str,
        voter: str,
        pair: Sequence[str] | None = None,
        *,
        private: tuple[ListedContender, ListedContender] | None = None,
    ) -> Battle:
        """Draws two contenders and writes the battle down; `fight` streams it. `pair` names one or both by id.

        `private` are two that need not be listed, and are drawn by nobody else: those of somebody's experiment.
        Raises ArenaError `bad_request`, `context_length` or `unavailable`.
        """
        _check(prompt)
        store = await self.store()
        if private is None:
            first, second = await self._matchmaker.pair(prompt, pair)
        else:
            first, second = await self._matchmaker.seats(private, prompt)
            await asyncio.to_thread(store.admit, private)
        turns = (Turn(prompt),)
        battle = Battle(_new_id(), first.id, second.id, voter, time.time(), turns, category=category_of(prompt))
        await asyncio.to_thread(store.add_battle, battle)
        return battle

    async def turn(self, battle_id: str, prompt: str) -> Battle:
        """Writes one more prompt for both sides; `fight` streams it. Raises ArenaError."""
        _check(prompt)
        store = await self.store()
        before = await self._ended(battle_id)
        last = before.turns[-1]
        kept = before.turns[:-1] if last.a is None and last.b is None else before.turns
        if len(kept) >= MOST_TURNS:
            text = f"A battle has {MOST_TURNS} prompts at most, and this one has had them: vote, or start a new one."
            raise ArenaError("conflict", text)
        for seat in SEATS:
            contender = await self._seated(before, seat)
            if not await self._matchmaker.fits(contender, prompt):
                raise ArenaError("context_length", "The prompt is too long for this battle: shorten it.")
        after = replace(before, turns=(*kept, Turn(prompt)), status="running")
        await asyncio.to_thread(store.open_turn, before, after)
        return after

    async def redraw(self, battle_id: str) -> Battle:
        """Seats another opponent where one gave no answer, as a new battle that keeps the other side's answers.

        The newcomer answers every prompt; `fight` streams it. Raises ArenaError.
        """
        store = await self.store()
        before = await self._ended(battle_id)
        if not before.failed:
            raise ArenaError("conflict", "Both sides have answered: there is no place for another opponent.")
        seats = await self._matchmaker.opponents(before)
        turns = tuple(replace(turn, **dict.fromkeys(before.failed)) for turn in before.turns)
        after = replace(before, id=_new_id(), created=time.time(), turns=turns, status="running", **seats)
        await asyncio.to_thread(store.add_battle, after, before.id)
        return after

    def fight(self, battle: Battle, tick_s: Callable[[], float]) -> AsyncGenerator[Showing]:
        """Streams what of `battle` has no answer yet, at most every `tick_s()` seconds, then opens the vote.

        Whatever ends it, what was shown is stored: a reader who stops can vote on what is there.
        """
        return self._fights.fight(battle, tick_s)

    async def stop(self, battle_id: str) -> None:
        """Ends a battle that streams in this process, and returns once that is stored. Harmless on any other."""
        await self._fights.stop(battle_id)

    async def vote(self, battle_id: str, outcome: str, voter: str) -> Reveal:
        """Counts a vote and tells who sat where. Raises ArenaError; `conflict` holds the first vote's outcome."""
        self.check_voter(voter)
        store = await self.store()
        await self._fights.stored(battle_id)
        person = _person(store, voter)

        def work() -> Reveal:
            ballot = store.cast(battle_id, outcome, voter, person=person)
            return _reveal(store, store.battle(battle_id), ballot.outcome, ballot.revised)

        reveal = await asyncio.to_thread(work)
        self._matchmaker.count_soon(store.counts)
        log.info("voted", extra={"counts": {"battle": battle_id}})
        return reveal

    async def undo(self, battle_id: str) -> Outcome:
        """Takes the vote back, until the voter's next battle; returns what it was. Raises ArenaError."""
        store = await self.store()
        outcome = await asyncio.to_thread(store.undo, battle_id)
        log.info("vote undone", extra={"counts": {"battle": battle_id}})
        return outcome

    async def compare(
        self, comparison: str, prompts: Sequence[str], columns: Sequence[Column], choice: Choice, voter: str
    ) -> None:
        """Counts a named vote among columns, apart from the blind ones; one for each `comparison`, an id.

        Raises ArenaError.
        """
        self.check_voter(voter)
        store = await self.store()
        pairs = ballots(comparison, prompts, columns, choice, voter, time.time())
        contenders = [column.contender for column in columns]
        await asyncio.to_thread(store.add_comparison, contenders, pairs, voter, person=_person(store, voter))
        log.info("voted side by side", extra={"counts": {"battles": [battle.id for battle, _ in pairs]}})

    async def tally(self, voter: str) -> list[tuple[ListedContender, Tally]]:
        """How one voter has judged whom, the most often met first."""
        store = await self.store()

        def work() -> list[tuple[ListedContender, Tally]]:
            counts = store.tally(voter)
            tallies = [(store.contender(contender), counts.tally(contender)) for contender in counts.contenders]
            return sorted(tallies, key=lambda one: -one[1].battles)

        return await asyncio.to_thread(work)

    async def store(self) -> Votes:
        """The open votes; waits until `open` has opened them."""
        return self._opened.result() if self._opened.done() else await asyncio.to_thread(self._opened.result)

    def check_voter(self, voter: str) -> None:
        """Raises ArenaError `auth` for who may not vote here."""
        if self._accounts_only and not voter.startswith(ACCOUNT):
            raise ArenaError(
                "auth", "Sign in with a Hugging Face account to vote: the button is at the top of the page."
            )

    async def _ended(self, battle_id: str) -> Battle:
        """The blind battle of that id as it is stored, after whatever is being written on it."""
        store = await self.store()
        await self._fights.stored(battle_id)
        return await asyncio.to_thread(store.battle, battle_id)

    async def _seated(self, battle: Battle, seat: Seat) -> ListedContender:
        """Who sits there; only those that are no longer listed are looked up in the store."""
        sitting = battle.contender(seat)
        listed = next((one for one in self.listed if one.id == sitting), None)
        return listed or await asyncio.to_thread((await self.store()).contender, sitting)


def _person(store: Votes, voter: str) -> str:
    """Whose votes of a day are counted: the account's, else the address's, because a browser is anew at will."""
    return voter if voter.startswith(ACCOUNT) else store.voter(f"address {ASKING.get().address}")


def _reveal(store: Votes, battle: Battle, outcome: Outcome, revised: bool) -> Reveal:
    a, b = (Side(store.contender(battle.contender(seat)), Stats.of(battle.answers(seat))) for seat in SEATS)
    return Reveal(outcome, a, b, battle.leaked, revised)


def _check(prompt: str) -> None:
    """Raises ArenaError for a prompt that nobody could answer."""
    if not prompt.strip():
        raise ArenaError("bad_request", "The prompt is empty: write something to ask both.")
    if len(prompt) > LONGEST_PROMPT:
        text = f"The prompt has {len(prompt):,} characters: shorten it to {LONGEST_PROMPT:,} at most."
        raise ArenaError("context_length", text)
    if (at := tokens.half_character(prompt)) is not None:
        text = f"The prompt contains half a character at position {at}: remove it and send again."
        raise ArenaError("bad_request", text)


def _new_id() -> str:
    return secrets.token_urlsafe(18)
