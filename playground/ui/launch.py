"""Starts the page's server with the settings that belong together. Knows no tab and no provider."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

from ..ops import memory
from ..ops.gate import Gate
from . import failures, light, theme, uploads, zero_gpu

MOST_QUEUED = 1000
MOST_AT_ONCE = 400
DRAIN_S = 20.0
# After the last answer: its end is still on the way to the page, which then stores it.
FAREWELL_S = 1.0
LOOK_S = 0.1


def launch(
    page: Any,
    *,
    host: str,
    port: int,
    share: bool,
    routes: list[Any],
    middleware: list[Any],
) -> asyncio.AbstractEventLoop:
    """Serves `page` and our own `routes` on one port; returns its loop, which goes on serving in a thread.

    Everything that writes down what people type is off: run history (it would keep typed keys in the browser),
    monitoring, analytics. Raises OSError when the port is taken.
    """
    zero_gpu.mark()
    loops: list[asyncio.AbstractEventLoop] = []

    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncGenerator[None]:
        loops.append(asyncio.get_running_loop())
        clearing = asyncio.create_task(uploads.clearing())
        yield
        clearing.cancel()

    # No news of the queue with every event: nobody is shown its length, and each of them goes to all who wait.
    page.queue(api_open=False, max_size=MOST_QUEUED, default_concurrency_limit=40, status_update_rate=30)
    page.launch(
        server_name=host,
        server_port=port,
        share=share,
        theme=theme.THEME,
        css=theme.style(),
        head=theme.head(),
        prevent_thread_lock=True,
        ssr_mode=False,
        run_history=False,
        enable_monitoring=False,
        show_error=False,
        max_threads=MOST_AT_ONCE,
        max_file_size="5mb",
        mcp_server=False,
        footer_links=[],
        app_kwargs={
            "routes": routes,
            "middleware": middleware,
            "lifespan": lifespan,
            "docs_url": "/docs",
            "openapi_url": "/openapi.json",
        },
    )
    failures.tell()
    light.lighten(page)
    memory.settle()
    return loops[0]


def serve(page: Any, gate: Gate, open_calls: Callable[[], int]) -> None:
    """Blocks until the process is told to end, lets what streams come to its end, and closes the server.

    SIGTERM takes no new work and waits for up to DRAIN_S seconds, also for `open_calls` of models that nobody reads
    now, as an experiment's; Ctrl-C does not wait.
    """
    told = threading.Event()

    def end(_: int, __: object) -> None:
        told.set()

    signal.signal(signal.SIGTERM, end)
    drain_s = DRAIN_S
    try:
        while page.is_running and not told.wait(LOOK_S):
            pass
    except KeyboardInterrupt:
        drain_s = 0.0
    gate.draining = True
    until = time.monotonic() + drain_s
    had_work = gate.active + open_calls() > 0
    while gate.active + open_calls() and time.monotonic() < until:
        time.sleep(LOOK_S)
    if had_work and drain_s:
        time.sleep(FAREWELL_S)
    page.close(verbose=False)
