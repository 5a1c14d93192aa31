"""What a page brings when it is opened comes a moment after its composers: brought.js waits. Knows no handler."""

from __future__ import annotations

from typing import Any

from .quiet import DIRECT


def brought(event: Any, what: str) -> None:
    """When `event` has ended, well or not, `what` is here: one of those that brought.js names."""
    for ended in (event.then, event.failure):  # the first is not for those that fail
        ended(None, js=f"() => document.documentElement.classList.add('brought-{what}')", **DIRECT)
