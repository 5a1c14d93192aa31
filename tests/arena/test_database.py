"""Opening databases: migrations from every version, bad addresses, and what a failed write leaves behind."""

import socket
import sqlite3
import threading

import pytest
from sqlalchemy import text

from playground.arena.database import Database, _turn_to_wal, migrate, migrations, normalized
from playground.arena.records import ArenaError
from playground.arena.selection import Selection
from playground.arena.votes import Votes
from playground.errors import ConfigError

from .records import CONTENDERS, battle, tallied

NEWEST_FIRST = [
    "votes_of_day",
    "spending",
    "pair_count",
    "vote_revision",
    "vote",
    "battle",
    "contender",
    "secret",
    "schema_version",
]


def version(database):
    with database.reading() as connection:
        return connection.execute(text("SELECT max(version) FROM schema_version")).scalar()


def test_every_earlier_version_is_brought_up_to_date(database_url, tmp_path):
    database = Database(database_url, tmp_path)
    with database.engine.begin() as connection:
        for at in range(len(migrations()) + 1):
            for table in NEWEST_FIRST:
                connection.execute(text(f"DROP TABLE IF EXISTS {table}"))
            migrate(connection, at)
            migrate(connection)
            assert connection.execute(text("SELECT max(version) FROM schema_version")).scalar() == len(migrations())
            assert connection.execute(text("SELECT count(*) FROM vote")).scalar() == 0
    database.close()


# What version 1 wrote: an accepted vote on answers of which b's is longer, one on a leak, one changed after an undo.
VERSION_1 = """
INSERT INTO secret VALUES ('voter_salt', 'salt');
INSERT INTO contender VALUES ('x', 'X', '{"model": "m", "system_prompt": "Be kind.", "sampling": {}}', 'catalog', 0, 1);
INSERT INTO contender VALUES ('y', 'Y', '{"model": "n"}', 'catalog', 1, 1);
INSERT INTO battle VALUES ('b1', 'blind', 'x', 'y', 'me', 'host:1', 'ready', '[{"prompt": "Hi", "a": {"text": "A"},
    "b": {"text": "B b"}}]', '', NULL, 5, 6, 1, 2, 0, 0, 0, 0, 0, 0);
INSERT INTO battle VALUES ('b2', 'blind', 'y', 'x', 'me', 'host:1', 'ready', '[{"prompt": "Hi"}]', 'a',
    NULL, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0);
INSERT INTO battle VALUES ('b3', 'blind', 'y', 'x', 'me', 'host:1', 'ready', '[{"prompt": "Hi"}]', '',
    NULL, 9, 9, 0, 0, 0, 0, 0, 0, 0, 0);
INSERT INTO battle VALUES ('b4', 'blind', 'x', 'y', 'me', 'host:1', 'running', '[{"prompt": "Hi"}]', '',
    NULL, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0);
INSERT INTO vote VALUES ('b1', 'human', 'b', 'blind', 'x', 'y', 0, 0, 'me', 6);
INSERT INTO vote VALUES ('b2', 'human', 'a', 'blind', 'y', 'x', 1, 0, 'me', 8);
INSERT INTO vote VALUES ('b3', 'human', 'tie', 'blind', 'y', 'x', 0, 1, 'me', 9);
INSERT INTO vote_revision VALUES ('b3', 'human', 1, 'both_bad', 'me', 9, 9)
"""


def test_what_version_1_stored_is_there_counted_and_can_be_gone_on_with(database_url, tmp_path):
    database = Database(database_url, tmp_path)
    with database.engine.begin() as connection:
        for table in NEWEST_FIRST:
            connection.execute(text(f"DROP TABLE {table}"))
        migrate(connection, 1)
        for statement in VERSION_1.split(";"):
            connection.exec_driver_sql(statement)
    database.close()
    database = Database(database_url, tmp_path)
    votes = Votes(database, "host:1")
    assert (votes.interrupted, votes.battle("b4").status) == (1, "interrupted")
    assert votes.battle("b1").turns[0].b.text == "B b"
    assert votes.contender("x").contender.system_prompt == "Be kind." and votes.contender("y").retired
    assert tallied(votes.counts()) == [("x", "y", "b", 1)]
    assert tallied(votes.counts(Selection(since=0.0))) == [("x", "y", "b", 1)]
    assert tallied(votes.counts(Selection(leaked=True))) == [("x", "y", "b", 1), ("y", "x", "a", 1)]
    assert votes.longer() == (1, 0)
    assert votes.undo("b3") == "tie"
    with database.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM vote_revision WHERE battle = 'b3'")
        connection.exec_driver_sql("UPDATE battle SET created = 99 WHERE id = 'b1'")
    assert votes.undo("b1") == "b"
    assert tallied(votes.counts()) == [] and votes.longer() == (0, 0)
    votes.cast("b3", "b", "me")
    assert tallied(votes.counts()) == [("y", "x", "b", 1)]
    database.close()


def test_opening_again_changes_nothing(database_url, tmp_path):
    for opened in range(2):
        database = Database(database_url, tmp_path)
        votes = Votes(database, "host:1")
        if not opened:
            votes.publish(CONTENDERS)
            votes.add_battle(battle())
        assert votes.battle("b1").a == "x"
        assert version(database) == len(migrations())
        database.close()


def test_two_processes_may_open_a_fresh_database_at_once(database_url, tmp_path):
    opened, start = [], threading.Barrier(4)

    def open_it():
        start.wait()
        opened.append(Database(database_url, tmp_path))

    threads = [threading.Thread(target=open_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [version(database) for database in opened] == [len(migrations())] * 4
    for database in opened:
        database.close()


def test_a_newer_schema_is_refused_and_left_alone(database_url, tmp_path):
    database = Database(database_url, tmp_path)
    with database.engine.begin() as connection:
        connection.execute(text("INSERT INTO schema_version VALUES (99)"))
    with pytest.raises(ConfigError, match="version 99") as caught:
        Database(database_url, tmp_path)
    assert "DATABASE_URL" in str(caught.value)
    assert version(database) == 99
    database.close()


@pytest.mark.parametrize("url", ["mysql://u:canary@h/n", "nonsense-canary", "://canary", "postgres:/canary@x"])
def test_an_address_of_something_else_is_refused_without_repeating_it(url):
    with pytest.raises(ValueError, match="postgres") as caught:
        normalized(url)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_every_way_to_say_postgres_gets_the_driver_that_is_installed(scheme):
    assert (
        normalized(f"{scheme}://u:p%40x@h:5/n?sslmode=require") == "postgresql+psycopg://u:p%40x@h:5/n?sslmode=require"
    )


def test_a_server_that_does_not_answer_is_a_configuration_error_without_the_password(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(ConfigError, match="DATABASE_URL cannot be used") as caught:
        Database(f"postgresql://me:canary@127.0.0.1:{port}/n", tmp_path)
    assert "canary" not in str(caught.value)


def test_a_folder_that_cannot_be_made_names_its_setting(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConfigError, match="PLAYGROUND_DATA_DIR"):
        Database("", tmp_path / "file" / "data")


def test_a_file_that_is_no_database_is_refused_and_kept(tmp_path):
    (tmp_path / "arena.db").write_text("a diary, not a database " * 100)
    with pytest.raises(ConfigError, match="not a database"):
        Database("", tmp_path)
    assert (tmp_path / "arena.db").read_text().startswith("a diary")


def test_sqlite_waits_for_the_disk_on_every_connection(tmp_path):
    database = Database("", tmp_path)
    for _ in range(2):
        with database.reading() as first, database.reading() as second:
            for connection in (first, second):
                assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
                assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
                assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    assert (tmp_path / "arena.db").exists()
    database.close()


def test_a_locked_database_says_to_try_again_and_the_vote_is_still_open(tmp_path):
    database = Database("", tmp_path)
    votes = Votes(database, "host:1")
    votes.publish(CONTENDERS)
    votes.add_battle(battle())
    database.write(lambda connection: connection.exec_driver_sql("PRAGMA busy_timeout = 10"))
    with sqlite3.connect(tmp_path / "arena.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(ArenaError, match="try again") as caught:
            votes.cast("b1", "a", "me")
        other.execute("ROLLBACK")
    assert caught.value.kind == "unavailable"
    assert votes.cast("b1", "b", "me").outcome == "b"
    database.close()


def test_a_failing_write_leaves_nothing_and_takes_nobody_along(database):
    add = text("INSERT INTO secret VALUES (:name, 'x')")
    failures, start = [], threading.Barrier(10)

    def write(at):
        def work(connection):
            connection.execute(add, {"name": f"n{at}"})
            if at % 2:
                raise RuntimeError("broken")

        start.wait()
        try:
            database.write(work)
        except RuntimeError as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(at,)) for at in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as connection:
        names = connection.execute(text("SELECT name FROM secret WHERE value = 'x' ORDER BY name")).scalars().all()
    assert names == ["n0", "n2", "n4", "n6", "n8"]
    assert len(failures) == 5


class Fresh:
    """A connection to a file that another one turns to WAL just now; it refuses as often as it has `errors`."""

    def __init__(self, *errors):
        self._errors = [self._refusal(code) for code in errors]
        self.said = []

    @staticmethod
    def _refusal(code):
        error = sqlite3.OperationalError("database is locked")
        error.sqlite_errorcode = code
        return error

    def execute(self, statement):
        if self._errors:
            raise self._errors.pop(0)
        self.said.append(statement)


def test_who_turns_a_fresh_file_to_wal_waits_for_another_that_does():
    connection = Fresh(sqlite3.SQLITE_BUSY, sqlite3.SQLITE_BUSY_RECOVERY)
    _turn_to_wal(connection)
    assert connection.said == ["PRAGMA journal_mode = WAL"]


def test_a_file_that_cannot_be_turned_to_wal_is_not_waited_for():
    with pytest.raises(sqlite3.OperationalError):
        _turn_to_wal(Fresh(sqlite3.SQLITE_READONLY))
