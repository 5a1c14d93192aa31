"""The store of contenders, battles and votes. Every write is on disk when it returns; blocking, so call it in a thread.

Votes are single use by a unique key, whoever races. Undoing turns the vote into a line of the
revisions, which only ever grow. Knows no provider, no rating and no page; the SQL is in rows.py.
"""

from __future__ import annotations

import hashlib
import itertools
import logging
import re
import secrets
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar

from sqlalchemy import Connection

from ..models.contenders import ListedContender
from . import exchange_rows, rows, tally_rows
from .counts import OUTCOMES, Outcome
from .daily import Daily
from .database import Database
from .export import StoredVote
from .readings import PAGE, Readings
from .records import ArenaError, Battle, Seat, Status
from .selection import Source
from .style import Style
from .tally_rows import Voted

T = TypeVar("T")

# Longer than any turn may take: what still runs after that has no process behind it.
ORPHANED_AFTER_S = 3600.0

BATTLE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")

log = logging.getLogger(__name__)

VOTED = "This battle has been voted on already. Undo is possible until the next one."
COMPARED = "This comparison has been voted on already: ask once more for another vote."
NO_VOTE = "There is no vote to undo on this battle."
CLOSED: dict[Status, ArenaError] = {
    "running": ArenaError("too_early", "Both sides are still answering: vote when they are done, or stop them first."),
    "failed": ArenaError(
        "too_early",
        "One side gave no answer, so there is nothing to compare: draw another opponent, or start a new battle.",
    ),
    "interrupted": ArenaError("conflict", "This battle was interrupted before both sides answered: start a new one."),
    "replaced": ArenaError("conflict", "This battle went on with another opponent: vote on that one."),
}


@dataclass(frozen=True, slots=True)
class Ballot:
    """An accepted vote. `revised`: it replaces one that was undone after the names had been shown."""

    outcome: Outcome
    revised: bool


class Keeper(Protocol):
    """Keeps copies of votes elsewhere: it is told of every battle whose votes have changed here."""

    def changed(self, battles: Sequence[str]) -> None: ...

    def close(self) -> None: ...


class Votes(Readings):
    """Everything the arena remembers. `runner` names this process, so that its successor finds what it left running.

    `keeper` is told of every vote once it is on disk, `daily` limits those of one person. `interrupted` counts the
    battles that were found running without a process behind them, `changes` how often this process has changed what a
    leaderboard shows.
    """

    def __init__(
        self, database: Database, runner: str, keeper: Keeper | None = None, daily: Daily | None = None
    ) -> None:
        super().__init__(database)
        self._daily = daily
        self._keeper = keeper
        self.changes = 0
        self.runner = runner
        self._salt = database.write(lambda open_: rows.secret(open_, "voter_salt", secrets.token_hex(32)))
        self.interrupted = database.write(lambda open_: rows.interrupt(open_, runner, ORPHANED_AFTER_S))
        if daily is not None:
            database.write(daily.forget)

    def voter(self, identity: str) -> str:
        """The salted hash under which a voter is stored: nobody can be found from it, not even by trying addresses."""
        return hashlib.sha256(f"{self._salt}:{identity}".encode("utf-8", "replace")).hexdigest()[:32]

    def check(self) -> None:
        """Writes a line. Raises ArenaError `unavailable` where nothing can be written."""
        now = {"now": repr(time.time())}
        self._database.write(lambda connection: connection.execute(rows.TOUCH, now))

    def publish(self, listed: Iterable[ListedContender]) -> None:
        """Makes `listed` the catalog's contenders; those it listed before are kept, as retired."""

        def work(connection: Connection) -> None:
            connection.execute(rows.RETIRE_CATALOG)
            for one in listed:
                rows.add_contender(connection, one, "catalog")

        self._database.write(work)

    def admit(self, visitors: Iterable[ListedContender]) -> None:
        """Writes contenders of somebody's experiment down: known to their battles and votes, drawn by nobody else."""

        def work(connection: Connection) -> None:
            for one in visitors:
                rows.add_contender(connection, one, "experiment")

        self._database.write(work)

    def contenders(self, ids: Sequence[str] | None = None) -> dict[str, ListedContender]:
        """Those of `ids`, or everyone, by id; `available` is left False, the catalog knows."""
        with self._database.reading() as connection:
            return {one.id: one for one in rows.contenders(connection, ids)}

    def contender(self, contender_id: str) -> ListedContender:
        """One contender, retired or not. Raises KeyError."""
        with self._database.reading() as connection:
            one = rows.contender(connection, contender_id)
        if one is None:
            raise KeyError(contender_id)
        return one

    def add_battle(self, battle: Battle, replaces: str | None = None) -> None:
        """Writes a battle; `replaces` names the one, not voted on, that goes on as this.

        Raises ArenaError `conflict` when that is not waiting for an opponent any more.
        """

        def work(connection: Connection) -> None:
            if replaces is not None and not rows.replace_battle(connection, replaces):
                raise ArenaError(
                    "conflict", "This battle is not waiting for another opponent: vote on it, or start a new one."
                )
            if not rows.add_battle(connection, battle, self.runner, replaces):
                raise ArenaError("conflict", "There is a battle with this id already.")

        self._database.write(work)

    def battle(self, battle_id: str) -> Battle:
        """The battle of that id. Raises ArenaError `not_found`."""
        _check_id(battle_id)
        with self._database.reading() as connection:
            return _battle(connection, battle_id)

    def check_own(self, battle_id: str, voters: Collection[str]) -> None:
        """Raises ArenaError `not_found` unless one of `voters` began the battle of that id."""
        if self.battle(battle_id).voter not in voters:
            raise _unknown(battle_id)

    def open_turn(self, before: Battle, after: Battle) -> None:
        """Writes `after`, which is `before` with one more prompt. Raises ArenaError when it is not open for that."""

        def work(connection: Connection) -> None:
            if rows.open_turn(connection, before, after, self.runner):
                return
            status = _battle(connection, before.id).status
            raise CLOSED.get(status) or ArenaError(
                "conflict", "This battle has been voted on, or went on in another window: start a new one."
            )

        self._database.write(work)

    def close_turn(self, battle: Battle, styles: Mapping[Seat, Style]) -> None:
        """Writes what both sides answered, how it is styled, and whether the vote is open now."""
        self._database.write(lambda connection: rows.close_turn(connection, battle, styles))

    def cast(self, battle_id: str, outcome: str, voter: str, *, source: Source = "human", person: str = "") -> Ballot:
        """Counts a vote; `person` is the hash of an address or account whose votes of a day are limited.

        Raises ArenaError: `not_found`, `too_early`, `bad_request`, `rate_limit`, `conflict` with the first vote.
        """
        chosen = _outcome(outcome)
        _check_id(battle_id)

        def work(connection: Connection) -> Ballot:
            row = rows.add_vote(connection, battle_id, source, chosen, voter)
            if row is not None:
                if not row.revised:
                    self._count_day(connection, person)
                tally_rows.count(connection, [row])
                return Ballot(row.outcome, bool(row.revised))
            battle = _battle(connection, battle_id)
            first = rows.vote(connection, battle_id, source)
            if first is not None:
                raise ArenaError("conflict", VOTED, outcome=first.outcome)
            raise CLOSED.get(battle.status) or _unknown(battle_id)

        return self._changed(work, battle_id)

    def undo(self, battle_id: str, *, source: Source = "human") -> Outcome:
        """Takes a vote back and returns what it was. Raises ArenaError `not_found` or `conflict`."""
        _check_id(battle_id)

        def work(connection: Connection) -> Outcome:
            battle = _battle(connection, battle_id)
            if not rows.is_voters_last(connection, battle):
                raise ArenaError("conflict", "A vote can be undone until the next battle, and that has begun.")
            row = rows.remove_vote(connection, battle_id, source)
            if row is None:
                raise ArenaError("conflict", NO_VOTE)
            tally_rows.count(connection, [row], -1)
            return row.outcome

        return self._changed(work, battle_id)

    def add_comparison(
        self,
        contenders: Sequence[ListedContender],
        battles: Sequence[tuple[Battle, Outcome]],
        voter: str,
        *,
        person: str = "",
    ) -> None:
        """Writes a named side-by-side vote: its pairs, each a battle of its own kind with its outcome, all or none.

        Raises ArenaError `conflict` when one of them is there already, and `rate_limit` as `cast` does.
        """

        def work(connection: Connection) -> None:
            self._count_day(connection, person)
            for one in contenders:
                rows.add_contender(connection, one, "side_by_side")
            cast: list[Voted | None] = []
            for battle, outcome in battles:
                if not rows.add_battle(connection, battle, self.runner):
                    raise ArenaError("conflict", COMPARED)
                cast.append(rows.add_vote(connection, battle.id, "human", outcome, voter, battle.kind))
            tally_rows.count(connection, [vote for vote in cast if vote])

        self._changed(work, *(battle.id for battle, _ in battles))

    def add_voted(self, votes: Iterable[StoredVote]) -> Iterator[int]:
        """Writes votes from elsewhere, a page at a time; yields how many of a page were not there already."""
        rest = iter(votes)
        while batch := list(itertools.islice(rest, PAGE)):
            yield self._changed(partial(exchange_rows.add, votes=batch), *(vote.battle.id for vote in batch))

    def _changed(self, work: Callable[[Connection], T], *battles: str) -> T:
        written = self._database.write(work)
        self.changes += 1
        if self._keeper is not None:
            self._keeper.changed(battles)
        return written

    def _count_day(self, connection: Connection, person: str) -> None:
        if self._daily is not None and person:
            self._daily.count(connection, person)

    def close(self) -> None:
        if self._keeper is not None:
            self._keeper.close()
        self._database.close()


def _battle(connection: Connection, battle_id: str) -> Battle:
    found = rows.battle(connection, battle_id)
    if found is None:
        raise _unknown(battle_id)
    return found


def _check_id(battle_id: str) -> None:
    """Raises ArenaError `not_found` for what no battle is called; a database would stumble over some of it."""
    if not BATTLE_ID.fullmatch(battle_id):
        raise _unknown(battle_id)


def _unknown(battle_id: str) -> ArenaError:
    """What is said of an id that names no battle the asker may know of."""
    return ArenaError("not_found", f"There is no battle {battle_id[:40]!a}: start one first.")


def _outcome(outcome: str) -> Outcome:
    for known in OUTCOMES:
        if outcome == known:
            return known
    raise ArenaError("bad_request", f"{outcome[:40]!r} is not an outcome: it is one of {', '.join(OUTCOMES)}.")
