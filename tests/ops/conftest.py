"""A real Redis for the tests that need one."""

import shutil
import subprocess
import time

import pytest

from ..conftest import free_port


class Redis:
    """Debian's redis-server on a free port, without files, and with a password where one is given."""

    def __init__(self, password=""):
        self.port = free_port()
        self.password = password
        self.url = f"redis://:{password}@127.0.0.1:{self.port}/0" if password else f"redis://127.0.0.1:{self.port}/0"
        self.process = None
        self.start()

    def start(self):
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        options += ["--requirepass", self.password] if self.password else []
        self.process = subprocess.Popen(["redis-server", *options], stdout=subprocess.PIPE, text=True)
        for line in self.process.stdout:
            if "Ready to accept connections" in line:
                return
        raise AssertionError("redis-server ended")

    def stop(self):
        self.process.terminate()
        self.process.wait(10)
        self.process.stdout.close()
        time.sleep(0.05)


@pytest.fixture
def redis():
    if not shutil.which("redis-server"):
        pytest.skip("no redis-server: apt-get install redis-server")
    server = Redis()
    yield server
    server.stop()
