"""Light or dark: the system's until the reader chooses, then the reader's, also after a reload."""

import re

import pytest
from playwright.async_api import expect

DARK = re.compile(r"(^|\s)dark(\s|$)")


@pytest.mark.parametrize("system", ["light", "dark"])
async def test_the_choice_is_stronger_than_the_system_and_is_kept(browser, office, system):
    page = await browser.new_page(color_scheme=system)
    body, button = page.locator("body"), page.get_by_role("button", name="Light or dark")
    is_, is_not = (expect(body).to_have_class, expect(body).not_to_have_class)
    await page.goto(office.url)
    await expect(button).to_be_visible()
    await (is_ if system == "dark" else is_not)(DARK)
    await button.click()
    await (is_not if system == "dark" else is_)(DARK)
    await page.reload()
    await expect(button).to_be_visible()
    await (is_not if system == "dark" else is_)(DARK)
    for scheme in ("dark", "light"):
        await page.emulate_media(color_scheme=scheme)
        await (is_not if system == "dark" else is_)(DARK)
    await button.press("Enter")
    await (is_ if system == "dark" else is_not)(DARK)
