"""Opens what lasts: the database with its votes and its ledger, and the bucket they are copied to. Decides nothing."""

from __future__ import annotations

from socket import gethostname
from typing import TYPE_CHECKING

from .ops.bucket import HfBucket
from .ops.durable import Durable, Keeping
from .ops.guard import Guard
from .settings import Settings

if TYPE_CHECKING:
    from .arena.database import Database
    from .arena.votes import Votes

ADDRESS_SESSIONS = 5


def open_votes(
    settings: Settings,
    guard: Guard | None = None,
    durable: Durable | None = None,
    *,
    beside: bool = False,
    most_daily: int | None = None,
) -> Votes:
    """The store of this process; a process that takes its place on host and port cleans up after it.

    The budget of `guard` is kept in the same database. With a bucket its votes are read back first, and copied there
    from now on. `beside`: for a command, which leaves alone what the page's process is running. `most_daily` votes are
    taken from one address or account in a day. Raises ConfigError.
    """
    from .arena.copies import Copies
    from .arena.daily import Daily
    from .arena.votes import Votes  # late: the database's library takes longer to load than the page

    database = _open_database(settings)
    if guard is not None:
        _hand_ledger(settings, guard, database)
    durable = durable or durable_of(settings)
    if durable is not None:
        try:
            durable.restore(Copies(database))
        except BaseException:
            database.close()
            raise
        durable.start()
    runner = f"{gethostname()}:{'command' if beside else settings.port}"
    return Votes(database, runner, durable, Daily(most_daily) if most_daily else None)


def check_database(settings: Settings) -> None:
    """Opens the database and lets go of it. Raises ConfigError."""
    _open_database(settings).close()


def check_bucket(settings: Settings) -> None:
    """Looks into the bucket, where there is one. Raises ConfigError."""
    if (durable := durable_of(settings)) is not None:
        durable.check()


def open_ledger(settings: Settings, guard: Guard) -> None:
    """Opens the budget alone, where no arena is."""
    if settings.has_budget:
        _hand_ledger(settings, guard, _open_database(settings))


def _hand_ledger(settings: Settings, guard: Guard, database: Database) -> None:
    from .ops.budget import Caps, Ledger

    session = settings.session_budget_usd
    # Whoever needs a fresh session needs no fresh address: without a word from the owner it has five times as much.
    address = settings.address_budget_usd or (session and ADDRESS_SESSIONS * session)
    guard.open(Ledger(database, Caps(settings.daily_budget_usd, address, session)))


def _open_database(settings: Settings) -> Database:
    from .arena.database import Database

    url = settings.database_url.get_secret_value() if settings.database_url else ""
    return Database(url, settings.data_dir)


def durable_of(settings: Settings) -> Durable | None:
    """The copies of the votes in the owner's bucket, None without one."""
    if settings.bucket is None:
        return None
    token = settings.bucket_token or settings.hf_token
    return Durable(HfBucket(settings.bucket, token.get_secret_value() if token else None))


def keeping_of(settings: Settings, durable: Durable | None) -> Keeping:
    """How far votes outlive this process."""
    if durable is not None:
        return Keeping(durable=True, unsaved=durable.unsaved)
    return Keeping(durable=settings.space_id is None or settings.database_url is not None)
