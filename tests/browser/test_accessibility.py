"""Every tab with something in it, light and dark: axe-core finds nothing serious, and everything is reached by keys."""

import re
from pathlib import Path

import axe_playwright_python
import pytest
from playwright.async_api import expect

from . import screens
from .chat_page import Chat

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text("utf-8")
LIGHT = "?__theme=light&model=m0"
# What Gradio's own markup breaks wherever its part is used: a foldable line is a button that holds a nameless one.
GRADIOS = {("button-name", ".thought-group .arrow"), ("nested-interactive", ".thought-group")}
FIND = """async () => {
  const found = await axe.run({ resultTypes: ["violations"] });
  return found.violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map(({ target, html, any }) => {
      const inside = document.querySelector(target.flat().at(-1));
      return { id, html, why: any[0]?.message || "", gradios: GRADIOS.some(
        ([rule, part]) => rule === id && inside?.closest(part)) };
    }));
}"""


async def chat(page):
    await screens.chat(page)
    for part in await page.locator(".chat-side button.label-wrap").all():
        await part.click()
    await page.get_by_role("checkbox", name="Temperature", exact=True).check()


async def picker(page):
    await Chat(page).picker.click()
    await expect(page.get_by_role("searchbox", name="Search models")).to_be_focused()


async def leaderboard(page):
    await screens.leaderboard(page)
    await page.get_by_role("button", name=re.compile("Judge")).click()


async def experiments(page):
    await screens.experiments(page)
    await page.get_by_role("button", name="More parameters").click()


SCREENS = [chat, picker, screens.arena, screens.side_by_side, leaderboard, experiments, screens.tokens]


@pytest.mark.parametrize("screen", SCREENS)
async def test_axe_finds_nothing_serious_that_is_ours(page, everything, screen):
    await page.emulate_media(reduced_motion="reduce")
    await screens.opened(page, everything, LIGHT)
    await screen(page)
    await page.evaluate(f"globalThis.GRADIOS = {[list(one) for one in GRADIOS]}")
    await page.evaluate(AXE)
    for theme in ("light", "dark"):
        await page.evaluate(f"document.body.classList.toggle('dark', {str(theme == 'dark').lower()})")
        ours = [one for one in await page.evaluate(FIND) if not one["gradios"]]
        assert not ours, "\n".join(f"{theme}: {one['id']}: {one['why']}\n    {one['html'][:200]}" for one in ours)


async def test_axe_sees_a_control_without_a_name_and_text_without_contrast(page, everything):
    await screens.opened(page, everything, LIGHT)
    await screens.look_at(page, "Arena")
    await page.evaluate(
        "document.querySelector('.panes').insertAdjacentHTML('beforebegin',"
        " '<button></button><p style=\"color: #ccc; background: #fff\">pale</p>')"
    )
    await page.evaluate("globalThis.GRADIOS = []")
    await page.evaluate(AXE)
    assert {one["id"] for one in await page.evaluate(FIND)} >= {"button-name", "color-contrast"}


async def test_every_tab_and_the_composer_are_reached_by_keys_with_a_ring_around_what_has_focus(page, everything):
    await Chat(page).open(everything)
    tabs = page.get_by_role("tab")
    await tabs.first.focus()
    for at in range(1, await tabs.count()):
        await page.keyboard.press("Tab")
        await expect(tabs.nth(at)).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(tabs.nth(at)).to_have_attribute("aria-selected", "true")
        assert await ring(page), await tabs.nth(at).inner_text()
    await tabs.nth(1).press("Enter")
    reached = set()
    for _ in range(60):
        await page.keyboard.press("Tab")
        reached.add(await page.evaluate("document.activeElement.closest('[id]')?.id"))
        if await page.evaluate("document.activeElement.matches('button, a, input[type=checkbox]')"):
            assert await ring(page), await page.evaluate("document.activeElement.outerHTML")
    assert {"arena-composer", "surprise"} <= reached


async def test_on_a_narrow_page_drawers_open_and_close_by_keys_and_motion_can_be_off(page, everything):
    await page.emulate_media(reduced_motion="reduce")
    await page.set_viewport_size({"width": 390, "height": 844})
    talk = Chat(page)
    await talk.open(everything)
    opener = page.get_by_role("button", name="Conversations")
    await opener.press("Enter")
    await expect(page.get_by_role("button", name="New conversation")).to_be_focused()
    moving = (
        "[...document.querySelectorAll('*')].filter(one => getComputedStyle(one).transitionDuration !== '0s').length"
    )
    assert await page.evaluate(moving) == 0
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("button", name="New conversation")).to_be_hidden()
    await expect(opener).to_be_focused()
    for tab in ("Chat", "Arena", "Leaderboard", "Experiments", "Tokens"):
        await page.get_by_role("tab", name=tab, exact=True).click()
        await talk.no_sideways_scroll(390)


async def ring(page):
    """Whether a line is drawn around what has focus, or around the nearest thing that frames it."""
    return await page.evaluate(
        "(() => { const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);"
        " return outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2; })()"
    )
