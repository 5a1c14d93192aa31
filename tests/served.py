"""A small server of a test's own, on a free port of loopback, from a thread of the test's process."""

import threading
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette


@contextmanager
def served(routes):
    """Its address. At the end it does not wait for answers that are still streaming."""
    app = Starlette(routes=routes)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        threading.Event().wait(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        server.force_exit = True
        thread.join()
