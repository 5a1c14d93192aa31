"""Opens SQLite or Postgres and brings its schema up to date. Knows no battle and no vote."""

from __future__ import annotations

import logging
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import Future
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, InterfaceError, InternalError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionError

from ..errors import ConfigError
from .records import ArenaError

log = logging.getLogger(__name__)

T = TypeVar("T")

BUSY_S = 30
SQLITE_PRAGMAS = (f"busy_timeout = {1000 * BUSY_S}", "synchronous = FULL", "foreign_keys = ON")
PRIMARY = 0xFF  # the part of SQLite's error codes that says what kind of error it is
AGAIN_S = 0.01
MIGRATION_LOCK = 0x9147_6A0D
WRITES = "playground_writes"
MOST_CONNECTIONS = 16
OUT = "The database cannot be used right now, so nothing of this was stored: try again in a minute."
LARGEST_BATCH = 256

_Job = tuple[Callable[[Connection], Any], Future[Any]]


class Database:
    """One open database. `reading` is a transaction; what `write` was given is on disk when it returns.

    SQLite takes one writer at a time, and each commit waits for the disk: a thread of its own writes, and commits
    for all who are waiting, so that many voters share one wait. A database that is locked, full or gone is an
    ArenaError `unavailable` whose words tell nothing of it; the log does.
    """

    def __init__(self, url: str, data_dir: Path) -> None:
        """Opens and migrates. Raises ConfigError in words that say which setting to look at."""
        self.engine = _engine(url, data_dir)
        self._writer = _Writer(self.engine) if self.engine.dialect.name == "sqlite" else None
        try:
            self._written(migrate)
        except (SQLAlchemyError, OSError) as error:
            self.close()
            where = "DATABASE_URL" if url else f"the database in {data_dir} (PLAYGROUND_DATA_DIR or DATABASE_URL)"
            raise ConfigError([f"{where} cannot be used: {_first_line(error)}."]) from None

    @contextmanager
    def reading(self) -> Generator[Connection]:
        with self._told(), self.engine.begin() as connection:
            yield connection

    def write(self, work: Callable[[Connection], T]) -> T:
        """Runs `work` in a transaction, all of it or nothing, and returns what it returned once that is on disk.

        `work` may run twice; only its last run is kept.
        """
        with self._told():
            return self._written(work)

    def _written(self, work: Callable[[Connection], T]) -> T:
        if self._writer is not None:
            return self._writer.submit(work).result()
        with self.engine.begin() as connection:
            return work(connection)

    @contextmanager
    def _told(self) -> Generator[None]:
        """Outages in words for people; the votes' own statements go past SQLAlchemy, and so do their errors."""
        driver: Any = self.engine.dialect.loaded_dbapi
        # InternalError: what Postgres says while it may only be read.
        outages = (OperationalError, InterfaceError, InternalError, NoConnectionError)
        try:
            yield
        except (*outages, driver.OperationalError, driver.InternalError) as error:
            log.error("the database failed: %s", _first_line(error))
            raise ArenaError("unavailable", OUT) from error

    def close(self) -> None:
        """Finishes what is being written, then lets go of the database."""
        if self._writer is not None:
            self._writer.close()
        self.engine.dispose()


class _Writer:
    """The one thread that writes to SQLite: whatever has come in while it waited for the disk is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine.execution_options(**{WRITES: True})
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="votes", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Connection], T]) -> Future[T]:
        future: Future[T] = Future()
        self._jobs.put((work, future))
        return future

    def close(self) -> None:
        self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (first := self._jobs.get()) is not None:
            batch = [first]
            while len(batch) < LARGEST_BATCH and not self._jobs.empty():
                job = self._jobs.get()
                if job is None:
                    self._jobs.put(None)
                    break
                batch.append(job)
            self._commit(batch)

    def _commit(self, batch: list[_Job]) -> None:
        values: list[Any] = []
        try:
            with self._engine.begin() as connection:
                for work, _ in batch:
                    values.append(work(connection))
        except BaseException as error:
            if len(batch) == 1:
                batch[0][1].set_exception(error)
                return
            for job in batch:  # one of them failed and took the others along: each for itself
                self._commit([job])
            return
        for (_, future), value in zip(batch, values, strict=True):
            future.set_result(value)
        time.sleep(0)  # let those who were answered run: what they write next joins the next batch


def migrations() -> list[str]:
    """The numbered SQL files in order: version 1 is the first."""
    folder = resources.files(__package__ or __name__).joinpath("migrations")
    named = sorted(file.name for file in folder.iterdir() if file.name.endswith(".sql"))
    for at, name in enumerate(named, 1):
        if not name.startswith(f"{at:04}_"):
            raise RuntimeError(f"migration {name} should have the number {at:04}")
    return [folder.joinpath(name).read_text("utf-8") for name in named]


def migrate(connection: Connection, target: int | None = None) -> None:
    """Brings the schema from whatever version it has to `target` (default: the newest), in one transaction.

    Raises ConfigError for a schema that is newer than this program.
    """
    if connection.dialect.name == "postgresql":  # replicas that start together take turns
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
    connection.execute(text("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)"))
    version = connection.execute(text("SELECT max(version) FROM schema_version")).scalar() or 0
    steps = migrations()
    if version > len(steps):
        raise ConfigError(
            [
                f"The database has schema version {version}, this program knows up to {len(steps)}: "
                "use the newer program, or another DATABASE_URL or PLAYGROUND_DATA_DIR."
            ]
        )
    # A database that may only be read is found now, not at the first vote.
    connection.execute(text("UPDATE schema_version SET version = version"))
    for at, step in enumerate(steps[version:target], version + 1):
        for statement in _statements(step):
            connection.execute(text(statement))
        connection.execute(text("INSERT INTO schema_version VALUES (:version)"), {"version": at})


def normalized(url: str) -> str:
    """A DATABASE_URL as SQLAlchemy wants it, with the driver that is installed.

    Raises ValueError, without repeating the address (it holds a password).
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ValueError("must look like postgresql://user:password@host/name or sqlite:///file.db") from None
    backend = parsed.get_backend_name()
    if backend in {"postgres", "postgresql"}:
        return parsed.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    if backend != "sqlite":
        raise ValueError("must be a postgresql:// or sqlite:/// address")
    return url


def _engine(url: str, data_dir: Path) -> Engine:
    if not url:
        try:
            data_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            problem = f"PLAYGROUND_DATA_DIR {str(data_dir)!r} cannot be created: {error.strerror or error}."
            raise ConfigError([problem]) from None
        url = f"sqlite:///{data_dir / 'arena.db'}"
    url = normalized(url)
    if not url.startswith("sqlite"):
        return create_engine(url, pool_size=MOST_CONNECTIONS, max_overflow=0, pool_pre_ping=True)
    engine = create_engine(url, pool_size=MOST_CONNECTIONS, max_overflow=0, connect_args={"check_same_thread": False})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # the driver's own idea of when a transaction begins is too late for reading
    for pragma in SQLITE_PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    _turn_to_wal(connection)


def _turn_to_wal(connection: Any) -> None:
    """Of two that turn a fresh file to WAL at once SQLite tells one that it is locked, and does not let it wait."""
    until = time.monotonic() + BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & PRIMARY != sqlite3.SQLITE_BUSY or time.monotonic() >= until:
                raise
            time.sleep(AGAIN_S)


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _statements(script: str) -> list[str]:
    without_comments = re.sub(r"--[^\n]*", "", script)
    return [statement.strip() for statement in without_comments.split(";") if statement.strip()]


def _first_line(error: Exception) -> str:
    """What the driver says, without SQLAlchemy's own lines, which repeat statements and parameters."""
    original = getattr(error, "orig", None) or error
    return str(original).strip().splitlines()[0].rstrip(".") if str(original).strip() else type(error).__name__
