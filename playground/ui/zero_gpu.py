"""What a ZeroGPU Space asks of every app: one function marked as wanting a GPU. Nothing here uses one."""

from __future__ import annotations

import importlib
from typing import Any


def mark() -> None:
    """Marks a function, before the page is launched, where the package for it is installed: on a Space."""
    try:
        spaces: Any = importlib.import_module("spaces")
    except ImportError:
        return
    spaces.GPU(_nothing)


def _nothing() -> None:
    """Is never called."""
