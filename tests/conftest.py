"""What many tests share: the real app as a process of its own, with the real embedded model."""

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import httpx2
import platformdirs
import pytest

from .upstream import upstream

ROOT = Path(__file__).parent.parent
# One download for all test runs; a test of the download itself uses a folder of its own.
CACHE_DIR = Path(os.environ.get("PLAYGROUND_CACHE_DIR") or platformdirs.user_cache_dir("llm-playground"))
NOT_OURS = (
    "_API_KEY",
    "_BASE_URL",
    "HF_TOKEN",
    "PLAYGROUND_",
    "GRADIO_",
    "DATABASE_URL",
    "REDIS_URL",
    "SPACE_",
    "PROXY_HOPS",
)


def clean_environment(**extra: str) -> dict[str, str]:
    """The environment without anything that could reach a real provider or change a default."""
    kept = {name: value for name, value in os.environ.items() if not any(mark in name for mark in NOT_OURS)}
    return {**kept, "PLAYGROUND_CACHE_DIR": str(CACHE_DIR), **extra}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class App:
    """A running app."""

    url: str
    process: subprocess.Popen
    log: Path

    def wait(self, path: str = "/healthz", seconds: float = 60) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise AssertionError(f"the app ended with {self.process.returncode}:\n{self.log.read_text()}")
            try:
                httpx2.get(self.url + path, timeout=5).raise_for_status()
                return
            except httpx2.HTTPError:
                time.sleep(0.1)
        raise AssertionError(f"{path} did not answer in {seconds} s:\n{self.log.read_text()}")

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def start_app(folder: Path, port: int | None = None, **environ: str) -> App:
    """The app on a free port unless one is given, in a folder without a .env."""
    port = port or free_port()
    log = folder / "app.log"
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "app.py"), "--port", str(port)],
        cwd=folder,
        env=clean_environment(PLAYGROUND_DATA_DIR=str(folder / "data"), **environ),
        stdout=log.open("w"),
        stderr=subprocess.STDOUT,
    )
    app = App(f"http://127.0.0.1:{port}", process, log)
    app.wait()
    return app


@pytest.fixture(scope="module")
def lab():
    """The address of a model server that says what a test wants."""
    with upstream() as url:
        yield url


@pytest.fixture(scope="session")
def app(tmp_path_factory):
    """The app as a newcomer starts it: no key, the embedded model, which has answered once."""
    app = start_app(tmp_path_factory.mktemp("app"))
    try:
        ask = {"model": "smollm2-135m-instruct", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1}
        httpx2.post(f"{app.url}/chat", json=ask, timeout=300).raise_for_status()
        yield app
    finally:
        app.stop()


def chat(app: App, text: str = "Hello", timeout: float = 120, **more) -> httpx2.Response:
    body = {"model": "smollm2-135m-instruct", "messages": [{"role": "user", "content": text}], **more}
    return httpx2.post(f"{app.url}/chat", json=body, timeout=timeout)
