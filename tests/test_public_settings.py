"""What the owner's settings, and their absence, do to a public app: caps, rates, tokens, who may frame it."""

import json
import threading
from types import SimpleNamespace

import httpx2
import pytest

from playground.models.catalog import load_catalog
from playground.ops.budget import Caps
from playground.owner import most_votes_of, rate_of, rules_of
from playground.settings import load_settings
from playground.stored import open_ledger

from .conftest import start_app
from .test_faults import owned, question

PUBLIC = {"TRUSTED_PROXY_HOPS": "1"}
ONE, OTHER = {"X-Forwarded-For": "203.0.113.1"}, {"X-Forwarded-For": "203.0.113.2"}


@pytest.fixture
def started(tmp_path, lab):
    """Starts an app behind one proxy with these settings."""
    apps = []

    def start(**environ):
        apps.append(start_app(tmp_path, **owned(tmp_path, lab, **{**PUBLIC, **environ})))
        apps[0].wait("/readyz")  # the database is there
        return httpx2.Client(base_url=apps[0].url, timeout=60)

    yield start
    for app in apps:
        app.stop()


def ask(http, who, **more):
    return http.post("/chat", json=question("paid", **more), headers=who)


@pytest.mark.parametrize(
    ("cap", "whose"),
    [
        ("PLAYGROUND_ADDRESS_BUDGET_USD", "Today's budget for your network address"),
        ("PLAYGROUND_SESSION_BUDGET_USD", "Today's budget for this page"),
    ],
)
def test_a_cap_of_the_settings_ends_what_one_reader_may_spend_and_nobody_elses(started, cap, whose):
    # An answer reserves the price of its most tokens, 0.0001 dollars, and comes to more than half a dollar here.
    with started(**{cap: "0.5"}) as http:
        assert ask(http, ONE).status_code == 200
        refused = ask(http, ONE)
        assert refused.status_code == 402, refused.text
        assert whose in refused.json()["error"]["message"]
        assert ask(http, OTHER).status_code == 200


@pytest.mark.parametrize(
    ("given", "address"), [({}, None), ({"SESSION": "0.5"}, 2.5), ({"SESSION": "0.5", "ADDRESS": "0.7"}, 0.7)]
)
def test_without_a_word_of_the_owner_an_address_has_five_times_a_session(tmp_path, given, address):
    budgets = {f"PLAYGROUND_{scope}_BUDGET_USD": usd for scope, usd in {"DAILY": "9", **given}.items()}
    opened = []
    open_ledger(load_settings({**budgets, "PLAYGROUND_DATA_DIR": str(tmp_path)}), SimpleNamespace(open=opened.append))
    [ledger] = opened
    assert ledger._caps == Caps(9.0, address, float(given["SESSION"]) if given else None)


def test_one_reader_has_one_answer_at_a_time(started):
    with started() as http:
        begun = threading.Event()

        def endless():
            body = question("canarymodel-slow", "Write something endless", stream=True)
            with http.stream("POST", "/chat", json=body, headers=ONE) as answer:
                for line in answer.iter_lines():
                    begun.set()
                    if "Some" in line and over.is_set():
                        return

        over = threading.Event()
        reader = threading.Thread(target=endless)
        reader.start()
        assert begun.wait(30)
        refused = http.post("/chat", json=question("canarymodel-quick"), headers=ONE)
        assert refused.status_code == 429
        assert "An answer is still being written for you" in refused.json()["error"]["message"]
        assert http.post("/chat", json=question("canarymodel-quick"), headers=OTHER).status_code == 200
        over.set()
        reader.join(30)
        assert http.post("/chat", json=question("canarymodel-quick"), headers=ONE).status_code == 200


def test_the_metrics_are_the_owners_alone(started):
    with started(PLAYGROUND_ADMIN_TOKEN="the-owner") as http:
        for said in ({}, {"Authorization": "Bearer another"}, {"Authorization": "the-owner"}):
            refused = http.get("/metrics", headers=said)
            assert refused.status_code == 401 and "playground_" not in refused.text
        assert "playground_spent_usd" in http.get("/metrics", headers={"Authorization": "Bearer the-owner"}).text


def test_without_a_token_there_are_no_metrics(started):
    with started() as http:
        refused = http.get("/metrics", headers={"Authorization": "Bearer x"})
        assert refused.status_code == 404 and "PLAYGROUND_ADMIN_TOKEN" in refused.json()["error"]["message"]


def test_what_a_public_page_allows_where_its_owner_has_said_nothing():
    settings = load_settings({})
    assert (rate_of(settings, True), rate_of(settings, False)) == ("30/minute", "")
    catalog = load_catalog(settings)
    assert (rules_of(catalog, settings, True).local_rate, rules_of(catalog, settings, False).local_rate) == (
        "60/minute",
        "",
    )
    assert most_votes_of(settings, True) and most_votes_of(settings, False) is None


def test_hugging_face_may_frame_a_space_and_nobody_frames_anything_else(started):
    with started(SYSTEM="spaces", SPACE_ID="me/playground", SPACE_HOST="me-playground.hf.space") as http:
        policy = http.get("/").headers["content-security-policy"]
        assert "frame-ancestors 'self' https://huggingface.co https://*.hf.space" in policy
        assert "script-src 'self' 'unsafe-inline' 'unsafe-eval';" in policy
        viewer = http.get("/docs").headers["content-security-policy"]
        assert "https://cdn.jsdelivr.net" in viewer and "https://cdn.jsdelivr.net" not in policy


def test_elsewhere_only_the_page_itself_frames_it(started):
    with started() as http:
        assert http.get("/").headers["content-security-policy"].endswith("frame-ancestors 'self'")


def test_the_page_begins_with_what_is_left_of_the_budget_and_follows_it(started):
    with started(PLAYGROUND_DAILY_BUDGET_USD="5") as http:

        def left():
            config = http.get("/config").json()
            [line] = [
                one["id"] for one in config["components"] if "budget-line" in (one["props"].get("elem_classes") or [])
            ]
            [event] = [
                one["id"]
                for one in config["dependencies"]
                if one["outputs"] == [line] and [name for _, name in one["targets"]] == ["load"]
            ]
            body = {"fn_index": event, "data": [], "session_hash": "s"}
            [said] = http.post("/gradio_api/run/predict", json=body).json()["data"]
            return json.dumps(said)

        assert "$5.00 left today" in left()
        assert ask(http, ONE).status_code == 200
        assert "left today" in left() and "$5.00" not in left()
