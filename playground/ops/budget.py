"""The ledger: reserve before a call, settle after it, per day and for everyone, an address and a session.

Its numbers are in the votes' database, so that all replicas share them and a restart forgets nothing. Knows no model
and no price. Blocking, so call it in a thread.
"""

from __future__ import annotations

import hashlib
import math
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from sqlalchemy import Connection, text

from ..arena import rows
from ..arena.database import Database
from ..conversation.allowance import Visitor
from ..errors import PlaygroundError

Scope = Literal["global", "address", "session"]
PER_USD = 1_000_000_000
KEPT_DAYS = 32

# One statement decides and writes, so that nobody can come between.
TAKE = text(
    "INSERT INTO spending (day, scope, who, taken) VALUES (:day, :scope, :who, :amount) "
    "ON CONFLICT (day, scope, who) DO UPDATE SET taken = spending.taken + :amount "
    "WHERE spending.taken + :amount <= :cap RETURNING taken"
)
CHANGE = text("UPDATE spending SET taken = taken + :amount WHERE day = :day AND scope = :scope AND who = :who")
READ = text("SELECT taken FROM spending WHERE day = :day AND scope = :scope AND who = :who")
FORGET = text("DELETE FROM spending WHERE day < :day")


@dataclass(frozen=True, slots=True)
class Caps:
    """The most that may be spent in a day, in USD; None is no limit. `everyone` is the kill switch."""

    everyone: float | None = None
    address: float | None = None
    session: float | None = None

    def of(self, scope: Scope) -> float | None:
        return {"global": self.everyone, "address": self.address, "session": self.session}[scope]


@dataclass(frozen=True, slots=True)
class Reserved:
    """What was taken, in billionths of a USD, from which accounts of which day."""

    day: str
    amount: int
    accounts: tuple[tuple[Scope, str], ...]


class CapReachedError(PlaygroundError):
    """A cap would be passed: whose, and what is left of it in USD."""

    def __init__(self, scope: Scope, left_usd: float) -> None:
        super().__init__(scope)
        self.scope: Scope = scope
        self.left_usd = left_usd


class Ledger:
    """Spending of `caps` in one database. What it does is on disk when it returns; it raises what the database does."""

    def __init__(self, database: Database, caps: Caps, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._database = database
        self._caps = caps
        self._now = now
        oldest = (now() - timedelta(days=KEPT_DAYS)).date().isoformat()
        self._salt = database.write(lambda open_: _opened(open_, oldest))

    def reserve(self, usd: float, visitor: Visitor) -> Reserved:
        """Takes `usd` from everyone's, the address's and the session's account, or none. Raises CapReachedError."""
        amount = math.ceil(usd * PER_USD)
        reserved = Reserved(self._day(), amount, self._accounts(visitor))

        def work(connection: Connection) -> CapReachedError | None:
            for at, (scope, who) in enumerate(reserved.accounts):
                cap = _whole(self._caps.of(scope))
                account = {"day": reserved.day, "scope": scope, "who": who}
                fits = amount <= cap and connection.execute(TAKE, {**account, "amount": amount, "cap": cap}).first()
                if not fits:
                    # Put back by hand: a transaction that fails would take those that share it along.
                    _change(connection, reserved, -amount, at)
                    return CapReachedError(scope, max(cap - _taken(connection, account), 0) / PER_USD)
            return None

        refusal = self._database.write(work)
        if refusal is not None:
            raise refusal
        return reserved

    def settle(self, reserved: Reserved, usd: float) -> None:
        """Puts what was really spent in the place of what was reserved, on the day of the reservation."""
        change = math.ceil(usd * PER_USD) - reserved.amount
        if change:
            self._database.write(lambda connection: _change(connection, reserved, change, len(reserved.accounts)))

    def left(self, visitor: Visitor) -> dict[Scope, float]:
        """USD that are left today, for each account that has a cap."""
        day = self._day()
        found: dict[Scope, float] = {}
        with self._database.reading() as connection:
            for scope, who in self._accounts(visitor):
                cap = self._caps.of(scope)
                if cap is not None:
                    taken = _taken(connection, {"day": day, "scope": scope, "who": who})
                    found[scope] = max(_whole(cap) - taken, 0) / PER_USD
        return found

    def taken(self) -> float:
        """USD that everyone together has spent or reserved today."""
        with self._database.reading() as connection:
            return _taken(connection, {"day": self._day(), "scope": "global", "who": ""}) / PER_USD

    def _day(self) -> str:
        return self._now().astimezone(UTC).date().isoformat()

    def _accounts(self, visitor: Visitor) -> tuple[tuple[Scope, str], ...]:
        """Always in this order: two that waited for each other's rows would stand still."""
        session = f"{visitor.address} {visitor.session}"
        return ("global", ""), ("address", self._hash(visitor.address)), ("session", self._hash(session))

    def _hash(self, identity: str) -> str:
        """Nobody can be found from it, not even by trying addresses."""
        return hashlib.sha256(f"{self._salt}:{identity}".encode("utf-8", "replace")).hexdigest()[:32]


def _opened(connection: Connection, oldest: str) -> str:
    connection.execute(FORGET, {"day": oldest})
    return rows.secret(connection, "spending_salt", secrets.token_hex(32))


def _change(connection: Connection, reserved: Reserved, amount: int, accounts: int) -> None:
    for scope, who in reserved.accounts[:accounts]:
        connection.execute(CHANGE, {"day": reserved.day, "scope": scope, "who": who, "amount": amount})


def _taken(connection: Connection, account: dict[str, str]) -> int:
    return connection.execute(READ, account).scalar() or 0


def _whole(cap: float | None) -> int:
    return 2**62 if cap is None else math.floor(cap * PER_USD)
