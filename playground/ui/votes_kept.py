"""The line that says how long votes are kept, where that is not for good. Knows no store and no bucket."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..ops.durable import Keeping
from .quiet import DIRECT
from .untyped import gr

LOOK_S = 5.0
UNTIL_RESTART = "Votes are kept until this Space restarts."


def keeping_line(keeping: Keeping) -> str:
    """HTML of the line; empty where every vote is kept for good."""
    if not keeping.durable:
        said = UNTIL_RESTART
    elif keeping.unsaved:
        said = f"{keeping.unsaved:,} {'vote' if keeping.unsaved == 1 else 'votes'} not yet saved."
    else:
        return ""
    return f'<span role="status">{said}</span>'


def show(keeping: Callable[[], Keeping], load: Any, *, changes: bool) -> None:
    """Renders the line into the surrounding Blocks; `load` is the page's event. It follows what `changes`."""
    if not changes and not keeping_line(keeping()):
        return
    line = gr.HTML(keeping_line(keeping()), padding=False, elem_classes="fine-print", elem_id="keeping")
    events = [load, gr.Timer(LOOK_S).tick] if changes else [load]
    for event in events:
        event(lambda: keeping_line(keeping()), None, line, **DIRECT)
