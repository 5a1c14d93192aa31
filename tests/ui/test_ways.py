"""The shortened ways lead where Gradio's lead."""

import threading

import httpx2
import pytest
from fastapi import Depends, FastAPI, HTTPException, Request
from gradio import route_utils

from playground.ui import ways


@pytest.mark.parametrize("head", [{}, {"x-forwarded-host": "play.example"}, {"x-forwarded-proto": "https"}])
def test_an_address_is_remembered_as_gradio_works_it_out(head, monkeypatch):
    work_out = route_utils.get_root_url
    monkeypatch.setattr(route_utils, "get_root_url", work_out)
    ways.remember_addresses()

    def asked(host):
        names = [(name.encode(), value.encode()) for name, value in {"host": host, **head}.items()]
        scope = {"type": "http", "method": "POST", "scheme": "http", "path": "/sub/gradio_api/queue/join"}
        return Request({**scope, "server": (host, 80), "root_path": "", "query_string": b"a=1", "headers": names})

    for host in ("one.example", "other.example:7860", "one.example", *(f"{at}.example" for at in range(300))):
        for way, root in (("/gradio_api/queue/join", ""), ("/sub/gradio_api/queue/join", "/sub"), ("", None)):
            assert route_utils.get_root_url(asked(host), way, root) == work_out(asked(host), way, root)


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
