"""What Gradio and its server print of what failed goes to the log, by its kind and place. Knows no function.

The last line of a printed traceback quotes what a reader has sent.
"""

from __future__ import annotations

import logging
import traceback
from types import SimpleNamespace
from typing import Any

from gradio import queueing, routes

log = logging.getLogger(__name__)


def tell() -> None:
    """From here on, for all pages of this process; called once the server is there, which sets up a log of its own."""
    server = logging.getLogger("uvicorn")
    server.handlers.clear()
    server.propagate = True
    printing: list[Any] = [queueing, routes]
    for module in printing:
        module.traceback = SimpleNamespace(**{**vars(traceback), "print_exc": _tell})


def _tell() -> None:
    log.exception("a function of the page failed")
