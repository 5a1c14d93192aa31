"""A whole visit, tab by tab with something in each: it fits the window, and the browser has nothing to complain of."""

import pytest

from .chat_page import WIDTH
from .screens import SCREENS, opened

# As a desktop, a laptop and a phone have it; the page is opened in one theme and looked at in both.
WINDOWS = [(1440, 900, "light"), (1024, 768, "dark"), (390, 844, "light")]
VIOLATIONS = """document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
  console.error(`the policy forbids ${violatedDirective} ${blockedURI}`));"""
# What may scroll up and down within the page. On the chat's, the page itself does not.
MEANT = (
    "textarea, .chat-scroll, .chat-list, .chat-side, .convs-list, .pane .panel-wrap, .seat dd, .lab-scroll, "
    ".lab-grid .answer, .lab-grid .asked div, .tokens, .surprise, .by-model-box"
)
# Sentences about what does not fit. A frame that scrolls sideways, and text that ends in an ellipsis, are meant to.
UNFIT = """(meant) => {
  const found = new Set();
  const page = document.documentElement;
  const isChat = document.getElementById("chat").offsetParent !== null;
  if (isChat && page.scrollHeight > innerHeight) found.add("the chat's page scrolls");
  const seen = (node) => node.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  for (const box of document.querySelectorAll(`body *:not(${meant})`)) {
    const scrolls = /auto|scroll/.test(getComputedStyle(box).overflowY) && box.scrollHeight > box.clientHeight + 1;
    if (scrolls && seen(box)) found.add(`a scroll bar of its own: ${box.id} ${box.className}`);
  }
  const range = document.createRange();
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const bounds = (text) => {
    let [left, right] = [0, innerWidth];
    for (let box = text.parentElement; box && box !== document.body; box = box.parentElement) {
      const { overflowX, textOverflow, position } = getComputedStyle(box);
      const edges = box.getBoundingClientRect();
      const isMeant = /auto|scroll/.test(overflowX) || textOverflow === "ellipsis" || edges.width < 2;
      if (isMeant) return [-Infinity, Infinity];
      if (/hidden|clip/.test(overflowX)) [left, right] = [Math.max(left, edges.left), Math.min(right, edges.right)];
      if (position === "fixed") break;
    }
    return [left, right];
  };
  while (texts.nextNode()) {
    const text = texts.currentNode;
    if (!text.data.trim() || !seen(text.parentElement)) continue;
    range.selectNodeContents(text);
    const [left, right] = bounds(text);
    const cut = (line) => line.width > 1 && line.height > 1 && (line.left < left - 1 || line.right > right + 1);
    if ([...range.getClientRects()].some(cut)) found.add(`cut off: ${text.data.trim().slice(0, 80)}`);
  }
  return [...found];
}"""


async def visitor(browser, width, height, scheme):
    """A page of that size, and what the browser will say against it."""
    size = {"width": width, "height": height}
    context = await browser.new_context(viewport=size, color_scheme=scheme, is_mobile=width < 500)
    page = await context.new_page()
    page.set_default_timeout(30_000)
    said = []
    page.on("console", lambda line: said.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    await page.add_init_script(VIOLATIONS)
    return page, said


async def found_unfit(page):
    wide = await page.evaluate(WIDTH) - await page.evaluate("innerWidth")
    return [*(["the page is too wide"] if wide > 0 else []), *await page.evaluate(UNFIT, MEANT)]


@pytest.mark.parametrize(("width", "height", "scheme"), WINDOWS)
async def test_every_tab_fits_the_window_and_the_browser_complains_of_nothing(
    browser, everything, width, height, scheme
):
    page, said = await visitor(browser, width, height, scheme)
    await opened(page, everything)
    unfit = []
    for screen in SCREENS:
        await screen(page)
        for _ in range(2):
            unfit += [f"{screen.__name__}: {one}" for one in await found_unfit(page)]
            await page.evaluate("document.body.classList.toggle('dark')")
    assert unfit == []
    assert said == []


SPOILED = """() => document.querySelector("main").insertAdjacentHTML("beforeend", `<div style="height: 2000px">
  <p style="width: 9000px">wide</p>
  <p style="width: 20px; overflow: hidden; white-space: nowrap">cut label</p>
  <div style="height: 20px; overflow-y: auto"><p style="height: 90px">tall</p></div>
  <img src="http://elsewhere.invalid/x.png"></div>`)"""


async def test_the_look_sees_what_does_not_fit_and_hears_of_what_the_policy_forbids(browser, everything):
    page, said = await visitor(browser, 1440, 900, "light")
    await opened(page, everything)
    assert await found_unfit(page) == []
    async with page.expect_console_message(lambda line: "the policy forbids img-src" in line.text):
        await page.evaluate(SPOILED)
    unfit = " ".join(await found_unfit(page))
    for word in ("too wide", "cut off: cut label", "a scroll bar of its own", "the chat's page scrolls"):
        assert word in unfit
    assert any("img-src http://elsewhere.invalid" in line for line in said)
