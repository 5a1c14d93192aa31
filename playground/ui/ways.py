"""Gradio's ways from a request to a function, shortened. Knows no component and no page of ours."""

# Gradio types little of what it keeps to itself.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import inspect
from typing import Any

from gradio import route_utils

# What an open page asks for all the time: the call of a function, and the news of it.
BUSIEST = tuple(f"/gradio_api/{way}" for way in ("queue/join", "queue/data", "run/{api_name}"))


def shorten(app: Any) -> None:
    """A path is compared with every route before its own: those of a question would be among the last of a hundred."""
    inner = [route.original_router.routes for route in app.router.routes if hasattr(route, "original_router")]
    busiest = [route for routes in inner for route in routes if route.path in BUSIEST]
    for route in busiest:
        ask_at_once(route.dependant)
    app.router.routes[:0] = busiest


def ask_at_once(dependant: Any) -> None:
    """What a route depends on, without a thread for each: Gradio's only compare who is signed in."""
    for one in dependant.dependencies:
        ask_at_once(one)
        if inspect.isfunction(one.call) and not (
            inspect.iscoroutinefunction(one.call)
            or inspect.isgeneratorfunction(one.call)
            or inspect.isasyncgenfunction(one.call)
        ):
            one.call = at_once(one.call)


def at_once(fn: Any) -> Any:
    async def call(**values: Any) -> Any:
        return fn(**values)

    return call


# What a page's own address depends on besides the way that was asked for, and how many addresses are remembered.
NAMES_OF_A_SITE = ("host", "x-forwarded-host", "x-forwarded-proto", "x-gradio-server")
PARTS_OF_A_WAY = ("scheme", "server", "root_path", "path")
ADDRESSES_KEPT, LONGEST_KEPT = 256, 1024
work_out = route_utils.get_root_url


def remember_addresses() -> None:
    """Gradio works a page's own address out of the request with each question, by parsing three of them."""
    known: dict[tuple[Any, ...], str] = {}

    def get_root_url(request: Any, route_path: str, root_path: str | None) -> str:
        names = [request.headers.get(name) for name in NAMES_OF_A_SITE]
        key = (route_path, root_path, *names, *(request.scope.get(part) for part in PARTS_OF_A_WAY))
        if sum(len(part) for part in key if isinstance(part, str)) > LONGEST_KEPT:
            return work_out(request, route_path, root_path)  # names are the caller's, of any length
        if key not in known:
            if len(known) >= ADDRESSES_KEPT:
                known.clear()
            known[key] = work_out(request, route_path, root_path)
        return known[key]

    route_utils.get_root_url = get_root_url
