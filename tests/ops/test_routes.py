"""The doors against the routes that the app has: ours are known to them, of Gradio's only what is used is open."""

import re

import pytest
from gradio.routes import App

from playground.api import build_routes
from playground.compose import compose
from playground.ops.doors import GENERATING, DoorRules, Doors
from playground.settings import load_settings
from playground.ui.blocks import build

# Ours that change something or cost work, and make no model write. A new route has to be put here, or in GENERATING.
QUIET = {
    "POST /battles/{battle_id}/stop",
    "POST /battles/{battle_id}/vote",
    "POST /battles/{battle_id}/undo",
    "POST /tokens",
    "PUT /conversations/{conversation}",
    "DELETE /conversations/{conversation}",
}
# Of Gradio's own: a page's start, its queue, its session.
OPEN = {
    "/gradio_api/app_id",
    "/gradio_api/cancel",
    "/gradio_api/file={path_or_url:path}",
    "/gradio_api/heartbeat/{session_hash}",
    "/gradio_api/info",
    "/gradio_api/login_check",
    "/gradio_api/openapi.json",
    "/gradio_api/queue/data",
    "/gradio_api/queue/join",
    "/gradio_api/reset",
    "/gradio_api/startup-events",
    "/gradio_api/theme.css",
    "/gradio_api/user",
}


@pytest.fixture(scope="module")
def routes(tmp_path_factory):
    """(ours, Gradio's) as (methods, path) of an app that has all it can have."""
    folder = tmp_path_factory.mktemp("routes")
    environ = {"PLAYGROUND_DATA_DIR": str(folder), "PLAYGROUND_CONVERSATIONS": "server", "PLAYGROUND_ADMIN_TOKEN": "x"}
    composition = compose(load_settings(environ))
    own = build_routes(composition)
    app = App.create_app(build(composition), app_kwargs={"routes": own})
    every = [*app.routes, *(one for route in app.routes for one in inner(route))]
    theirs = [route for route in every if hasattr(route, "methods") and route not in own]
    return [[(route.methods, route.path) for route in group] for group in (own, theirs)]


def inner(route):
    return getattr(getattr(route, "original_router", None), "routes", [])


def filled(path):
    """As a client writes it."""
    return re.sub(r"\{[^}]*\}", "x1", path)


def test_each_of_our_routes_that_does_something_is_known_to_the_doors(routes):
    doing = {(method, path) for methods, path in routes[0] for method in methods - {"GET", "HEAD"}}
    generating = {f"{method} {path}" for method, path in doing if GENERATING.fullmatch(filled(path))}
    assert {f"{method} {path}" for method, path in doing} == generating | QUIET
    assert len(generating) == 5
    assert not generating & QUIET


def test_of_gradios_routes_the_page_has_what_it_uses(routes):
    doors = Doors(None, DoorRules(), None, None)
    paths = {path.rstrip("/") for _, path in routes[1] if path.startswith("/gradio_api")}
    assert len(paths) > 40, "the routes are read"
    assert {path for path in paths if doors._is_open(filled(path))} == OPEN
    assert doors._is_open("/gradio_api/run/predict")
    for closed in ("/monitoring", "/monitoring/summary", "/monitoring/x"):
        assert not doors._is_open(closed)
