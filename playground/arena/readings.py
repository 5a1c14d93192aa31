"""What the stored votes say, counted by the database. Only reads; blocking. Knows no provider, rating or page."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

from ..models.contenders import ListedContender
from . import exchange_rows, judge_rows, rows, tally_rows
from .counts import Counts
from .database import Database
from .export import StoredVote
from .selection import Selection
from .style_effects import StyledVote

PAGE = 200


class Readings:
    """Counts, figures and lists of votes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def counts(self, selection: Selection = Selection()) -> Counts:
        """The votes of `selection`, counted by the database."""
        with self._database.reading() as connection:
            return Counts.of_pairs(tally_rows.pairs(connection, selection))

    def tally(self, voter: str) -> Counts:
        """One voter's own blind votes, all of them."""
        with self._database.reading() as connection:
            found = connection.execute(rows.TALLY, {"voter": voter}).all()
        return Counts.of((row.a, row.b, row.outcome, row.votes) for row in found)

    def longer(self, selection: Selection = Selection()) -> tuple[int, int]:
        """How often the answer with more tokens won, and lost."""
        with self._database.reading() as connection:
            return tally_rows.longer(connection, selection)

    def days(self, selection: Selection = Selection()) -> list[tuple[int, int]]:
        """(day since the epoch in UTC, votes) of each day with votes, in order."""
        with self._database.reading() as connection:
            return tally_rows.days(connection, selection)

    def history(self, x: str, y: str, steps: int, selection: Selection = Selection()) -> list[tuple[int, Counts]]:
        """What was voted between two contenders in each of `steps` equal stretches of time that had votes, in order."""
        with self._database.reading() as connection:
            found = tally_rows.history(connection, selection, x, y, steps)
        by_step = itertools.groupby(found, key=lambda row: row[0])
        return [
            (step, Counts.of(((a, y if a == x else x, outcome, votes) for _, a, outcome, votes in group), (x, y)))
            for step, group in by_step
        ]

    def styled(self, selection: Selection, most: int) -> list[StyledVote]:
        """The newest votes of `selection` one by one, with the style of both sides."""
        with self._database.reading() as connection:
            return tally_rows.styled(connection, selection, most)

    def figures(self, contender: str, most: int) -> list[tuple[float | None, float | None]]:
        """(time to the first token in s, cost in USD) of a contender's newest battles, `most` of each seat."""
        with self._database.reading() as connection:
            return tally_rows.figures(connection, contender, most)

    def agreement(self) -> list[tuple[str, str, int]]:
        """(outcome by people, outcome by the judge, battles) of the blind battles that have both."""
        with self._database.reading() as connection:
            return tally_rows.agreement(connection)

    def unjudged(self, most: int, after: tuple[float, str] | None = None) -> list[tuple[float, str]]:
        """(when a person voted, battle) of finished blind battles without a judge's vote, newest first.

        At most `most`, and of those only what comes after `after`, the last one of the page before.
        """
        with self._database.reading() as connection:
            return judge_rows.unjudged(connection, most, after)

    def count_unjudged(self, most: int) -> int:
        """How many such battles there are, counted up to `most`."""
        with self._database.reading() as connection:
            return judge_rows.count_unjudged(connection, most)

    def voted(self, contenders: Mapping[str, ListedContender]) -> Iterator[StoredVote]:
        """Every vote of any kind in the order they were cast, a page at a time; who is who comes from `contenders`."""
        after = exchange_rows.START
        while True:
            with self._database.reading() as connection:
                found, after = exchange_rows.page(connection, after, PAGE, contenders)
            if not found:
                return
            yield from found
