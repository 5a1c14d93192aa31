"""Starts the app as a Hugging Face Space would, and looks at what a Space's visitors and its owner would see.

Run by check_space.sh with the Python of an environment that holds a Space's packages. As root it drops to user 1000.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import httpx2

ROOT = Path(__file__).parent.parent
SPACE_USER = 1000
SPACE_PORT = 7860
HOST = "me-playground.hf.space"
MODEL = "smollm2-135m-instruct"
CANARY = "canarysecret"
MOST_MEMORY_MB = 2048  # of the 16 GB a Space has
START_S, LOAD_S, DRAIN_S = 180, 300, 25
SECRETS = {
    "OPENAI_API_KEY": f"sk-{CANARY}-openai",
    "ANTHROPIC_API_KEY": f"sk-ant-{CANARY}-anthropic",
    "GOOGLE_API_KEY": f"AIza{CANARY}google",
    "HF_TOKEN": f"hf_{CANARY}",
    "PLAYGROUND_ADMIN_TOKEN": f"{CANARY}-admin",
}
PUBLIC = ("/config", "/gradio_api/info", "/", "/models", "/openapi.json")
ASK = {"model": MODEL, "messages": [{"role": "user", "content": "Tell me a long story of a fox and a crow."}]}


class CheckError(Exception):
    """The app does not do what a Space needs."""


@dataclass(frozen=True)
class Space:
    """A running app, and the read-only copy of the code that it runs from."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path
    code: Path

    def get(self, path: str, **headers: str) -> str:
        response = httpx2.get(self.url + path, headers=headers, timeout=30)
        response.raise_for_status()
        return response.text

    def wait(self) -> None:
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            if self.process.poll() is not None:
                break
            with contextlib.suppress(httpx2.HTTPError):
                self.get("/healthz")
                return
            time.sleep(0.2)
        raise CheckError(f"the app did not start:\n{self.log.read_text()}")

    def memory_mb(self) -> int:
        """The most memory it has had so far."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) // 1024


@contextlib.contextmanager
def booted(folder: Path, **environ: str) -> Generator[Space]:
    """The app from a copy that nobody may write to, with a home and a place for temporary files elsewhere."""
    code, home, temporary = (folder / name for name in ("code", "home", "tmp"))
    copy_code(code)
    home.mkdir()
    temporary.mkdir()
    weights(home)
    give_away(home, temporary)
    port = SPACE_PORT if is_free(SPACE_PORT) else free_port()
    log = folder / "app.log"
    with log.open("wb") as written:
        process = subprocess.Popen(
            [*two_cores(), sys.executable, "app.py"],
            cwd=code,
            env=environment(home, temporary, port) | environ,
            stdout=written,
            stderr=subprocess.STDOUT,
            **as_space_user(),
        )
    space = Space(f"http://127.0.0.1:{port}", process, log, code)
    try:
        space.wait()
        yield space
    finally:
        process.kill()
        process.wait()


def environment(home: Path, temporary: Path, port: int) -> dict[str, str]:
    """What a Space sets, its owner's secrets as canaries, and of the caller's own only where packages come from."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "LANG"} or name.startswith("PIP_")}
    return {
        **kept,
        **SECRETS,
        "PLAYGROUND_DAILY_BUDGET_USD": "1",
        "HOME": str(home),
        "TMPDIR": str(temporary),
        "GRADIO_SERVER_NAME": "0.0.0.0",
        "GRADIO_SERVER_PORT": str(port),
        "SYSTEM": "spaces",
        "SPACE_ID": "me/playground",
        "SPACE_HOST": HOST,
        "SPACE_AUTHOR_NAME": "me",
        "SPACE_REPO_NAME": "playground",
        "CPU_CORES": "2",
        "MEMORY": "16Gi",
        "ACCELERATOR": "none",
        "PYTHONUNBUFFERED": "1",
    }


def check_cpu(folder: Path) -> None:
    """Everything about one running Space with the embedded model."""
    with booted(folder) as space:
        check(space, fingerprint(space.code))


def check(space: Space, files: str) -> None:
    """`files` is the code's fingerprint from before. Raises CheckError."""
    root = json.loads(space.get("/config", **{"X-Forwarded-Host": HOST, "X-Forwarded-Proto": "https"}))["root"]
    expect(root == f"https://{HOST}", f"/config behind the proxy says its root is {root}")
    answer = httpx2.post(f"{space.url}/chat", json={**ASK, "max_tokens": 40}, timeout=LOAD_S)
    expect(answer.status_code == 200, f"the embedded model did not answer: {answer.text}")
    expect("until this Space restarts" in space.get("/config"), "the page does not say how long votes are kept")
    memory = space.memory_mb()
    print(f"  memory, at most: {memory} MB (a Space has 16 GB)")
    expect(memory < MOST_MEMORY_MB, f"it took {memory} MB, {MOST_MEMORY_MB} were allowed")
    sent = {where: space.get(where) for where in PUBLIC}
    stream_to_the_end(space)
    for where, said in {**sent, "the log": space.log.read_text()}.items():
        expect(CANARY not in said, f"a secret is in {where}")
    expect(files == fingerprint(space.code), "the code directory was written to")


def stream_to_the_end(space: Space) -> None:
    """SIGTERM in the middle of an answer: the answer ends whole, and then the app."""
    # Short enough for a slow machine: the app waits 20 s for its answers.
    body = {**ASK, "max_tokens": 12, "stream": True}
    got: list[str] = []
    try:
        with httpx2.stream("POST", f"{space.url}/chat", json=body, timeout=60) as response:
            for line in response.iter_lines():
                if line.startswith("data: "):
                    got.append(line.removeprefix("data: "))
                if len(got) == 3:
                    space.process.send_signal(signal.SIGTERM)
    except httpx2.HTTPError as error:
        raise CheckError(f"SIGTERM cut the answer after {len(got)} pieces: {error}") from None
    ended = [json.loads(piece) for piece in got if "finish_reason" in piece]
    expect(len(ended) == 1 and got[-1] == "[DONE]", f"SIGTERM cut the answer after {len(got)} pieces: {got[-1]}")
    try:
        status = space.process.wait(DRAIN_S)
    except subprocess.TimeoutExpired:
        raise CheckError(f"the app still runs {DRAIN_S} s after SIGTERM") from None
    print(f"  SIGTERM in mid-answer: {len(got)} pieces to the end ({ended[0]['finish_reason']}), exit status {status}")


class DeviceApi(BaseHTTPRequestHandler):
    """What a ZeroGPU Space reports to; `reports` are the paths that were posted."""

    reports: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        self.reports.append(self.path)
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        pass


def check_zero_gpu(folder: Path) -> None:
    """A ZeroGPU Space starts: its package finds a marked function when the page is launched, and reports."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), DeviceApi)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_address[1]}"
    with booted(folder, SPACES_ZERO_GPU="true", SPACES_ZERO_DEVICE_API_URL=address, PLAYGROUND_LOCAL="off") as space:
        expect("gradio" in space.get("/").lower(), "the page is not served")
        expect(DeviceApi.reports == ["/startup-report"], f"it reported {DeviceApi.reports}, not one start")
    server.shutdown()


def copy_code(code: Path) -> None:
    """What is in the repository, as nobody's to write."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (code / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, code / name)
    for path in [*code.rglob("*"), code]:
        path.chmod(0o555 if path.is_dir() else 0o444)


def weights(home: Path) -> None:
    """Those that this machine has already, so that a check costs no download; a Space fetches them."""
    import platformdirs

    own = Path(os.environ.get("PLAYGROUND_CACHE_DIR") or platformdirs.user_cache_dir("llm-playground"))
    if own.is_dir():
        shutil.copytree(own, home / ".cache" / "llm-playground")


def give_away(*folders: Path) -> None:
    if as_space_user():
        for folder in folders:
            for path in [folder, *folder.rglob("*")]:
                os.chown(path, SPACE_USER, SPACE_USER)


def as_space_user() -> dict[str, object]:
    """What makes a process run as user 1000, where that is possible."""
    return {"user": SPACE_USER, "group": SPACE_USER, "extra_groups": []} if why_not_as_user() == "" else {}


@cache
def why_not_as_user() -> str:
    if os.geteuid() != 0:
        return "this is not root"
    try:
        subprocess.run([sys.executable, "-c", ""], cwd="/", user=SPACE_USER, group=SPACE_USER, check=True)
    except (OSError, subprocess.CalledProcessError):
        return f"user {SPACE_USER} cannot run {sys.executable}: set PYTHON to one outside root's home"
    return ""


def two_cores() -> list[str]:
    allowed = sorted(os.sched_getaffinity(0))[:2]
    return ["taskset", "-c", ",".join(map(str, allowed))] if shutil.which("taskset") else []


def fingerprint(code: Path) -> str:
    """A hash over the names and contents of every file."""
    found: Iterator[Path] = iter(sorted(code.rglob("*")))
    parts = (f"{path.relative_to(code)}:{path.read_bytes().hex() if path.is_file() else ''}" for path in found)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise CheckError(otherwise)


def main() -> int:
    if why := why_not_as_user():
        print(f"  SKIPPED: running as user {SPACE_USER}, because {why}. It runs as you.")
    with tempfile.TemporaryDirectory() as made:
        top = Path(made)
        top.chmod(0o755)
        try:
            for name, run in {"a CPU Space": check_cpu, "a ZeroGPU Space": check_zero_gpu}.items():
                folder = top / name.split()[1]
                folder.mkdir()
                print(f"{name}:", flush=True)
                run(folder)
                print("  fine")
        except CheckError as error:
            print(f"  {error}", file=sys.stderr)
            return 1
        finally:
            subprocess.run(["chmod", "-R", "u+w", made], check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
