"""Every tab while it is empty, while it streams and where it failed: it fits the window, and nothing jumps."""

import pytest
from playwright.async_api import expect

from ..conftest import start_app
from ..upstream import configured, upstream
from .chat_page import Chat, pick
from .screens import look_at
from .test_visit import WINDOWS, found_unfit, visitor

LONG = "Write something endless"
TABS = ("Chat", "Arena", "Leaderboard", "Experiments", "Tokens")
# How much of the window has moved by itself; https://web.dev/articles/cls calls up to 0.1 good.
JUMPS = """
window.jumped = 0;
new PerformanceObserver((list) => {
  for (const shift of list.getEntries()) if (!shift.hadRecentInput) window.jumped += shift.value;
}).observe({ type: "layout-shift" });
"""
GOOD = 0.1


@pytest.fixture(scope="module")
def lab_app(tmp_path_factory):
    """Two contenders that answer, and a model that fails. No embedded model."""
    folder = tmp_path_factory.mktemp("states")
    with upstream() as lab:
        environ = configured(folder, lab, "broken")
        with (folder / "own.toml").open("a") as config:
            config.write('[contenders."canarymodel-broken"]\nretired = true\n')
        app = start_app(folder, **environ)
        yield app
        app.stop()


class Visit:
    """Looks at a page in each state; `unfit` is what a designer would send back."""

    def __init__(self, page):
        self.page = page
        self.unfit = []

    async def look(self, state):
        for _ in range(2):  # in both themes
            self.unfit += [f"{state}: {one}" for one in await found_unfit(self.page)]
            await self.page.evaluate("document.body.classList.toggle('dark')")

    async def empty(self):
        for tab in TABS:
            await look_at(self.page, tab)
            await self.look(f"{tab}, empty")

    async def chat(self):
        await look_at(self.page, "Chat")
        chat = Chat(self.page)
        await chat.ask(LONG)
        await expect(chat.answers.last).to_contain_text("Some words")
        # What an answer is followed by while it grows is there from its beginning on.
        await self.page.evaluate("window.jumped = 0")
        before = await chat.text()
        await expect(chat.answers.last).not_to_have_text(before)
        await self.look("chat, streaming")
        assert await self.page.evaluate("window.jumped") <= GOOD
        await chat.stop.click()
        await expect(chat.stop).to_have_count(0)
        await self.look("chat, stopped")

    async def failed_chat(self, app):
        chat = Chat(self.page)
        await chat.open(app, "?model=canarymodel-broken")
        await expect(self.page.locator("#composer")).to_be_visible()
        await chat.ask("Hello")
        await expect(chat.transcript).to_contain_text("has a problem of its own")
        await self.look("chat, failed")

    async def arena(self):
        await look_at(self.page, "Arena")
        box = self.page.locator("#arena-composer textarea")
        await box.fill(LONG)
        await box.press("Enter")
        await expect(self.page.locator("#pane-a .bot-row").last).to_contain_text("Some words")
        await self.page.evaluate("window.jumped = 0")
        await self.look("battle, streaming")
        assert await self.page.evaluate("window.jumped") <= GOOD
        await self.page.locator("#arena-composer .stop-button").click()
        await expect(self.page.locator("#vote-a")).to_be_enabled()
        await self.look("battle, stopped")

    async def columns(self):
        await self.page.get_by_text("Side by side", exact=True).click()
        await pick(self.page, self.page.locator("#compare-model-b input"), "Canaryname Broken")
        box = self.page.locator("#compare-composer textarea")
        await box.fill(LONG)
        await box.press("Enter")
        await expect(self.page.locator("#compare-a .bot-row")).to_contain_text("Some words")
        await expect(self.page.locator("#compare-b")).to_contain_text("has a problem of its own")
        await self.look("columns, one streaming and one failed")
        await self.page.locator("#compare-composer .stop-button").click()
        await expect(self.page.locator("#compare-notice")).to_contain_text("A column gave no answer")
        await self.look("columns, one failed")

    async def experiment(self):
        await look_at(self.page, "Experiments")
        await self.page.locator("#lab-prompts textarea").fill(f"Hello\n{LONG}")
        await self.page.locator("#lab-samples input").fill("1")
        await expect(self.page.locator("#lab-run")).to_contain_text("Run 10 calls")
        await self.page.locator("#lab-run").click()
        await expect(self.page.locator("#lab-stop")).to_be_visible()
        await expect(self.page.locator("#lab-grid .answer").first).to_be_visible()
        await self.look("experiment, running")
        await self.page.locator("#lab-stop").click()
        await expect(self.page.locator("#lab-resume")).to_be_visible()
        await self.look("experiment, stopped")


@pytest.mark.parametrize(("width", "height", "scheme"), WINDOWS)
async def test_every_state_fits_the_window_and_what_streams_does_not_jump(browser, lab_app, width, height, scheme):
    page, said = await visitor(browser, width, height, scheme)
    await page.add_init_script(JUMPS)
    await Chat(page).open(lab_app, "?model=canarymodel-slow")
    await expect(Chat(page).picker).to_contain_text("Canaryname Slow")
    visit = Visit(page)
    await visit.empty()
    await visit.chat()
    await visit.arena()
    await visit.columns()
    await visit.experiment()
    await visit.failed_chat(lab_app)
    assert visit.unfit == []
    assert said == []


async def test_a_page_that_jumps_is_seen_to_jump(browser, lab_app):
    page, _ = await visitor(browser, 1440, 900, "light")
    await page.add_init_script(JUMPS)
    await Chat(page).open(lab_app)
    await page.evaluate("window.jumped = 0")
    await page.evaluate("document.body.insertAdjacentHTML('afterbegin', '<div style=\"height: 300px\"></div>')")
    await page.wait_for_function(f"window.jumped > {GOOD}")
