"""Calls that no page makes: every function and every route of the page, with data made up.

The functions are those that the built page lists, so a new tab is attacked without a line here.
"""

import asyncio
import json
import re
import tempfile
from pathlib import Path
from urllib.parse import quote

import httpx2
import pytest

from .attacks.forgery import Caller, Forgery, client, everything, filled
from .attacks.listener import listening
from .conftest import start_app
from .upstream import SAYINGS, configured, upstream

VICTIM = "canaryvictim-session"
SECRET = "canaryvictim-words"
OWN_KEY = "canaryvictim-key-12345678"
OWNER_KEYS = {
    "OPENAI_API_KEY": "sk-canaryowner-openai-12345678",
    "ANTHROPIC_API_KEY": "sk-ant-canaryowner-anthropic-1",
    "GOOGLE_API_KEY": "AIzacanaryownergoogle1234567890abcdef",
    "HF_TOKEN": "hf_canaryownerhuggingface",
    "PLAYGROUND_ADMIN_TOKEN": "canaryowner-of-the-page",
}
# Made-up values that are taken for a key of one's own.
BROUGHT = re.compile(r"^(authorization: bearer|x-api-key:|x-goog-api-key:) (x|-10{30})$", re.IGNORECASE | re.MULTILINE)
DEEP = json.loads("[" * 200 + "]" * 200)


@pytest.fixture(scope="module")
def forgery(tmp_path_factory):
    folder = tmp_path_factory.mktemp("forged")
    with upstream() as lab, listening() as listener:
        paid = {
            "OPENAI_BASE_URL": f"{listener.home}/openai/v1",
            "ANTHROPIC_BASE_URL": f"{listener.home}/anthropic",
            "GOOGLE_GEMINI_BASE_URL": f"{listener.home}/google",
        }
        settings = {"PLAYGROUND_DAILY_BUDGET_USD": "0.0000001", "PLAYGROUND_LOG_LEVEL": "DEBUG"}
        app = start_app(folder, **configured(folder, lab), **OWNER_KEYS, **paid, **settings)
        forgery = Forgery(app, folder, listener, lab)
        app.wait("/readyz")  # the database is there
        forgery.config = httpx2.get(f"{app.url}/config").json()
        yield forgery
        app.stop()


def forged_values(home):
    """What is put in the place of every value: by what it tries."""
    return {
        "nothing": None,
        "text": "x",
        "a number": -(10**30),
        "an object": {"value": "x", "battle": "x", "__class__": "x", "keys": {"openai": "x"}},
        "deep": DEEP,
        "a file of the machine": {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}},
        "a file of ours": {"path": "data/arena.db", "orig_name": "x.txt", "meta": {"_type": "gradio.FileData"}},
        "an address inside": {
            "path": f"{home}/ssrf",
            "url": f"{home}/ssrf",
            "orig_name": "x.json",
            "meta": {"_type": "gradio.FileData"},
        },
        "files": {"text": "x", "files": [{"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}, f"{home}/f"]},
    }


EVENTS = [
    None,
    {},
    {"at": 10**40, "verb": "retry", "index": -1, "value": "x", "_data": {}},
    {"at": True, "verb": "undo", "index": [0, 0], "value": {"x": []}, "ids": "1 2 999999999 -1"},
    {"record": "[" * 5000, "text": "[" * 5000, "title": {"x": 1}, "form": "json", "ids": "9" * 5000},
    {"record": json.dumps({"id": "../../etc/passwd", "turns": [{"parent": 7}]}), "text": "\ud800", "title": "\ud800"},
    "text",
    [1, 2],
]


def attempts(forgery, function):
    """(data, event data) of every call that is tried on a function; neighbours get different values."""
    held = forgery.held(function)
    values = forged_values(forgery.listener.home)
    kinds = [forgery.components[at]["type"] for at in function["inputs"]]
    turn = function["id"]
    for at in range(3):
        yield [list(values.values())[(turn + 3 * at) % len(values)]] * len(held), EVENTS[(turn + at) % len(EVENTS)]
    yield [], None
    yield [*held, *held, None], {}
    # As a page would call it, so that it passes the components and reaches the function.
    for event in EVENTS if function["collects_event_data"] else EVENTS[:1]:
        yield held, event
    text = {"text": "x", "files": []}
    yield (
        [
            ("x" if kind == "state" else text) if one in (None, "") else one
            for one, kind in zip(held, kinds, strict=True)
        ],
        None,
    )
    for kind in {"uploadbutton", "multimodaltextbox"} & set(kinds):
        for what in ("a file of the machine", "a file of ours", "an address inside"):
            file = {"text": "x", "files": [values[what]]} if kind == "multimodaltextbox" else values[what]
            yield [file if one == kind else value for one, value in zip(kinds, held, strict=True)], None


def check(forgery, told):
    """Nothing of what was told is anybody else's, or how the server looks inside; nothing was asked of anybody."""
    for text in told:
        for secret in ("root:", "SQLite format", "Traceback", 'File "', SECRET, VICTIM, OWN_KEY, *OWNER_KEYS.values()):
            assert secret not in text, (secret, text[:500])
    # Listing models is free, and a forger may ask with a key that they brought themselves; whatever else is heard was
    # spent, or fetched from where nobody is to look.
    asked = zip(forgery.listener.heard, forgery.listener.shown, strict=True)
    others = [(path, headers) for path, headers in asked if not path.split("?")[0].endswith("/models")]
    assert [path for path, headers in others if not BROUGHT.search(headers)] == []


async def a_victim(forgery, http):
    """A session that holds a conversation with SECRET in it, and a key of its reader's own."""
    SAYINGS[SECRET] = [f"{SECRET} answered"]
    victim = Caller(http, VICTIM)
    said = json.loads(await victim.call(forgery.on("key-openai", "submit"), [OWN_KEY, None, False]))
    assert any("In use" in str(value) for value in said["data"])
    ask = forgery.on("composer", "submit")
    assert f"{SECRET} answered" in await victim.call(ask, filled(forgery, ask, SECRET, model="canarymodel-quick"))


async def test_no_function_with_made_up_data_tells_spends_or_fetches_anything(forgery):
    assert len(forgery.functions) > 150
    async with client(forgery) as http:
        await a_victim(forgery, http)
        battle = json.loads((await http.post("/battles", json={"prompt": "Hello"})).text.splitlines()[0][6:])["battle"]
        work = []
        for function in forgery.functions:
            calls = list(attempts(forgery, function))
            work += [(function, data, event, None) for data, event in calls]
            work += [(function, data, event, True) for data, event in calls[:1] if not function["queue"]]
        told = await everything(forgery, http, work, "forger")
        check(forgery, told)
        assert sum('"process_completed"' in text or '"data":' in text for text in told) > len(forgery.functions)
        assert battle not in forgery.voted_on
        assert (await http.get("/healthz")).status_code == 200
    log = forgery.app.log.read_text()
    for secret in (SECRET, OWN_KEY, VICTIM, *OWNER_KEYS.values()):
        assert secret not in log
    # What failed is told by its kind and place: a printed traceback would quote what was sent.
    assert "Traceback" not in log
    assert '"message": "a function of the page failed", "error": ' in log


async def test_nobody_votes_on_a_battle_of_another_session_by_naming_it(forgery):
    """The id in every value and in the event, on every function behind a vote, an undo or a new opponent."""
    pair = forgery.rows("SELECT id FROM contender WHERE name LIKE 'Canarycontender%'")
    buttons = {
        at
        for at, one in forgery.components.items()
        if str(one["props"].get("elem_id")).startswith(("vote-", "best-", "undo", "redraw"))
    }
    targeted = [one for one in forgery.functions if any(target[0] in buttons for target in one["targets"])]
    assert len(targeted) >= len(buttons) >= 12
    async with client(forgery) as http:
        started = await http.post("/battles", json={"prompt": "Hello", "pair": list(pair)})
        battle = json.loads(started.text.splitlines()[0][6:])["battle"]
        mine, told = Caller(http, "thief"), []
        for function in targeted:
            event = {"outcome": "a", "battle": battle, "index": 0, "_data": {"battle": battle}}
            for forged in (battle, {"battle": battle, "phase": "ready"}):
                told.append(await mine.call(function, [forged] * len(function["inputs"]), event))
                told.append(await mine.call(function, [forged] * len(function["inputs"]), event, queued=True))
        check(forgery, told)
        for text in told:
            assert "canarycontender" not in text.lower() and "canaryprompt" not in text.lower()
        assert any("no battle" in text for text in told), "the calls did not reach the functions"
        assert battle not in forgery.voted_on
        assert (await http.post(f"/battles/{battle}/vote", json={"outcome": "a"})).status_code == 200
        assert battle in forgery.voted_on


async def test_whatever_makes_a_model_write_asks_for_the_budget_first(forgery):
    """Each chain of events that ends in a generator, begun as the page would begin it, with a model that costs."""
    models = {"model": "gpt-4o", "lab_models": ["gpt-4o"], **{f"compare_model_{at}": "gpt-4o" for at in "abcd"}}
    by_id = {one["id"]: one for one in forgery.functions}
    refused = 0
    async with client(forgery) as http:
        for function in (one for one in forgery.functions if one["types"]["generator"]):
            mine = Caller(http, f"spender-{function['id']}")
            chain = [function]
            while chain[0]["trigger_after"] in by_id:
                chain.insert(0, by_id[chain[0]["trigger_after"]])
            told = [await mine.call(one, filled(forgery, one, **models)) for one in chain]
            check(forgery, told)
            refused += any(
                re.search("budget of this playground is|is left of the budget", text) is not None for text in told
            )
    assert refused >= 3, "too few chains have come to where it costs"


async def test_no_route_of_gradios_reads_a_file_or_fetches_an_address(forgery):
    routes = (await asyncio.to_thread(httpx2.get, f"{forgery.app.url}/openapi.json")).json()["paths"]
    inside = f"{forgery.listener.home}/ssrf"
    words = ["../../../../etc/passwd", "/etc/passwd", inside, "data/arena.db", "0", "predict"]
    files = [value for value in forged_values(forgery.listener.home).values() if isinstance(value, dict)]
    async with client(forgery) as http:
        told = []
        for path in [*routes, "/gradio_api/file={path}", "/gradio_api/proxy={path}"]:
            for word in words if "{" in path else words[:1]:
                place = re.sub(r"\{[^}]*\}", word, path)
                if "heartbeat" in place or "queue/data" in place:
                    continue  # goes on for as long as somebody listens
                told.append((await http.get(place, params={"url": inside, "path": word})).text)
                told += [(await http.post(place, content=json.dumps(file))).text for file in files[:2]]
        check(forgery, told)
        assert len(told) > 300


async def test_an_upload_stays_where_uploads_are_and_is_never_a_page(forgery):
    """Files are named by strangers; what they hold is handed out as a file, not as a page of this site."""
    before = set(forgery.folder.rglob("*"))
    page = b"<script>window.ran=1</script>"
    names = ["../../../x.html", "/etc/x.html", "x.svg", "..\\x.html", "x.html", "a/b/../../../x.js", "%2e%2e%2fx.html"]
    async with httpx2.AsyncClient(base_url=forgery.app.url) as http:
        for name in names:
            said = await http.post("/gradio_api/upload", files={"files": (name, page, "text/html")})
            if not said.is_success:
                continue
            (kept,) = said.json()
            assert Path(kept).resolve().is_relative_to(Path(tempfile.gettempdir()).resolve() / "llm-playground")
            shown = await http.get(f"/gradio_api/file={quote(kept)}")
            assert shown.headers["content-disposition"].startswith("attachment")
            assert shown.headers["x-content-type-options"] == "nosniff"
    assert {path for path in forgery.folder.rglob("*") if path.suffix in {".html", ".js", ".svg"}} <= before
