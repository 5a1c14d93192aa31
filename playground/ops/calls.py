"""What a call of one of the page's functions says, read before Gradio reads it. Pure; knows no function."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, cast

REMOTE = ("http://", "https://")


@dataclass(frozen=True, slots=True)
class Call:
    """`function` is its index; None where none is given in the one form that the page uses.

    `fetches`: it names a file by an address, which Gradio would fetch, all of it into memory.
    """

    function: int | None = None
    fetches: bool = False


def read_call(body: bytes) -> Call:
    """A body that cannot be read says nothing; Gradio refuses it too."""
    try:
        read: object = json.loads(body)
    except (ValueError, RecursionError):
        return Call()
    if not isinstance(read, dict):
        return Call()
    found = cast(dict[str, Any], read).get("fn_index")
    # Gradio takes "7" and 7.0 for 7; the page sends neither.
    return Call(found if type(found) is int else None, _names_an_address(cast(object, read)))


def _names_an_address(value: object) -> bool:
    rest = [value]
    while rest:
        one = rest.pop()
        if isinstance(one, dict):
            table = cast(dict[str, object], one)
            path = table.get("path")
            if isinstance(path, str) and path.startswith(REMOTE) and "meta" in table:
                return True
            rest += table.values()
        elif isinstance(one, list):
            rest += cast(list[object], one)
    return False
