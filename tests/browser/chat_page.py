"""The chat page as a reader handles it."""

import asyncio
import re

from playwright.async_api import expect

# Seconds that a page is given to show something: a model writes slowly beside other tests.
PATIENCE_S = 30

# How wide the page wants to be. Gradio cuts off what is wider than the window, so it is asked without that.
WIDTH = """() => {
  const container = document.querySelector(".gradio-container");
  container.style.setProperty("overflow", "visible", "important");
  const wide = document.documentElement.scrollWidth;
  container.style.removeProperty("overflow");
  return wide;
}"""

TURNS_KEPT = """() => new Promise((good, bad) => {
  const opening = indexedDB.open("llm-playground", 1);
  opening.onsuccess = () => {
    const asked = opening.result.transaction("records").objectStore("records").getAll();
    asked.onsuccess = () => good(Math.max(0, ...asked.result.map((record) => record.turns.length)));
    asked.onerror = () => bad(asked.error);
  };
})"""

# What can be undone for eight seconds can be so for ten minutes: a busy machine needs longer.
LONG_UNDO = """
const later = window.setTimeout;
window.setTimeout = (act, ms, ...more) => later(act, ms === 8000 ? 600_000 : ms, ...more);
"""


async def held_back(page):
    """What the page asks for as it opens waits until the event is set."""
    let_through = asyncio.Event()

    async def late(route):
        await let_through.wait()
        await route.continue_()

    await page.route("**/gradio_api/run/**", late)
    return let_through


class Chat:
    def __init__(self, page):
        self.page = page
        self.box = page.locator("#composer textarea")
        self.transcript = page.locator("#conversation")
        self.figures = self.transcript.get_by_text(re.compile(r"tok/s|\d out"))
        self.answers = self.transcript.locator(".bot-row:not(:has(.thought-group, .turn-actions))")
        self.questions = self.transcript.locator(".user-row")
        self.stop = page.locator("#composer .stop-button")
        self.list = page.locator(".convs-list li")
        self.note = page.locator(".convs-note")
        self.picker = page.locator(".picker-button")
        self.alert = page.locator(".toast-wrap")

    async def open(self, app, query=""):
        await self.page.goto(app.url + query)
        await self.box.wait_for()
        await expect(self.picker.locator(".picker-name")).not_to_be_empty()

    async def turns_kept(self):
        """Of the longest conversation that the browser keeps."""
        return await self.page.evaluate(TURNS_KEPT)

    async def kept(self, turns):
        """Waits until so many are kept: the page stores after it has drawn, and a reload before that loses them."""
        async with asyncio.timeout(PATIENCE_S):
            while await self.turns_kept() < turns:
                await asyncio.sleep(0.1)

    async def set(self, parameter, value):
        switch = self.page.get_by_role("checkbox", name=parameter, exact=True)
        if not await switch.is_visible():
            await self.page.get_by_text("Sampling parameters").click()
        await switch.check()
        field = self.page.get_by_role("spinbutton", name=re.compile(parameter, re.I)).first
        await field.fill(str(value))
        await field.blur()

    async def choose(self, name):
        await self.picker.click()
        await self.page.get_by_role("searchbox", name="Search models").fill(name)
        await self.page.get_by_role("option", name=re.compile(re.escape(name))).first.click()

    async def want_json(self, schema=""):
        await self.page.get_by_text("Answer and context").click()
        await self.page.get_by_role("checkbox", name="Answer in JSON").check()
        if schema:
            await self.write_schema(schema)

    async def write_schema(self, schema):
        field = self.page.locator("#json-schema textarea")
        await field.fill(schema)
        await field.blur()

    async def ask(self, text):
        await expect(self.box).to_be_enabled()
        await self.box.fill(text)
        await self.box.press("Enter")

    async def answered(self, times=1):
        await expect(self.page.locator("#finished").get_by_text(re.compile(r"tok/s|\d out"))).to_have_count(
            times, timeout=60_000
        )
        await expect(self.stop).to_have_count(0)
        await expect(self.box).to_be_enabled()

    async def text(self, at=-1):
        return await (self.answers.last if at == -1 else self.answers.nth(at)).inner_text()

    def link(self, name):
        return self.transcript.get_by_role("link", name=name, exact=True)

    async def edit(self, row, text):
        await row.hover()
        await row.get_by_role("button", name=re.compile("edit", re.I)).click(force=True)
        await self.transcript.locator("textarea.edit-textarea").fill(text)
        await self.transcript.get_by_role("button", name=re.compile("submit", re.I)).click(force=True)

    async def no_sideways_scroll(self, width):
        wide = await self.page.evaluate(WIDTH)
        assert wide <= width, f"the page is {wide} px wide"


async def until(holds):
    """Waits for what no page shows."""
    async with asyncio.timeout(PATIENCE_S):
        while not holds():
            await asyncio.sleep(0.1)


async def pick(page, field, name):
    """Chooses in one of Gradio's lists. Waits for its end: the list of the next one would be taken for it."""
    await field.fill(name)
    await page.get_by_role("option", name=re.compile(rf"^{re.escape(name)}( ·|$)")).click()
    await expect(page.get_by_role("option")).to_have_count(0)
