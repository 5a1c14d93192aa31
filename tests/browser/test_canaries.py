"""Keys that must be found nowhere: the owner's, those in addresses too, and a reader's own that is typed into the page.

Whoever serves the models repeats every key that it is shown, in errors of every kind and in the midst of answers.
"""

import asyncio
import json
import re
import shutil
from pathlib import Path

import httpx2
import pytest
from playwright.async_api import expect

from ..attacks.echo import BUCKET_KEY, DATABASE_KEY, REDIS_KEY, EchoingDesk, servers
from ..conftest import start_app
from ..desk import serving_desk
from ..pictures import PNG
from ..test_public import KEYS
from ..wiretap import tapped
from .chat_page import Chat, pick
from .test_arena import ArenaPage

# None of them looks like a key that a pattern would know.
OWN = "canaryown.of.a.reader.7431"
EVERY = {
    "the reader's": OWN,
    **KEYS,
    "DATABASE_URL": DATABASE_KEY,
    "REDIS_URL": REDIS_KEY,
    "PLAYGROUND_BUCKET_TOKEN": BUCKET_KEY,
}
PROVIDERS = {"Vault": "Vault One", "OpenAI": "GPT-4o", "Anthropic": "Claude", "Google": "Gemini"}
STATUSES = (400, 401, 403, 404, 413, 418, 429, 500, 503, 529)


@pytest.fixture
def keyed_app(tmp_path_factory):
    """The owner has a canary for every provider but one, whose models the reader's own key opens, and for each of the
    servers behind the app."""
    if not shutil.which("redis-server"):
        pytest.skip("no redis-server: apt-get install redis-server")
    folder = tmp_path_factory.mktemp("canaries")
    temporary = folder / "temporary"
    temporary.mkdir()
    with serving_desk(EchoingDesk()) as desk, servers() as behind:
        urls = {"OPENAI_BASE_URL": f"{desk.url}/openai", "ANTHROPIC_BASE_URL": desk.url}
        more = {"GOOGLE_GEMINI_BASE_URL": desk.url, "PLAYGROUND_CONVERSATIONS": "server"}
        more |= {"PLAYGROUND_DAILY_BUDGET_USD": "1000", "PLAYGROUND_LOG_LEVEL": "DEBUG"}
        more |= {"PLAYGROUND_RATE_LIMIT": "10000/minute", **behind.environment(desk.url)}
        # What the process writes elsewhere is to be searched too.
        more |= {
            "TMPDIR": str(temporary),
            "GRADIO_TEMP_DIR": str(temporary / "gradio"),
            "HF_HOME": str(temporary / "hf"),
        }
        app = start_app(folder, **desk.environment(folder), **KEYS, **urls, **more)
        app.folder, app.desk, app.behind = folder, desk, behind
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
            await self.settled(before + 1)

    async def settled(self, rows):
        await expect(self.chat.questions).to_have_count(rows)
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

    async def shows_a_picture(self):
        await self.chat.choose("GPT-4o")
        await self.page.locator("#composer input[type=file]").set_input_files(
            {"name": "red.png", "mimeType": "image/png", "buffer": PNG.data}
        )
        await self.page.locator("#composer img").wait_for()
        before = await self.chat.questions.count()
        await self.chat.ask("What is this?")
        await self.settled(before + 2)  # the picture has a row of its own

    async def compares(self):
        """Named columns, one of which is refused, and another two that are voted on; then a blind vote on the same."""
        await self.page.get_by_role("tab", name="Arena").click()
        await self.page.get_by_text("Side by side").click()
        refused, answered = (("GPT-4o", "Vault One"), "gave no answer"), (("Desk Two", "Desk One"), "Which is best")
        for models, notice in (refused, answered):
            for letter, model in zip("ab", models, strict=True):
                await pick(self.page, self.page.locator(f"#compare-model-{letter} input"), model)
            await self.page.locator("#compare-composer textarea").fill("Hello columns")
            await self.page.locator("#compare-composer textarea").press("Enter")
            await expect(self.page.locator("#compare-notice")).to_contain_text(notice, timeout=60_000)
        await self.page.locator("#best-a").click()
        await expect(self.page.locator("#compare-notice")).to_contain_text("You voted")
        await self.page.locator(".segmented").get_by_text("Blind battle", exact=True).click()
        await self.page.get_by_text("Choose the pair").click()
        for label, model in (("First contender", "Desk One"), ("Second contender", "Desk Two")):
            await pick(self.page, self.page.get_by_label(label, exact=True), model)
        arena = ArenaPage(self.page)
        await arena.ask("Hello pair")
        await arena.ready()
        await arena.votes["b"].click()
        await expect(arena.notice).to_contain_text("You voted")

    async def looks_at_the_votes(self, url):
        """The leaderboard, what can be taken along of it, and the owner's judge."""
        await self.page.get_by_role("tab", name="Leaderboard").click()
        await expect(self.page.locator("#board")).to_contain_text("Desk One")
        for link in await self.page.locator("#board-downloads a").all():
            path = await link.get_attribute("href")
            self.files[path] = (await asyncio.to_thread(httpx2.get, f"{url}/{path}")).raise_for_status().text
        await self.page.locator("#judge-panel > button").click()
        await self.page.locator("#judge-token input").fill(KEYS["PLAYGROUND_ADMIN_TOKEN"])
        await self.page.locator("#judge-look").click()
        await expect(self.page.locator("#judge-said")).to_contain_text("would judge 1 battle")
        await self.page.locator("#judge-start").click()
        await expect(self.page.locator("#judge-said")).to_contain_text("Stopped: ", timeout=60_000)

    async def counts_tokens(self):
        await self.page.get_by_role("tab", name="Tokens").click()
        await self.page.locator("#tokens-text textarea").fill("Some words")
        await expect(self.page.locator("#tokens")).to_contain_text("Some words")
        await expect(self.page.locator("#score-figures")).not_to_be_empty()

    async def tries_the_rest(self, url):
        """A battle with a vote, and an experiment with what can be taken along of it."""
        arena = ArenaPage(self.page)
        await self.page.get_by_role("tab", name="Arena").click()
        await arena.ask("Hello")
        await expect(self.page.locator("#pane-a .user-row")).to_have_count(1)
        await expect(arena.notice).not_to_contain_text("Both are answering", timeout=60_000)
        if await arena.votes["tie"].is_enabled():
            await arena.votes["tie"].click()
        await self.page.get_by_role("tab", name="Experiments").click()
        await expect(self.page.locator("#lab-run")).to_contain_text("calls")
        await self.page.locator("#lab-preset-models").click()
        await expect(self.page.locator("#lab-run")).to_contain_text("Run 18 calls")
        await self.page.locator("#lab-samples input").fill("1")
        await expect(self.page.locator("#lab-run")).to_contain_text("Run 6 calls")
        await self.page.locator("#lab-run").click()
        await expect(self.page.locator("#lab-progress")).to_contain_text("6 of 6 done", timeout=60_000)
        for link in await self.page.locator("#lab-downloads a").all():
            path = await link.get_attribute("href")
            self.files[path] = (await asyncio.to_thread(httpx2.get, f"{url}/{path}")).raise_for_status().text


def written(folder):
    """Every file below it, as text."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path): path.read_bytes().decode("utf-8", "replace") for path in files}


def searched(texts):
    """Names of the keys that are found, and where."""
    return [(name, where) for where, text in texts.items() for name, key in EVERY.items() if key in text]


async def test_no_key_is_in_a_byte_that_is_sent_kept_written_or_taken_along(keyed_app, browser, page):
    async with tapped(keyed_app.url) as tap:
        reader = Reader(page, keyed_app)
        await reader.chat.open(tap)
        await reader.gives(PROVIDERS)
        await reader.walks()
        await reader.shows_a_picture()
        await reader.tries_the_rest(tap.url)
        await reader.compares()
        await reader.looks_at_the_votes(tap.url)
        await reader.counts_tokens()
        shown = keyed_app.desk.keys
        for path in ("Bearer", "/openai/chat/completions", "/v1/messages", "/v1/models/gemini"):
            assert any(one.startswith(path) and OWN in one for one in shown), "\n".join([path, *sorted(set(shown))])
        assert any("/api/buckets/me/votes" in one and BUCKET_KEY in one for one in shown)
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
        found |= keyed_app.behind.stored()
        keyed_app.behind.stop()
        await reader.asks("Is anybody there?")
        found["not ready"] = (await asyncio.to_thread(httpx2.get, f"{tap.url}/readyz")).text
        found["sent"] = tap.text()
        found |= written(keyed_app.folder)
    keyed_app.stop()
    found["at the end"] = keyed_app.log.read_text()
    assert "GPT-4o" in found["sent"] and "event-stream" in found["sent"]
    names = {Path(where).name for where in found}
    assert "app.log" in names and any(name.endswith(".png") for name in names)
    assert "Desk One" in found["contender"] and "Hello pair" in found["battle"]
    assert "database" in found["not ready"] and "REDIS_URL" in found["not ready"]
    assert any("/conversations/" in where for where in found)
    assert searched(found) == []
    assert re.search("canaryown|canarykey", "".join(found.values())) is None
