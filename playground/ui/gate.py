"""Lets every function of the page know who calls it, and one answer run per session. Knows no tab.

It wraps the functions once the page is built, so that a new tab cannot forget it. What streams takes its turn before it
begins; any other function takes one when it first makes a model work, which is asked of the Allowance.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from functools import wraps
from typing import Any, ParamSpec, TypeVar, get_type_hints

from gradio.context import LocalContext

from ..conversation.allowance import ASKING, TURN, Visitor
from ..ops.doors import ADDRESS
from ..ops.gate import ClosedError, Gate, Turn
from .refusal import refusal
from .untyped import gr

P = ParamSpec("P")
R = TypeVar("R")


def guard(page: Any, gate: Gate) -> None:
    """Wraps every asynchronous function of `page`; each has its turn when a model works for it.

    Of their annotations only those stay that Gradio looks for: it evaluates all of them, several times with each call.
    """
    for dependency in page.fns.values():
        if inspect.isasyncgenfunction(dependency.fn):
            dependency.fn = _typed(_streaming(dependency.fn, gate), dependency.fn)
        elif inspect.iscoroutinefunction(dependency.fn):
            dependency.fn = _typed(_known(dependency.fn, gate), dependency.fn)


def _typed(wrapped: Any, fn: Any) -> Any:
    hints = get_type_hints(fn)
    looked_for = gr.utils.is_special_typed_parameter
    wrapped.__annotations__ = {name: hint for name, hint in hints.items() if looked_for(name, hints)}
    wrapped.__signature__ = inspect.signature(wrapped)
    return wrapped


def asks_models(fn: Callable[P, R]) -> Callable[P, R]:
    """Marks a function that has models write and does not show it itself: no other sign tells the doors."""
    fn.__dict__["asks_models"] = True
    return fn


def streams(page: Any) -> Callable[[int], bool]:
    """Tells whether the function of that index has a model write, which counts at the door; the Allowance counts
    whatever else makes one work."""
    asking = {
        index
        for index, one in page.fns.items()
        if inspect.isasyncgenfunction(one.fn) or getattr(one.fn, "asks_models", False)
    }
    return asking.__contains__


def takes_files(page: Any) -> bool:
    """Whether any component of the page takes a file from the reader."""
    takers = {"file", "uploadbutton", "image", "multimodaltextbox", "audio", "video", "imageeditor"}
    return any(block.get_block_name() in takers for block in page.blocks.values())


def visitor() -> Visitor:
    """Who calls the function that runs now; its address was noted at the door."""
    request: Any = LocalContext.request.get(None)
    inner: Any = getattr(request, "request", None)
    return Visitor(
        inner.scope.get(ADDRESS, "") if inner is not None else "", getattr(request, "session_hash", None) or ""
    )


def session_of(who: Visitor) -> str:
    """Whose answers the gate lets in one at a time."""
    return f"{who.address} {who.session}"


def _known(fn: Any, gate: Gate) -> Any:
    @wraps(fn)
    async def known(*values: Any, **named: Any) -> Any:
        who = visitor()
        turn = Turn(gate, session_of(who))
        ASKING.set(who)
        TURN.set(turn.take)
        try:
            return await fn(*values, **named)
        finally:
            turn.end()

    return known


def _streaming(fn: Any, gate: Gate) -> Any:
    @wraps(fn)
    async def streaming(*values: Any, **named: Any) -> AsyncGenerator[Any]:
        who = visitor()
        try:
            async with gate.running(session_of(who)):
                _begin(who)
                async with aclosing(fn(*values, **named)) as stream:
                    async for value in stream:
                        yield value
                        _begin(who)  # each step may run in a context of its own
        except ClosedError as closed:
            raise refusal(closed.message) from None

    return streaming


def _begin(who: Visitor) -> None:
    """Notes who asks, and that the turn is taken."""
    ASKING.set(who)
    TURN.set(None)
