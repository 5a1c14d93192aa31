"""Servers as processes of their own: started, timed until they answer, weighed, stopped."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
EMPTY = Path(__file__).parent / "peers" / "empty_blocks.py"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Server:
    """A running server, how long it took until `/` answered, and how to weigh it."""

    url: str
    process: subprocess.Popen[bytes]
    start_s: float

    def memory_mb(self) -> float:
        """Resident memory in MB (Linux)."""
        status = Path(f"/proc/{self.process.pid}/status").read_text("utf-8")
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024

    @contextmanager
    def peak_mb(self) -> Iterator[list[float]]:
        """Watches the memory while the block runs; the list has the highest figure afterwards."""
        seen, over = [self.memory_mb()], threading.Event()

        def watch() -> None:
            while not over.wait(0.1):
                seen[0] = max(seen[0], self.memory_mb())

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield seen
        finally:
            over.set()
            watcher.join()

    def cpu_s(self) -> float:
        return cpu_s(self.process.pid)


def cpu_s(pid: int) -> float:
    """CPU seconds that a process has spent so far, user and system (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def serving(script: Path, **environ: str) -> Iterator[Server]:
    """A Python script of this project as `running`."""
    with running([sys.executable, str(script)], {"PYTHONPATH": str(ROOT), **environ}) as server:
        yield server


@contextmanager
def running(command: Sequence[str], environ: Mapping[str, str], within_s: float = 120) -> Iterator[Server]:
    """`command --port N` in a folder of its own until the block is left; waits until `/` answers with 200."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        process = subprocess.Popen(
            [*command, "--port", str(port)],
            cwd=folder,
            env={**os.environ, **environ},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(url, process, within_s)
            yield Server(url, process, time.perf_counter() - began)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()


def _wait(url: str, process: subprocess.Popen[bytes], within_s: float) -> None:
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                answer.read()
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.01)
    raise RuntimeError(f"the server did not answer within {within_s:.0f} s")
