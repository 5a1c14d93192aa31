"""Keys that must be found nowhere: the owner's, and a reader's own that is typed into the page.

Whoever serves the models repeats every key that it is shown, in errors of every kind and in the midst of answers.
"""

import asyncio
import json
import re
from pathlib import Path

import httpx2
import pytest
from playwright.async_api import expect
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route

from ..conftest import start_app
from ..desk import Desk, chunks, serving_desk
from ..test_public import KEYS
from ..wiretap import tapped
from .chat_page import Chat
from .test_arena import ArenaPage

# None of them looks like a key that a pattern would know.
OWN = "canaryown.of.a.reader.7431"
PROVIDERS = {"Vault": "Vault One", "OpenAI": "GPT-4o", "Anthropic": "Claude", "Google": "Gemini"}
STATUSES = (400, 401, 403, 404, 413, 418, 429, 500, 503, 529)


class EchoingDesk(Desk):
    """Takes any key. A question that is a status is answered with it; "midway" breaks off; both repeat the key."""

    async def complete(self, request):
        self.keys.append(request.headers.get("authorization", ""))
        body = await request.json()
        question = str(body["messages"][-1]["content"])
        if question.isdigit():
            return self.echo(request, int(question))
        if "midway" not in question:
            return StreamingResponse(chunks(["One", "answer."], "stop"), media_type="text/event-stream")
        return StreamingResponse(self.midway(), media_type="text/event-stream")

    async def midway(self):
        async for piece in chunks(["Some", "words"], "stop"):
            if '"stop"' in piece:
                break
            yield piece
        yield f"data: {json.dumps({'error': {'message': f'{self.keys[-1]} has no more', 'code': self.keys[-1]}})}\n\n"

    async def anything(self, request):
        shown = [request.headers.get(name, "") for name in ("authorization", "x-api-key", "x-goog-api-key")]
        self.keys += [f"{request.url.path} {one}" for one in shown if one]
        return self.echo(request, 401)

    def echo(self, request, status):
        said = " ".join([*map(str, request.headers.values()), str(request.url)])
        error = {"message": said, "code": said, "type": said, "param": said, "status": said, "details": [said]}
        return JSONResponse({"error": error, "message": said}, status, headers={"retry-after": "0"})

    async def models(self, request):
        return self.echo(request, 403)

    def more(self):
        return [Route("/{path:path}", self.anything, methods=["GET", "POST"])]


@pytest.fixture(scope="module")
def keyed_app(tmp_path_factory):
    """The owner has a canary for every provider but one, whose models the reader's own key opens."""
    folder = tmp_path_factory.mktemp("canaries")
    (folder / "temporary").mkdir()
    with serving_desk(EchoingDesk()) as desk:
        urls = {"OPENAI_BASE_URL": f"{desk.url}/openai", "ANTHROPIC_BASE_URL": desk.url}
        more = {"GOOGLE_GEMINI_BASE_URL": desk.url, "PLAYGROUND_CONVERSATIONS": "server"}
        more |= {"PLAYGROUND_DAILY_BUDGET_USD": "1000", "PLAYGROUND_LOG_LEVEL": "DEBUG"}
        # What the process writes elsewhere is to be searched too.
        more |= {"TMPDIR": str(folder / "temporary"), "GRADIO_TEMP_DIR": str(folder / "temporary" / "gradio")}
        app = start_app(folder, **desk.environment(folder), **KEYS, **urls, **more)
        app.folder, app.desk = folder, desk
        yield app
        app.stop()


KEPT = """async () => {
  const databases = {};
  for (const { name } of await indexedDB.databases()) {
    const opening = indexedDB.open(name);
    const database = await new Promise(good => (opening.onsuccess = () => good(opening.result)));
    for (const store of database.objectStoreNames) {
      const asked = database.transaction(store).objectStore(store).getAll();
      databases[store] = await new Promise(good => (asked.onsuccess = () => good(asked.result)));
    }
  }
  const entries = storage => Object.entries(storage);
  return JSON.stringify([entries(localStorage), entries(sessionStorage), document.cookie, databases, location.href]);
}"""


class Reader:
    """Does everything that a page can do with a key, and keeps what came of it."""

    def __init__(self, page, app):
        self.page = page
        self.app = app
        self.chat = Chat(page)
        self.files = {}

    async def gives(self, providers):
        await self.page.get_by_text("Your own keys").click()
        for name in providers:
            field = self.page.get_by_role("textbox", name=name, exact=True)
            await field.fill(OWN)
            await field.press("Enter")
            await expect(field).to_have_attribute("placeholder", "In use")
        await self.page.get_by_text("Your own keys").click()

    async def asks(self, *questions):
        for question in questions:
            before = await self.chat.questions.count()
            await self.chat.ask(question)
            await expect(self.chat.questions).to_have_count(before + 1)
            await expect(self.page.locator("#running .user-row")).to_have_count(0, timeout=60_000)
            await expect(self.chat.stop).to_have_count(0, timeout=60_000)
            await expect(self.chat.box).to_be_enabled()

    async def takes(self, name, press):
        async with self.page.expect_download() as download:
            await press()
        self.files[name] = Path(await (await download.value).path()).read_text()

    async def walks(self):
        """Chat, failures, the list of models, link, exports, code, conversations."""
        for name, model in PROVIDERS.items():
            await self.chat.choose(model)
            await self.asks(f"Hello {name}")
            if name == "Vault":
                await self.asks("midway", *map(str, STATUSES))
        await self.chat.picker.click()
        await self.page.get_by_role("button", name="Ask providers for more").click()
        await expect(self.page.locator(".picker-note")).not_to_contain_text("Asking")
        await self.chat.picker.click()
        await self.page.get_by_text("Get code").click()
        await self.page.get_by_role("button", name="Write the code").click()
        await expect(self.page.locator("#code")).to_contain_text("API_KEY")
        foot = self.page.locator(".convs-foot")
        for form in ("Markdown", "JSON"):
            await self.takes(form, foot.get_by_role("button", name=form).click)
        await foot.get_by_role("button", name="Copy link").click()
        await expect(self.chat.note).to_contain_text("link")
        await self.page.locator(".convs-new").click()
        await expect(self.chat.questions).to_have_count(0)
        await self.chat.list.first.get_by_role("button").first.click()
        await expect(self.chat.questions.first).to_contain_text("Hello")

    async def tries_the_rest(self, url):
        """A battle with a vote, and an experiment with what can be taken along of it."""
        arena = ArenaPage(self.page)
        await self.page.get_by_role("tab", name="Arena").click()
        await arena.ask("Hello")
        await expect(arena.notice).not_to_contain_text("Both are answering", timeout=60_000)
        if await arena.votes["tie"].is_enabled():
            await arena.votes["tie"].click()
        await self.page.get_by_role("tab", name="Experiments").click()
        await expect(self.page.locator("#lab-run")).to_contain_text("calls")
        await self.page.locator("#lab-preset-models").click()
        await self.page.locator("#lab-samples input").fill("1")
        await expect(self.page.locator("#lab-run")).to_contain_text("Run 6 calls")
        await self.page.locator("#lab-run").click()
        await expect(self.page.locator("#lab-progress")).to_contain_text("6 of 6 done", timeout=60_000)
        for link in await self.page.locator("#lab-downloads a").all():
            path = await link.get_attribute("href")
            self.files[path] = (await asyncio.to_thread(httpx2.get, f"{url}/{path}")).raise_for_status().text


def searched(texts):
    """Names of the keys that are found, and where."""
    keys = {"the reader's": OWN, **KEYS}
    return [(name, where) for where, text in texts.items() for name, key in keys.items() if key in text]


async def test_no_key_is_in_a_byte_that_is_sent_kept_written_or_taken_along(keyed_app, browser, page):
    async with tapped(keyed_app.url) as tap:
        reader = Reader(page, keyed_app)
        await reader.chat.open(tap)
        await reader.gives(PROVIDERS)
        await reader.walks()
        await reader.tries_the_rest(tap.url)
        shown = keyed_app.desk.keys
        for path in ("Bearer", "/openai/chat/completions", "/v1/messages", "/v1/models/gemini"):
            assert any(one.startswith(path) and OWN in one for one in shown), "\n".join([path, *sorted(set(shown))])
        found = {"page": await page.content(), "kept": await page.evaluate(KEPT), **reader.files}
        assert "Some words" in found["kept"] + found["JSON"] and "One answer" in found["Markdown"]

        # Only where the reader asks for it a tab keeps a key, and only the tab.
        await page.get_by_role("tab", name="Chat").click()
        await page.get_by_text("Your own keys").click()
        await page.get_by_role("checkbox", name="Remember in this tab").check()
        await page.get_by_text("Your own keys").click()
        await reader.gives(["Vault"])
        remembered = json.loads(await page.evaluate(KEPT))
        assert OWN in json.dumps(remembered[1])
        assert OWN not in json.dumps([remembered[0], *remembered[2:]])
        await reader.chat.open(tap)
        await reader.chat.choose("Vault One")
        await reader.asks("500")
        found["sent"] = tap.text()
    assert "GPT-4o" in found["sent"] and "event-stream" in found["sent"]
    written = [path for path in keyed_app.folder.rglob("*") if path.is_file()]
    assert {"arena.db", "app.log"} <= {path.name for path in written}
    assert any("conversations" in path.parts for path in written)
    found |= {str(path): path.read_bytes().decode("utf-8", "replace") for path in written}
    assert searched(found) == []
    assert re.search("canaryown|canarykey", "".join(found.values())) is None
