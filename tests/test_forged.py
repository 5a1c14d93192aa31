"""Calls that no page makes: every function of the page by its index, with data made up."""

import json
import sqlite3

import httpx2
import pytest

from .conftest import start_app
from .upstream import configured, upstream

SESSION = "somebody"


@pytest.fixture(scope="module")
def lab_app(tmp_path_factory):
    folder = tmp_path_factory.mktemp("forged")
    with upstream() as url:
        app = start_app(folder, **configured(folder, url))
        app.folder = folder
        yield app
        app.stop()


def stored(app):
    with sqlite3.connect(app.folder / "data" / "arena.db") as database:
        return [database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("vote", "vote_revision")]


def a_battle(http):
    text = http.post("/battles", json={"prompt": "Hello"}).text
    return json.loads(text.splitlines()[0][6:])["battle"]


def called(http, index, data):
    """What the page's function `index` answers: directly, and through the queue."""
    body = {"fn_index": index, "data": data, "session_hash": SESSION, "event_data": {"outcome": "a", "index": 0}}
    direct = http.post("/gradio_api/run/predict", json=body)
    joined = http.post("/gradio_api/queue/join", json=body)
    queued = http.get("/gradio_api/queue/data", params={"session_hash": SESSION}).text if joined.is_success else ""
    return direct.status_code, direct.text + joined.text + queued


def test_no_function_called_by_its_index_votes_or_tells_a_name(lab_app):
    with httpx2.Client(base_url=lab_app.url, timeout=30) as http:
        battle = a_battle(http)
        config = http.get("/config").json()
        buttons = {
            one["id"]: one["props"]["elem_id"]
            for one in config["components"]
            if str(one["props"].get("elem_id")).startswith(("vote-", "best-", "undo", "redraw"))
        }
        targeted = [one for one in config["dependencies"] if any(target[0] in buttons for target in one["targets"])]
        assert len(targeted) >= len(buttons) >= 12
        for dependency in targeted:
            forged = [battle if at % 2 == 0 else {"battle": battle} for at, _ in enumerate(dependency["inputs"])]
            status, said = called(http, dependency["id"], forged)
            assert "canarycontender" not in said.lower() and "canaryprompt" not in said.lower()
            assert status < 500 or "Traceback" not in said
            assert stored(lab_app) == [0, 0]
        answers = [called(http, one["id"], [battle] * len(one["inputs"]))[1] for one in targeted]
        assert any("no battle" in said for said in answers), "the calls did not reach the functions"
        assert http.post(f"/battles/{battle}/vote", json={"outcome": "a"}).status_code == 200
        assert stored(lab_app) == [1, 0]
