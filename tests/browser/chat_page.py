"""The chat page as a reader handles it."""

import re

from playwright.async_api import expect


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

    async def open(self, app, query=""):
        await self.page.goto(app.url + query)
        await self.box.wait_for()
        await expect(self.picker.locator(".picker-name")).not_to_be_empty()

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
        assert await self.page.evaluate("document.documentElement.scrollWidth") <= width
