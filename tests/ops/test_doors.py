"""What may come in: addresses, origins, rates, Gradio's other routes, one answer at a time."""

import asyncio
from contextlib import asynccontextmanager

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.responses import JSONResponse
from starlette.routing import Route

from playground.conversation.allowance import ASKING
from playground.ops.doors import ADDRESS, DoorRules, Doors, address_of
from playground.ops.gate import Gate
from playground.ops.headers import SecurityHeaders
from playground.ops.rates import Rates

STREAMING = 7


@asynccontextmanager
async def behind(rules=DoorRules(), gate=None, redis_url="", hold=None):
    async def anything(request):
        if hold is not None and request.url.path == "/chat":
            await hold.wait()
        body = (await request.body()).decode()
        return JSONResponse({"address": request.scope[ADDRESS], "asking": ASKING.get().address, "body": body})

    doors = Middleware(Doors, rules, Rates(redis_url), gate or Gate())
    app = Starlette(
        routes=[Route("/{path:path}", anything, methods=["GET", "POST"])],
        middleware=[Middleware(SecurityHeaders), doors],
    )
    transport = httpx2.ASGITransport(app=app, client=("9.9.9.9", 1))
    async with httpx2.AsyncClient(transport=transport, base_url="http://own.example") as http:
        yield http


def test_the_address_is_counted_from_the_right_so_that_nobody_can_make_one_up():
    one_line = ["6.6.6.6, 1.2.3.4, 10.0.0.1"]
    # A proxy may leave the client's line alone and add one of its own.
    for lines in (one_line, ["6.6.6.6", "1.2.3.4, 10.0.0.1"], ["6.6.6.6", "1.2.3.4", "10.0.0.1"]):
        forwarded = Headers(raw=[(b"x-forwarded-for", line.encode()) for line in lines])
        assert address_of(forwarded, "9.9.9.9", 0) == "9.9.9.9"
        assert address_of(forwarded, "9.9.9.9", 1) == "10.0.0.1"
        assert address_of(forwarded, "9.9.9.9", 2) == "1.2.3.4"
    assert address_of(Headers({"x-forwarded-for": "6.6.6.6"}), "9.9.9.9", 2) == "9.9.9.9"
    assert address_of(Headers(), "9.9.9.9", 1) == "9.9.9.9"


@pytest.mark.parametrize(
    ("address", "under"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff:0:7:1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::ffff:1.2.3.4", "1.2.3.4"),
        ("64:ff9b::102:304", "1.2.3.4"),
        ("1.2.3.4:5678", "1.2.3.4"),
        ("[2001:db8:1:2::1]:443", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::1]", "2001:db8:1:2::/64"),
        ("1.2.3.4", "1.2.3.4"),
        ("unknown", "unknown"),
        ("", ""),
    ],
)
def test_who_has_a_whole_ipv6_network_is_counted_once(address, under):
    forwarded = Headers({"x-forwarded-for": address or ","})
    assert address_of(forwarded, address, 0) == under
    if address:
        assert address_of(forwarded, "9.9.9.9", 1) == under


async def test_who_asks_is_known_to_what_answers():
    async with behind(DoorRules(hops=1)) as http:
        said = (await http.post("/chat", headers={"x-forwarded-for": "6.6.6.6, 1.2.3.4"}, content="hi")).json()
    assert said == {"address": "1.2.3.4", "asking": "1.2.3.4", "body": "hi"}


async def test_a_rate_holds_per_address_whatever_the_client_claims():
    async with behind(DoorRules(rate="3/1minute")) as http:
        statuses = [
            (await http.post("/chat", headers={"x-forwarded-for": f"6.6.6.{at}"})).status_code for at in range(5)
        ]
        assert statuses == [200, 200, 200, 429, 429]
        refused = await http.post("/battles/x/turns")
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert refused.json()["error"]["kind"] == "rate_limit"
        assert "wait" in refused.json()["detail"]
        assert (await http.post("/battles/x/vote")).status_code == 200
        assert (await http.get("/models")).status_code == 200


async def test_in_gradios_queue_only_what_makes_a_model_write_counts():
    rules = DoorRules(rate="2/1minute", streaming=lambda index: index == STREAMING)
    async with behind(rules) as http:
        for _ in range(4):
            said = await http.post("/gradio_api/queue/join", json={"fn_index": 1})
            assert said.status_code == 200
            assert said.json()["body"] == '{"fn_index":1}'
        statuses = [
            (await http.post("/gradio_api/queue/join", json={"fn_index": STREAMING})).status_code for _ in range(3)
        ]
        assert statuses == [200, 200, 429]


async def test_uploads_have_a_rate_of_their_own_and_a_bound_for_the_day():
    """They stay on the disk for a day, so an address that waits for each minute must not fill it."""
    async with behind(DoorRules(rate="3/1minute", uploads=True)) as http:
        assert [(await http.post("/gradio_api/upload")).status_code for _ in range(4)] == [200, 200, 200, 429]
        refused = await http.post("/gradio_api/upload")
        assert "Too many files" in refused.json()["detail"]
        assert (await http.post("/chat")).status_code == 200
    async with behind(DoorRules(rate="1000/1minute", uploads=True)) as http:
        statuses = [(await http.post("/gradio_api/upload")).status_code for _ in range(201)]
        assert statuses == [200] * 200 + [429]
        assert "200 a day" in (await http.post("/gradio_api/upload")).json()["detail"]
    async with behind(DoorRules(uploads=True)) as http:
        assert [(await http.post("/gradio_api/upload")).status_code for _ in range(5)] == [200] * 5


@pytest.mark.parametrize("index", ['"7"', "7.0", '" 7"', "null", "true", "[7]", '{"a": 7}'])
async def test_a_function_named_in_another_way_counts_as_one_that_makes_a_model_write(index):
    """Gradio takes some of these for the number: the rate must hold for them too."""
    rules = DoorRules(rate="2/1minute", streaming=lambda at: at == STREAMING)
    async with behind(rules) as http:
        for path in ("/gradio_api/queue/join", "/gradio_api/run/predict"):
            statuses = [(await http.post(path, content=f'{{"fn_index": {index}}}')).status_code for _ in range(3)]
            assert statuses[-1] == 429
        assert (await http.post("/gradio_api/queue/join", content=b"[" * 10_000)).status_code == 429
        assert (await http.post("/gradio_api/run/predict", json={"fn_index": 1})).status_code == 200


@pytest.mark.parametrize("path", ["/gradio_api/queue/join", "/gradio_api/run/predict"])
async def test_no_call_makes_the_server_fetch_a_file_from_an_address(path):
    async with behind() as http:
        for address in ("http://127.0.0.1:1/x", "https://evil.example/ten-gigabytes"):
            file = {"path": address, "meta": {"_type": "gradio.FileData"}}
            for data in ([file], [{"text": "x", "files": [file]}], [[[{"x": file}]]]):
                said = await http.post(path, json={"fn_index": 1, "data": data})
                assert said.status_code == 400
                assert "uploaded" in said.json()["detail"]
        kept = {"path": "/tmp/gradio/a.png", "url": "http://own.example/a.png", "meta": {"_type": "gradio.FileData"}}
        for data in ([kept], ["http://evil.example"], [{"path": "http://evil.example"}]):
            assert (await http.post(path, json={"fn_index": 1, "data": data})).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"origin": "http://own.example"}, 200),
        ({"origin": "https://named.example"}, 200),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "http://own.example.evil.example"}, 403),
        ({"origin": "http://own.example:81"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"origin": "http://evil.example", "x-forwarded-host": "evil.example"}, 403),
        ({"origin": "http://own.example", "sec-fetch-site": "same-origin"}, 200),
    ],
)
async def test_another_sites_page_can_post_nothing(headers, status):
    async with behind(DoorRules(hosts=frozenset({"named.example"}))) as http:
        for path in ("/chat", "/battles", "/battles/x/vote", "/battles/x/undo", "/gradio_api/run/predict"):
            assert (await http.post(path, headers=headers)).status_code == status, path
        assert (await http.get("/models", headers=headers)).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/upload",
        "/gradio_api/call/answer",
        "/gradio_api/api/predict",
        "/gradio_api/run/answer",
        "/gradio_api/component_server",
        "/gradio_api/proxy=http://169.254.169.254/latest",
        "/gradio_api/file=http://169.254.169.254/latest",
        "/gradio_api/file=HTTPS://evil.example",
        "/gradio_api/vibe-edit",
        "/gradio_api/process_recording",
        "/gradio_api/deep_link",
        "/gradio_api/stream/x",
        "/gradio_api/dev/reload",
        "/monitoring/x",
        "/custom_component/x/y/z/w",
    ],
)
async def test_routes_that_the_page_does_not_use_are_not_there(path):
    async with behind() as http:
        assert (await http.post(path)).status_code == 404
        assert (await http.get(path)).status_code == 404


async def test_one_answer_at_a_time_and_none_once_it_ends():
    gate, hold = Gate(one_each=True), asyncio.Event()
    async with behind(gate=gate, hold=hold) as http:
        first = asyncio.ensure_future(http.post("/chat"))
        while not gate.active:
            await asyncio.sleep(0.01)
        second = await http.post("/chat")
        assert second.status_code == 429
        assert "still being written" in second.json()["error"]["message"]
        third = asyncio.ensure_future(http.post("/chat", headers={"user-agent": "another"}))
        while gate.active < 2:
            await asyncio.sleep(0.01)
        gate.draining = True
        late = await http.post("/chat")
        assert late.status_code == 503
        assert "restarted" in late.json()["detail"]
        assert (await http.post("/battles/x/vote")).status_code == 200
        hold.set()
        assert [(await one).status_code for one in (first, third)] == [200, 200]
        assert gate.active == 0


async def test_every_answer_says_what_the_page_never_does():
    async with behind() as http:
        for said in (await http.get("/x"), await http.post("/gradio_api/upload")):
            policy = said.headers["content-security-policy"]
            for rule in ("img-src 'self' data: blob:", "form-action 'self'", "object-src 'none'", "base-uri 'self'"):
                assert rule in policy
            assert said.headers["x-content-type-options"] == "nosniff"
            assert said.headers["x-dns-prefetch-control"] == "off"
