"""The shortened ways lead where Gradio's lead."""

import threading
from itertools import product

import httpx2
import pytest
from fastapi import Depends, FastAPI, HTTPException, Request
from gradio import route_utils

from playground.ui import ways

HEADS = ({}, {"x-forwarded-host": "play.example"}, {"x-forwarded-proto": "https"}, {"x-gradio-server": "http://in/"})
WAYS = (("/gradio_api/queue/join", ""), ("/sub/gradio_api/queue/join", "/sub"), ("", None))


def asked(host, head, path="/sub/gradio_api/queue/join", scheme="http", mounted=""):
    names = [(name.encode(), value.encode()) for name, value in {"host": host, **head}.items()]
    scope = {"type": "http", "method": "POST", "scheme": scheme, "path": path, "root_path": mounted}
    return Request({**scope, "server": (host, 80), "query_string": b"a=1", "headers": names})


@pytest.fixture
def worked_out(monkeypatch):
    """Every request that Gradio itself was asked about."""
    work_out, requests = ways.work_out, []

    def noted(request, route_path, root_path):
        requests.append(request)
        return work_out(request, route_path, root_path)

    monkeypatch.setattr(ways, "work_out", noted)
    monkeypatch.setattr(route_utils, "get_root_url", work_out)  # put back at the end
    for _ in range(2):  # as for two pages of one process
        ways.remember_addresses()
    return requests, work_out


def test_an_address_is_remembered_as_gradio_works_it_out(worked_out):
    requests, work_out = worked_out
    for _ in range(2):
        for host, head, way, scheme, mounted, path in product(
            ("one.example", "other.example:7860"), HEADS, WAYS, ("http", "https"), ("", "/sub"), ("/", "/sub/x")
        ):
            request = asked(host, head, path, scheme, mounted)
            assert route_utils.get_root_url(request, *way) == work_out(request, *way)
    assert len(requests) <= 2 * 4 * 3 * 2 * 2 * 2, "each was worked out once"


def test_strangers_fill_no_memory_with_names(worked_out):
    requests, work_out = worked_out
    for at in range(3 * ways.ADDRESSES_KEPT):
        request = asked(f"{at}.example", {})
        assert route_utils.get_root_url(request, *WAYS[0]) == work_out(request, *WAYS[0])
    before = len(requests)
    route_utils.get_root_url(asked("0.example", {}), *WAYS[0])
    assert len(requests) == before + 1, "the first was forgotten"
    long = asked("one.example", {"x-forwarded-host": "a" * ways.LONGEST_KEPT})
    before = len(requests)
    for _ in range(2):
        route_utils.get_root_url(long, *WAYS[0])
    assert len(requests) == before + 2, "and long ones are not kept at all"


async def test_what_a_route_depends_on_is_asked_in_the_loop_and_may_refuse():
    def refusing(user: str = Depends(lambda: "me")):
        where.append(threading.get_ident())
        if user != "me":
            raise HTTPException(401)

    where: list[int] = []
    app = FastAPI()
    app.get("/one", dependencies=[Depends(refusing)])(lambda: "one")
    [route] = [route for route in app.routes if route.path == "/one"]
    ways.ask_at_once(route.dependant)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://test") as http:
        assert (await http.get("/one")).json() == "one"
        route.dependant.dependencies[0].dependencies[0].call = ways.at_once(lambda: "somebody")
        assert (await http.get("/one")).status_code == 401
    assert where == [threading.get_ident()] * 2


async def test_what_is_no_plain_function_stays_as_it_is():
    async def waits():
        return "me"

    def yields():
        yield "me"

    class Called:
        async def __call__(self):
            return "me"

    app = FastAPI()
    stays = [waits, yields, Called()]
    app.get("/one", dependencies=[Depends(one) for one in stays])(lambda: "one")
    [route] = [route for route in app.routes if route.path == "/one"]
    ways.ask_at_once(route.dependant)
    assert [one.call for one in route.dependant.dependencies] == stays
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://test") as http:
        assert (await http.get("/one")).json() == "one"
