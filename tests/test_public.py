"""The app as strangers find it: attacked over HTTP, searched for its owner's keys, told to end in mid-work."""

import json
import re
import signal
import sqlite3
import subprocess
import sys
import threading

import httpx2
import pytest

from .conftest import ROOT, clean_environment, free_port, start_app
from .pictures import PNG
from .upstream import SAYINGS, configured

KEYS = {
    "OPENAI_API_KEY": "sk-canarykey-openai-12345678",
    "ANTHROPIC_API_KEY": "sk-ant-canarykey-anthropic-1",
    "GOOGLE_API_KEY": "AIzacanarykeygoogle1234567890abcdef",
    "HF_TOKEN": "hf_canarykeyhuggingface",
    "LAB_KEY": "canarykey without the look of one".replace(" ", "-"),
    "PLAYGROUND_ADMIN_TOKEN": "canarykey-of-the-owner",
}


def with_keys(folder, lab):
    """Every provider has a canary for a key; all of them are served by the lab, which repeats keys in its errors."""
    environ = configured(folder, lab, "broken")
    config = folder / "own.toml"
    priced = "input_price = 1.0, output_price = 2.0, max_output_tokens = 4096, "
    text = config.read_text().replace('label = "Canarylabel"', 'label = "Lab"\napi_key_env = "LAB_KEY"')
    config.write_text(re.sub(r'provider = "lab", ', f'provider = "lab", {priced}', text))
    urls = {"OPENAI_BASE_URL": f"{lab}/v1", "ANTHROPIC_BASE_URL": lab, "GOOGLE_GEMINI_BASE_URL": lab}
    return {**environ, **KEYS, **urls}


@pytest.fixture(scope="module")
def public_app(tmp_path_factory, lab):
    folder = tmp_path_factory.mktemp("public")
    environ = with_keys(folder, lab)
    # The lab reports far more tokens than it wrote, so that its canaries can be told from honest figures.
    budget = {"PLAYGROUND_DAILY_BUDGET_USD": "100000", "PLAYGROUND_SESSION_BUDGET_USD": "90000"}
    app = start_app(folder, **environ, **budget, PLAYGROUND_LOG_LEVEL="DEBUG")
    app.wait("/readyz")  # the database is there
    app.folder = folder
    yield app
    app.stop()


def question(model, text="Hello", **more):
    return {"model": model, "messages": [{"role": "user", "content": text}], **more}


def votable(app, http):
    """(id, all that was streamed) of a battle between the two that the lab serves well."""
    with sqlite3.connect(app.folder / "data" / "arena.db") as database:
        pair = [row[0] for row in database.execute("SELECT id FROM contender WHERE name LIKE 'Canarycontender%'")]
    said = http.post("/battles", json={"prompt": "Hello", "pair": pair})
    assert '"ready": true' in said.text, said.text
    return json.loads(said.text.splitlines()[0][6:])["battle"], said


def indices(http):
    """Of every function that the page has, and of one more that it has not."""
    return range(len(http.get("/config").json()["dependencies"]) + 1)


def everything_asked(app, http):
    """What the app answers when all that it can do is done, well and badly."""
    bearer = {"Authorization": f"Bearer {KEYS['PLAYGROUND_ADMIN_TOKEN']}"}
    said = [http.get(path) for path in ("/", "/config", "/gradio_api/info", "/docs", "/openapi.json", "/models")]
    models = [one["id"] for one in said[-1].json() if one["available"]]
    assert {"gpt-4o", "canarymodel-quick", "canarymodel-broken"} <= set(models)
    said += [http.post("/chat", json=question(model, max_tokens=30)) for model in models[:12] + models[-3:]]
    said += [http.post("/chat", json=question(one, stream=True)) for one in ("canarymodel-quick", "canarymodel-broken")]
    said += [http.post("/chat", json={"model": 1}), http.post("/chat", content=b"{"), http.post("/chat", json=[])]
    named, battle = votable(app, http)
    said.append(battle)
    said += [http.post(f"/battles/{named}/{what}", json={"outcome": "a"}) for what in ("vote", "vote", "undo", "undo")]
    said += [http.get(path, headers=bearer) for path in ("/metrics", "/export?format=arena", "/export?format=csv")]
    said += [
        http.get(path) for path in ("/metrics", "/export?format=csv", "/leaderboard", "/readyz", "/verdict?a=x&b=y")
    ]
    for index in indices(http):
        body = {"fn_index": index, "data": [None] * 3, "session_hash": "s"}
        said.append(http.post("/gradio_api/run/predict", json=body))
    return said


def test_no_key_is_in_any_answer_log_or_file(public_app):
    with httpx2.Client(base_url=public_app.url, timeout=60) as http:
        said = everything_asked(public_app, http)
    sent = "\n".join(f"{one.headers}\n{one.text}" for one in said)
    assert "playground_spent_usd" in sent
    written = {path: path.read_bytes() for path in public_app.folder.rglob("*") if path.is_file()}
    assert any(path.name == "arena.db" for path in written)
    for name, key in KEYS.items():
        assert key not in sent, name
        for path, content in written.items():
            assert key.encode() not in content, f"{name} is in {path}"


def test_no_key_is_in_what_a_bad_configuration_is_answered_with(tmp_path):
    wrong = {f"{name}": f"{key} é" for name, key in KEYS.items()}
    wrong |= {"OPENAI_BASE_URL": "canarykey", "REDIS_URL": "canarykey", "DATABASE_URL": "mysql://u:canarykey@h/d"}
    wrong |= {"PLAYGROUND_DAILY_BUDGET_USD": "canarykey", "PLAYGROUND_RATE_LIMIT": "canarykey"}
    ran = check(tmp_path, **wrong)
    assert ran.returncode == 2
    assert "canarykey" not in ran.stdout + ran.stderr
    for name in ("OPENAI_API_KEY", "REDIS_URL", "DATABASE_URL", "PLAYGROUND_DAILY_BUDGET_USD", "PLAYGROUND_RATE_LIMIT"):
        assert name in ran.stderr


def check(folder, *options, **environ):
    return subprocess.run(
        [sys.executable, str(ROOT / "app.py"), *(options or ["--check"])],
        cwd=folder,
        env=clean_environment(PLAYGROUND_DATA_DIR=str(folder / "data"), **environ),
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_problems_of_settings_catalog_and_database_are_told_at_once(tmp_path):
    (tmp_path / "own.toml").write_text('[models]\n"a" = { provider = "x" }\n')
    unreachable = f"postgresql://me:pass@127.0.0.1:{free_port()}/votes"
    ran = check(tmp_path, PLAYGROUND_LOG_LEVEL="LOUD", PLAYGROUND_CONFIG="own.toml", DATABASE_URL=unreachable)
    assert ran.returncode == 2
    for word in ("PLAYGROUND_LOG_LEVEL", "models.a", "DATABASE_URL cannot be used"):
        assert word in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_public_page_with_keys_and_no_budget_is_not_started(tmp_path):
    for environ, options in (
        ({"SPACE_ID": "me/space"}, ["--check"]),
        ({"SPACE_ID": "me/space"}, ["--port", str(free_port())]),
        ({}, ["--check", "--share"]),
        ({}, ["--share", "--port", str(free_port())]),
    ):
        ran = check(tmp_path, *options, OPENAI_API_KEY="sk-x", **environ)
        assert ran.returncode == 2
        assert "PLAYGROUND_DAILY_BUDGET_USD" in ran.stderr
        assert "OPENAI_API_KEY" in ran.stderr
    assert check(tmp_path, SPACE_ID="me/space").returncode == 0
    good = {"OPENAI_API_KEY": "sk-x", "PLAYGROUND_DAILY_BUDGET_USD": "2"}
    assert check(tmp_path, SPACE_ID="me/space", **good).returncode == 0
    assert check(tmp_path, OPENAI_API_KEY="sk-x").returncode == 0


@pytest.mark.parametrize(
    "path", ["/chat", "/battles", "/gradio_api/queue/join", "/gradio_api/run/predict", "/gradio_api/upload"]
)
def test_fifty_megabytes_are_refused_unread(public_app, path):
    body = b'{"data": ["' + b"x" * 50_000_000 + b'"]}'
    said = httpx2.post(public_app.url + path, content=body, headers={"content-type": "application/json"}, timeout=60)
    assert said.status_code == 413


def test_files_of_one_request_are_limited_together(public_app):
    files = [("files", (f"{at}.png", PNG.data + b"x" * 4_000_000)) for at in range(4)]
    few, many = [
        httpx2.post(f"{public_app.url}/gradio_api/upload", files=some, timeout=60) for some in (files[:3], files)
    ]
    assert (few.status_code, many.status_code) == (200, 413)
    assert "choose fewer or smaller files" in many.json()["error"]["message"]


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=/etc/passwd",
        "/gradio_api/file=../../../../etc/passwd",
        "/gradio_api/file=%2Fetc%2Fpasswd",
        "/gradio_api/file=..%2f..%2f..%2f..%2fetc%2fpasswd",
        "/gradio_api/file=file:///etc/passwd",
        "/gradio_api/file=app.log",
        "/gradio_api/file=data/arena.db",
        "/static/../../../../etc/passwd",
        "/static/..%2f..%2f..%2f..%2f..%2fetc/passwd",
        "/assets/..%2f..%2f..%2f..%2f..%2fetc/passwd",
        "/svelte/..%2f..%2f..%2f..%2f..%2fetc/passwd",
        "/battles/..%2f..%2fetc%2fpasswd/vote",
    ],
)
def test_no_path_leads_to_a_file_of_the_machine(public_app, path):
    said = raw_get(public_app, path)
    assert "root:" not in said
    assert "SQLite format" not in said
    assert re.match(r"HTTP/1.1 (4\d\d|307)", said), said[:200]


def raw_get(app, path):
    """The path as it is: a client would tidy it up."""
    import socket

    host, port = app.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as line:
        line.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode())
        return b"".join(iter(lambda: line.recv(65536), b"")).decode("utf-8", "replace")


def test_nobody_makes_the_server_call_an_address(public_app):
    heard = []
    import http.server

    class Inside(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            heard.append(self.path)
            self.send_response(200)
            self.end_headers()

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Inside)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    inside = f"http://127.0.0.1:{server.server_port}"
    with httpx2.Client(base_url=public_app.url, timeout=30) as http:
        assert http.post("/chat", json=question("gpt-4o", base_url=inside)).status_code == 422
        assert http.post("/chat", json=question(inside)).status_code == 404
        for path in (f"/gradio_api/proxy={inside}/x", f"/gradio_api/file={inside}/x"):
            assert http.get(path).status_code == 404
        file = {"path": f"{inside}/x", "url": f"{inside}/x", "meta": {"_type": "gradio.FileData"}}
        for index in indices(http):
            body = {"fn_index": index, "data": [file] * 4, "session_hash": "ssrf"}
            http.post("/gradio_api/run/predict", json=body)
    server.shutdown()
    assert heard == []


def test_another_site_can_neither_ask_nor_vote(public_app):
    evil = {"Origin": "https://evil.example"}
    with httpx2.Client(base_url=public_app.url, timeout=30) as http:
        battle, _ = votable(public_app, http)
        for path, body in (
            ("/chat", question("canarymodel-quick")),
            ("/battles", {"prompt": "Hello"}),
            (f"/battles/{battle}/vote", {"outcome": "a"}),
            ("/gradio_api/queue/join", {"fn_index": 1, "data": [], "session_hash": "x"}),
        ):
            assert http.post(path, json=body, headers=evil).status_code == 403
        own = {"Origin": public_app.url}
        assert http.post(f"/battles/{battle}/vote", json={"outcome": "a"}, headers=own).status_code == 200


def test_the_rate_holds_though_every_request_claims_another_address(tmp_path, lab):
    app = start_app(tmp_path, **configured(tmp_path, lab), PLAYGROUND_RATE_LIMIT="3/day")  # a minute may end
    try:
        with httpx2.Client(base_url=app.url, timeout=30) as http:
            forged = [{"X-Forwarded-For": f"6.6.6.{at}", "X-Real-IP": f"6.6.6.{at}"} for at in range(5)]
            said = [http.post("/chat", json=question("canarymodel-quick"), headers=one) for one in forged]
            assert [one.status_code for one in said] == [200, 200, 200, 429, 429]
            config = http.get("/config").json()
            asks = next(one["id"] for one in config["dependencies"] if one["types"]["generator"])
            body = {"fn_index": asks, "data": [], "session_hash": "x"}
            assert http.post("/gradio_api/queue/join", json=body).status_code == 429
            run = next(one["id"] for one in config["components"] if one["props"].get("elem_id") == "lab-run")
            begins = next(one["id"] for one in config["dependencies"] if [run, "click"] in one["targets"])
            said = http.post("/gradio_api/run/predict", json={**body, "fn_index": begins})
            assert said.status_code == 429, "an experiment asks models too"
    finally:
        app.stop()


def test_told_to_end_it_takes_nothing_new_and_finishes_what_streams(tmp_path, lab):
    SAYINGS["long"] = [f"word{at} " for at in range(150)]
    app = start_app(tmp_path, **configured(tmp_path, lab))
    with httpx2.Client(base_url=app.url, timeout=60) as http:
        battle = []

        def fight():
            with http.stream("POST", "/battles", json={"prompt": "long"}) as response:
                for line in response.iter_lines():
                    battle.append(line)

        with http.stream("POST", "/chat", json=question("canarymodel-slow", "long", stream=True)) as response:
            lines = response.iter_lines()
            seen = [next(lines)]
            fighting = threading.Thread(target=fight)
            fighting.start()
            while not battle:
                threading.Event().wait(0.02)
            app.process.send_signal(signal.SIGTERM)
            for _ in range(100):
                late = http.post("/chat", json=question("canarymodel-quick"))
                if late.status_code == 503:
                    break
            assert "restarted" in late.json()["error"]["message"]
            ready = http.get("/readyz")
            assert ready.status_code == 503
            assert "ending" in ready.json()["problems"][0]
            seen += list(lines)
        fighting.join(30)
    text = "".join(json.loads(line[6:]).get("text", "") for line in seen if line.startswith("data: {"))
    assert text == "".join(SAYINGS["long"])
    assert seen[-2:] == ["data: [DONE]", ""] or seen[-1] == "data: [DONE]"
    assert any('"ready": true' in line for line in battle)
    assert app.process.wait(30) == 0
    with sqlite3.connect(tmp_path / "data" / "arena.db") as database:
        assert database.execute("SELECT status FROM battle").fetchall() == [("ready",)]
