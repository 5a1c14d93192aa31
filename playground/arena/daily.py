"""How many votes may come from one address or account in a day: the count, its SQL and its words. Knows no battle.

A vote that was undone and is cast anew is counted once. The count is in the votes' own transaction, so that no race
passes it and a refused vote leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, text

from .accounts import ACCOUNT
from .records import ArenaError

# One statement decides and writes, so that nobody can come between.
COUNT = text(
    "INSERT INTO votes_of_day (day, who, votes) VALUES (:day, :who, 1) "
    "ON CONFLICT (day, who) DO UPDATE SET votes = votes_of_day.votes + 1 "
    "WHERE votes_of_day.votes < :most RETURNING votes"
)
FORGET = text("DELETE FROM votes_of_day WHERE day < :day")
ENOUGH = (
    "{most} votes have come from your {whose} today, which is the most for one day. They are kept; "
    "come back after midnight UTC."
)


@dataclass(frozen=True, slots=True)
class Daily:
    """At most `most` votes a day of whoever votes; `now` is the clock."""

    most: int
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def count(self, connection: Connection, who: str) -> None:
        """Counts one more vote of `who`, a salted hash. Raises ArenaError `rate_limit`."""
        values = {"day": self._day(), "who": who, "most": self.most}
        if connection.execute(COUNT, values).first() is None:
            whose = "account" if who.startswith(ACCOUNT) else "network address"
            raise ArenaError("rate_limit", ENOUGH.format(most=f"{self.most:,}", whose=whose))

    def forget(self, connection: Connection) -> None:
        """Drops the counts of days that are over."""
        connection.execute(FORGET, {"day": self._day()})

    def _day(self) -> str:
        return self.now().astimezone(UTC).date().isoformat()
