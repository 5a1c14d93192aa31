"""The Tokens tab in a real browser, with the real embedded model."""

import re

from playwright.async_api import expect

from playground.models.tokens import count

SOON = 60_000  # milliseconds; on a busy machine the small model is slow


async def opened(page, app):
    await page.goto(app.url)
    await page.get_by_role("tab", name="Tokens").click()
    return page


async def test_a_text_its_next_token_and_its_perplexity(page, app):
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    await opened(page, app)

    # Something real stands there at once.
    tokens, counts = page.locator("#tokens .tokens > i"), page.locator("#tokens-counts dd")
    await expect(tokens.first).to_have_text("Tokens", timeout=SOON)
    await expect(page.locator("#tokens-models tbody tr").first).to_contain_text("SmolLM2")
    await expect(page.locator("#score-figures")).to_contain_text("Perplexity", timeout=SOON)
    await expect(page.locator("#score")).to_be_visible(timeout=SOON)
    await expect(page.locator("#next-tree button").first).to_be_visible()
    await expect(page.locator("#tokens-counts")).not_to_contain_text("–")

    # A text of one's own, and another encoding.
    text = "tiktoken is <b>great</b>!"
    await page.locator("#tokens-text textarea").fill(text)
    await expect(tokens).to_have_count(count(text, "o200k_base"))
    await expect(page.locator("#tokens")).to_contain_text(text)
    await expect(tokens.first).to_have_attribute("title", re.compile(r"^id \d+\nbytes 74"))
    await page.locator("#tokens-encoding").get_by_text("Embedded model").click()
    await expect(page.locator("#tokens .tokens")).to_have_attribute("aria-label", re.compile(r"^\d+ tokens$"))
    painted = "nodes => new Set(nodes.map((node) => getComputedStyle(node).backgroundColor)).size"
    assert await tokens.evaluate_all(painted) == 5, "neighbours have other colours"
    local = await counts.nth(2).inner_text()
    await expect(tokens).to_have_count(int(local))

    # Next token: what is clicked is appended, by mouse and by key, and can be taken back.
    bars, strip = page.locator("#next-bars .next-bar"), page.locator("#next-strip .walk i")
    await expect(bars).to_have_count(20)
    first = await bars.first.locator(".token").inner_text()
    await bars.first.click()
    await expect(strip).to_have_text([first], timeout=SOON)
    await page.locator("#next-greedy .step").nth(1).press("Enter")
    await expect(strip).to_have_count(3, timeout=SOON)
    await page.locator("#next-back").click()
    await expect(strip).to_have_count(2, timeout=SOON)
    await page.locator("#next-anew").click()
    await expect(strip).to_have_count(0, timeout=SOON)

    # Filters change the bars; draws through other ones do not stay under their name.
    await expect(page.locator("#next-bars .next-bar.cut")).not_to_have_count(19)
    await page.locator("#next-draw").click()
    await expect(page.locator("#next-tree button").first).to_be_visible(timeout=SOON)
    top_k = page.locator("#next-top_k input[type=number]")
    await top_k.fill("1")
    await top_k.press("Tab")
    await expect(page.locator("#next-bars .next-bar.cut")).to_have_count(19)
    await expect(page.locator("#next-tree button")).to_have_count(0)
    await page.locator("#next-draw").click()
    await expect(page.locator("#next-tree button")).to_have_count(1, timeout=SOON)
    await expect(page.locator("#next-tree")).to_contain_text("10×")
    figures = page.locator("body")
    await expect(figures).to_contain_text(re.compile(r"Entropy before\s*\d\.\d\d bits"))
    await expect(figures).to_contain_text(re.compile(r"Entropy after\s*0\.00 bits"))

    # As a chat question the answer begins; an empty one is told, and what was there stays.
    await page.locator("#next-kind").get_by_text("Chat question").click()
    await expect(page.locator("#next-strip")).to_contain_text("answer", timeout=SOON)
    await page.locator("#next-prefix textarea").fill("")
    await expect(page.locator("#next-note")).to_contain_text("empty")
    await expect(bars).to_have_count(20)

    # Perplexity, and a text that is too short for it.
    await page.locator("#score-text textarea").fill("a")
    await page.locator("#score").click()
    await expect(page.locator("#score-figures")).to_contain_text("at least two tokens")
    await page.locator("#score-text textarea").fill("one two three four " * 100)
    await page.locator("#score").click()
    await expect(page.locator("#score-figures")).to_contain_text(re.compile("Scoring| of "), timeout=SOON)
    await page.locator("#score-stop").click()
    await expect(page.locator("#score")).to_be_visible()
    await expect(page.locator("#score-figures")).to_contain_text(re.compile("Scoring| of "), timeout=SOON)
    assert errors == []


async def test_a_megabyte_does_not_freeze_the_page(page, app):
    await opened(page, app)
    await expect(page.locator("#score-figures")).to_contain_text("Perplexity", timeout=SOON)
    text = "The quick brown fox, naïve. " * 36_000
    await page.locator("#tokens-text textarea").evaluate(
        """(box, text) => { box.value = text; box.dispatchEvent(new Event("input", {bubbles: true})); }""", text
    )
    await expect(page.locator("#tokens")).to_contain_text("more are counted", timeout=SOON)
    assert await page.locator("#tokens .tokens > i").count() == 2_500
    # The page and the server still answer.
    await page.get_by_role("tab", name="Chat").click()
    await expect(page.locator("#composer textarea")).to_be_visible()
