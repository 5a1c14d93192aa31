"""Who may ask what in a playground that strangers use: the budget, the embedded model's rate, and who knows the counts.

Knows no route, no page and no SQL.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..conversation.allowance import ASKING, TURN, Free, Grant, Visitor, most_tokens
from ..errors import ProviderError
from ..models.pricing import cost
from ..types import ModelSpec, Request
from .gate import ClosedError
from .rates import Rates, RatesUnknownError, in_words

if TYPE_CHECKING:
    from .budget import Ledger, Reserved, Scope

log = logging.getLogger(__name__)

# The longest answer where a budget holds and nobody has said how long one may be, in tokens.
BUDGETED_OUTPUT_TOKENS = 4096
# How much work of the embedded model outside of an answer counts as one, in tokens.
TOKENS_OF_AN_ANSWER = 50

SPENT: dict[str, str] = {
    "global": "Today's budget of this playground",
    "address": "Today's budget for your network address",
    "session": "Today's budget for this page",
}
CLOSED = "The budget cannot be checked right now, so no paid model is asked: try again later."
ENOUGH = "One address may ask the embedded model {rate}, and looking at its tokens counts too: wait {wait_s} s."
UNCHECKED = "Limits cannot be checked right now, so no paid model is asked: try again later."


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds here. `paid` names the providers that are asked with the owner's key.

    `keyless` those that ask for none, where anything may stand for a reader's key. `local_rate` is per address, "" for
    none; `budgeted` whether a budget is set, `counted` whether rates are.
    """

    paid: frozenset[str] = frozenset()
    keyless: frozenset[str] = frozenset()
    local_rate: str = ""
    budgeted: bool = False
    counted: bool = False


@dataclass(frozen=True, slots=True)
class Left:
    """USD left today for one visitor, by account; empty where nothing is limited, None where nobody can tell."""

    accounts: Mapping[str, float] | None

    @property
    def usd(self) -> float | None:
        return min(self.accounts.values()) if self.accounts else None


class Guard:
    """The Allowance of a process. The ledger is handed in once the database is open; until then paid calls wait."""

    def __init__(self, rules: Rules, rates: Rates) -> None:
        self._rules = rules
        self._rates = rates
        self._opened: Future[Ledger] = Future()
        self._asked = dict.fromkeys(("paid", "own_key", "free"), 0)
        self._refused = 0
        self._open = 0

    @property
    def open_calls(self) -> int:
        """How many answers have been begun and not settled."""
        return self._open

    @property
    def budgeted(self) -> bool:
        return self._rules.budgeted

    def open(self, ledger: Ledger) -> None:
        self._opened.set_result(ledger)

    async def grant(self, request: Request, key: str | None) -> Grant:
        """Raises ProviderError: `quota` for a spent budget, `rate_limit`, `overloaded` where nobody can tell."""
        try:
            await _take_turn()
            grant = await self._granted(request, key)
        except ProviderError:
            self._refused += 1
            raise
        paid = request.model.provider in self._rules.paid
        self._asked["own_key" if key is not None else "paid" if paid else "free"] += 1
        self._open += 1
        return _Open(grant, self._close)

    async def admit(self, tokens: int) -> None:
        """Raises ProviderError: `rate_limit` for whoever has had enough, or has an answer being written."""
        try:
            await _take_turn()
            await self._check_own_rate(min(tokens, TOKENS_OF_AN_ANSWER))
        except ProviderError:
            self._refused += 1
            raise

    def _close(self) -> None:
        self._open -= 1

    def figures(self) -> dict[str, tuple[str, str, float | None]]:
        """Counts for the metrics: name -> (kind, what it is, value)."""
        said = {
            "paid": "Calls with the owner's keys.",
            "own_key": "Calls with readers' own keys.",
            "free": "Calls of the embedded model and of endpoints without a key.",
        }
        asked = {f"playground_calls_{how}_total": ("counter", said[how], float(n)) for how, n in self._asked.items()}
        return {
            **asked,
            "playground_calls_refused_total": ("counter", "Calls that were refused.", float(self._refused)),
        }

    async def _granted(self, request: Request, key: str | None) -> Grant:
        if key is not None and request.model.provider not in self._rules.keyless:
            return Free()
        if request.model.provider not in self._rules.paid:
            await self._check_own_rate()
            return Free()
        if not await self.counts():
            raise ProviderError("overloaded", UNCHECKED)
        if not self._rules.budgeted:
            return Free()
        return await self._reserved(request, ASKING.get())

    async def counts(self) -> bool:
        """Whether the rates that hold here can be counted; where not, no paid model is asked."""
        return not self._rules.counted or await self._rates.reachable()

    async def left(self, visitor: Visitor) -> Left:
        """What is left for `visitor`; never waits for the database to open."""
        if not self._rules.budgeted:
            return Left({})
        if not self._opened.done():
            return Left(None)
        try:
            return Left({**await asyncio.to_thread(self._opened.result().left, visitor)})
        except Exception as error:
            log.error("the ledger cannot be read (%s)", type(error).__name__)
            return Left(None)

    async def left_to_asker(self) -> float | None:
        """USD left for whoever asks; None where nothing is limited or nobody can tell."""
        return (await self.left(ASKING.get())).usd

    async def taken(self) -> float | None:
        """USD spent or reserved today, None where nobody can tell."""
        try:
            return await asyncio.to_thread(self._opened.result().taken) if self._opened.done() else None
        except Exception as error:
            log.error("the ledger cannot be read (%s)", type(error).__name__)
            return None

    async def _check_own_rate(self, tokens: int = TOKENS_OF_AN_ANSWER) -> None:
        if not self._rules.local_rate:
            return
        who = ("local", ASKING.get().address)
        part = {"parts": tokens, "of": TOKENS_OF_AN_ANSWER}
        try:
            wait_s = await self._rates.wait_s(self._rules.local_rate, *who, **part)
        except RatesUnknownError:
            wait_s = await self._rates.own_wait_s(self._rules.local_rate, *who, **part)
        if wait_s:
            text = ENOUGH.format(rate=in_words(self._rules.local_rate), wait_s=math.ceil(wait_s))
            raise ProviderError("rate_limit", text, retry_after_s=wait_s)

    async def _reserved(self, request: Request, visitor: Visitor) -> Grant:
        usd = _most(request)
        ledger = self._opened.result() if self._opened.done() else await asyncio.to_thread(self._opened.result)
        from .budget import CapReachedError

        # Shielded: a reservation that was made for somebody who has gone meanwhile is put back.
        taking = asyncio.ensure_future(asyncio.to_thread(ledger.reserve, usd, visitor))
        try:
            reserved = await asyncio.shield(taking)
        except CapReachedError as refusal:
            raise _spent(refusal.scope, refusal.left_usd, usd) from None
        except asyncio.CancelledError:
            taking.add_done_callback(lambda done: _put_back(ledger, done))
            raise
        except Exception as error:
            log.error("the ledger cannot be written (%s)", type(error).__name__)
            raise ProviderError("overloaded", CLOSED) from error
        return _Reservation(ledger, reserved)


@dataclass(frozen=True, slots=True)
class _Reservation:
    ledger: Ledger
    reserved: Reserved

    async def settle(self, usd: float | None) -> None:
        if usd is not None:
            await asyncio.to_thread(self.ledger.settle, self.reserved, usd)


@dataclass(slots=True)
class _Open:
    """A grant that is counted until it is settled."""

    grant: Grant
    close: Callable[[], None]

    async def settle(self, usd: float | None) -> None:
        try:
            await self.grant.settle(usd)
        finally:
            self.close()


async def _take_turn() -> None:
    """Whoever asks has one answer at a time; raises what refuses as a ProviderError."""
    take = TURN.get()
    if take is None:
        return
    try:
        await take()
    except ClosedError as closed:
        kind = "overloaded" if closed.draining else "rate_limit"
        raise ProviderError(kind, closed.message, retry_after_s=60 if closed.draining else 5) from None


def _put_back(ledger: Ledger, taking: asyncio.Future[Reserved]) -> None:
    if not taking.cancelled() and taking.exception() is None:
        reserved = taking.result()
        taking.get_loop().run_in_executor(None, ledger.settle, reserved, 0.0)


def _most(request: Request) -> float:
    """USD that a request can cost at most. Raises ProviderError where that cannot be said."""
    model = request.model
    usage = most_tokens(request)
    usd = None if usage is None else cost(model, usage)
    if usd is None:
        what = "its price is unknown" if _unpriced(model) else "the length of its answers is unknown"
        text = (
            f"{model.name} cannot be asked here: a budget is set and {what}. "
            "Its owner can give input_price, output_price and max_output_tokens in PLAYGROUND_CONFIG."
        )
        raise ProviderError("quota", text)
    return usd


def _unpriced(model: ModelSpec) -> bool:
    return model.input_price is None or model.output_price is None


def _spent(scope: Scope, left_usd: float, needed_usd: float) -> ProviderError:
    text = f"{SPENT[scope]} is nearly spent: ${left_usd:.4f} left"
    more = f"this question could cost up to ${needed_usd:.4f}. Shorten it, lower max tokens, or come back"
    if left_usd < 0.00005:
        text, more = f"{SPENT[scope]} is spent", "come back"
    return ProviderError("quota", f"{text}; {more} after midnight UTC.")
