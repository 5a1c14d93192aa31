"""The command line, and the app started as an owner would start it, configured well and badly."""

import os
import subprocess
import sys

import httpx2

from .conftest import ROOT, chat, clean_environment, free_port, start_app


def run(*arguments, cwd, **environ):
    return subprocess.run(
        [sys.executable, str(ROOT / "app.py"), *arguments],
        cwd=cwd,
        env=clean_environment(**environ),
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_help_lists_the_options(tmp_path):
    said = run("--help", cwd=tmp_path)
    assert said.returncode == 0
    for option in ("--host", "--port", "--share", "--check", "--help"):
        assert option in said.stdout


def test_check_passes_a_good_configuration(tmp_path):
    assert run("--check", cwd=tmp_path).returncode == 0


def test_check_lists_every_problem_and_exits_2(tmp_path):
    said = run("--check", cwd=tmp_path, PLAYGROUND_LOG_LEVEL="LOUD", OPENAI_BASE_URL="sk-canary")
    assert said.returncode == 2
    assert "PLAYGROUND_LOG_LEVEL" in said.stderr
    assert "OPENAI_BASE_URL" in said.stderr
    assert "canary" not in said.stderr + said.stdout
    (tmp_path / "own.toml").write_text('[models]\n"a" = { provider = "x" }\n"b" = { provider = "y" }\n')
    said = run("--check", cwd=tmp_path, PLAYGROUND_CONFIG="own.toml")
    assert said.returncode == 2
    assert "models.a" in said.stderr
    assert "models.b" in said.stderr


def test_a_database_that_cannot_be_opened_is_a_problem_at_check_and_at_start(tmp_path):
    unreachable = f"postgresql://me:canary@127.0.0.1:{free_port()}/votes"
    for url, word in ((unreachable, "DATABASE_URL cannot be used"), ("mysql://me:canary@h/n", "postgresql://")):
        for option in (["--check"], ["--port", str(free_port())]):
            said = run(*option, cwd=tmp_path, DATABASE_URL=url, PLAYGROUND_LOCAL="off")
            assert said.returncode == 2, said.stderr
            assert word in said.stderr
            assert "canary" not in said.stderr + said.stdout
            assert "Traceback" not in said.stderr


def test_without_any_model_the_arena_says_what_is_missing(tmp_path):
    app = start_app(tmp_path, PLAYGROUND_LOCAL="off")
    try:
        said = httpx2.post(f"{app.url}/battles", json={"prompt": "Hello"}, timeout=30)
        assert said.status_code == 503
        assert "key" in said.json()["error"]["message"]
    finally:
        app.stop()


def test_a_port_that_is_none_is_a_problem_like_any_other(tmp_path):
    for port in ("70000", "http"):
        said = run("--check", "--port", port, cwd=tmp_path)
        assert said.returncode == 2
        assert "GRADIO_SERVER_PORT" in said.stderr


def test_a_port_that_is_taken_is_said_to_be(app, tmp_path):
    said = run("--port", app.url.rsplit(":", 1)[1], cwd=tmp_path)
    assert said.returncode == 2
    assert "--port" in said.stderr


def test_the_port_may_come_from_gradios_variable(tmp_path):
    port = free_port()
    log = (tmp_path / "log").open("w")
    environ = clean_environment(GRADIO_SERVER_PORT=str(port), PLAYGROUND_LOCAL="off")
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "app.py")], cwd=tmp_path, env=environ, stdout=log, stderr=log
    )
    try:
        transport = httpx2.HTTPTransport(retries=1)
        with httpx2.Client(transport=transport, timeout=5) as http:
            for _ in range(200):
                try:
                    assert http.get(f"http://127.0.0.1:{port}/healthz").status_code == 200
                    break
                except httpx2.ConnectError:
                    os.sched_yield()
                    subprocess.run(["sleep", "0.1"], check=True)
            else:
                raise AssertionError((tmp_path / "log").read_text())
    finally:
        process.terminate()
        process.wait(20)


def test_without_network_and_cache_the_page_works_and_the_question_says_what_to_do(tmp_path):
    offline = {
        "PIP_INDEX_URL": "http://127.0.0.1:9/",
        "PIP_EXTRA_INDEX_URL": "",
        "PIP_FIND_LINKS": "",
        "PIP_RETRIES": "0",
    }
    app = start_app(tmp_path, **offline, PIP_CONFIG_FILE=os.devnull, PLAYGROUND_CACHE_DIR=str(tmp_path / "cache"))
    try:
        assert httpx2.get(app.url).status_code == 200
        response = chat(app)
        assert response.status_code == 502
        assert "check the network" in response.json()["error"]["message"]
        assert "PLAYGROUND_LOCAL" in response.json()["error"]["message"]
    finally:
        app.stop()


def test_a_wrong_key_names_its_variable_and_stays_secret(tmp_path, llmock):
    llmock.fail(401, times=None)
    key = "sk-canary-abcdef"
    app = start_app(tmp_path, OPENAI_API_KEY=key, OPENAI_BASE_URL=llmock.base_url("openai"), PLAYGROUND_LOCAL="off")
    try:
        body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}]}
        response = httpx2.post(f"{app.url}/chat", json=body, timeout=30)
        assert response.status_code == 401
        assert "OPENAI_API_KEY" in response.json()["error"]["message"]
        page = httpx2.get(app.url).text + httpx2.get(f"{app.url}/config").text
        assert key not in response.text + page + app.log.read_text()
    finally:
        app.stop()


def test_a_compatible_endpoint_is_one_table_in_one_file(tmp_path, llmock):
    llmock.reply("Hello from the endpoint.", times=None)
    (tmp_path / "own.toml").write_text(
        f'[endpoints.mine]\nbase_url = "{llmock.base_url("openai")}"\napi_key_env = "MINE_KEY"\n'
        '[models]\n"mine-7b" = { provider = "mine" }\n'
    )
    app = start_app(tmp_path, PLAYGROUND_CONFIG="own.toml", MINE_KEY="x", PLAYGROUND_LOCAL="off")
    try:
        body = {"model": "mine-7b", "messages": [{"role": "user", "content": "Hi"}]}
        answer = httpx2.post(f"{app.url}/chat", json=body, timeout=30).json()
        assert answer["content"] == "Hello from the endpoint."
        assert answer["cost"] is None
    finally:
        app.stop()
