"""Every tab with something in it, as those see it who check how the page looks: over the app of `everything`."""

import re

from playwright.async_api import expect

from .chat_page import Chat, pick

SOON = 120_000  # milliseconds; on a busy machine the small model is slow
# As `filled` names one.
LONG_NAME = "A contender whose name goes on and on, far beyond what any table has room for"
QUESTION = "Show all that an answer can hold."
ANSWER = """Text with a [link](https://example.com), `code` and **weight**.

```python
# half of it
def half(number: int) -> float:
    return number / 2 + len("two")
```

| Name | Number |
|---|---:|
| one | 1 |
"""


async def opened(page, app, query="?model=m0"):
    await Chat(page).open(app, query)
    await expect(Chat(page).picker).to_contain_text("M0")


async def look_at(page, tab):
    await page.get_by_role("tab", name=tab, exact=True).click()


async def chat(page):
    """A question with its answer."""
    await look_at(page, "Chat")
    talk = Chat(page)
    await talk.ask(QUESTION)
    await talk.answered()


async def arena(page):
    """A battle after the vote, and what is below it."""
    await look_at(page, "Arena")
    await page.get_by_role("button", name="Choose the pair").click()
    # Two that answer at once, one with a long name.
    for label, name in (("First contender", LONG_NAME), ("Second contender", "Plain")):
        await pick(page, page.get_by_label(label, exact=True), name)
    await page.locator("#arena-composer textarea").fill(QUESTION)
    await page.locator("#arena-composer textarea").press("Enter")
    await expect(page.locator("#vote-a")).to_be_enabled(timeout=SOON)
    await page.locator("#vote-a").click()
    await expect(page.locator("#seat-a")).to_contain_text("System prompt")
    await page.get_by_role("button", name="Your votes").click()


async def side_by_side(page):
    """Four columns with their answers."""
    await look_at(page, "Arena")
    await page.get_by_text("Side by side").click()
    await page.get_by_text("4 columns").click()
    await expect(page.locator("#compare-model-c input")).to_have_value(re.compile("^M0"))  # the start is filled in
    for at, letter in enumerate("abcd"):
        await pick(page, page.locator(f"#compare-model-{letter} input"), f"M{at}")
    await page.get_by_label("Same system prompt and parameters for all").check()
    await page.locator("#compare-composer textarea").fill(QUESTION)
    await page.locator("#compare-composer textarea").press("Enter")
    await expect(page.locator("#best-d")).to_be_enabled(timeout=SOON)


async def leaderboard(page):
    await look_at(page, "Leaderboard")
    await expect(page.locator("#heat td").first).to_be_visible()
    await expect(page.locator("#verdict polyline")).to_have_count(1)


async def experiments(page):
    """A finished run."""
    await look_at(page, "Experiments")
    await page.locator("#lab-prompts textarea").fill(QUESTION)
    await page.locator("#lab-max-tokens input").fill("8")
    await page.locator("#lab-samples input").fill("1")
    await expect(page.locator("#lab-run")).to_contain_text("Run 5 calls")
    await page.locator("#lab-run").click()
    await expect(page.locator("#lab-progress")).to_contain_text("5 of 5 done", timeout=SOON)
    await expect(page.locator("#lab-plots svg").first).to_be_visible()


async def tokens(page):
    await look_at(page, "Tokens")
    await expect(page.locator("#score-figures")).to_contain_text("Perplexity", timeout=SOON)
    await expect(page.locator("#next-tree button").first).to_be_visible(timeout=SOON)


SCREENS = (chat, arena, side_by_side, leaderboard, experiments, tokens)
