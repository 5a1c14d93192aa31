"""Opening databases: migrations from every version, bad addresses, and what a failed write leaves behind."""

import socket
import threading

import pytest
from sqlalchemy import text

from playground.arena.database import Database, migrate, migrations, normalized
from playground.arena.votes import Votes
from playground.errors import ConfigError

from .records import CONTENDERS, battle


def version(database):
    with database.reading() as connection:
        return connection.execute(text("SELECT max(version) FROM schema_version")).scalar()


def test_every_earlier_version_is_brought_up_to_date(database_url, tmp_path):
    database = Database(database_url, tmp_path)
    with database.engine.begin() as connection:
        tables = ["spending", "pair_count", "vote_revision", "vote", "battle", "contender", "secret", "schema_version"]
        for at in range(len(migrations()) + 1):
            for table in tables:
                connection.execute(text(f"DROP TABLE IF EXISTS {table}"))
            migrate(connection, at)
            migrate(connection)
            assert connection.execute(text("SELECT max(version) FROM schema_version")).scalar() == len(migrations())
            assert connection.execute(text("SELECT count(*) FROM vote")).scalar() == 0
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
