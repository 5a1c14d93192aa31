"""Readers' own keys, the picker and the drawers in a real browser, over a server that tells what it got."""

import re

from playwright.async_api import expect

from ..desk import KEY
from .chat_page import Chat, pick


async def test_a_readers_own_key_opens_models_for_this_session_alone(office, desk, page):
    chat = Chat(page)
    await chat.open(office)
    await chat.picker.click()
    await expect(page.get_by_role("option", name=re.compile("Vault One"))).to_be_disabled()
    await page.keyboard.press("Escape")
    await page.get_by_text("Your own keys").click()
    field = page.get_by_role("textbox", name="Vault")
    await field.fill(f"  '{KEY}'\n")
    await field.press("Enter")
    await expect(field).to_have_value("")
    await expect(field).to_have_attribute("placeholder", "In use")

    await chat.picker.click()
    await page.get_by_role("button", name="Ask providers for more").click()
    await expect(page.locator(".picker-note")).to_contain_text("Vault: 2 models")
    await expect(page.get_by_role("option", name=re.compile("text-embedding"))).to_have_count(0)
    await page.get_by_role("searchbox", name="Search models").fill("vault unlisted")
    await page.keyboard.press("Enter")
    await expect(chat.picker).to_contain_text("vault-unlisted")
    await chat.ask("Who pays?")
    await chat.answered()
    assert (desk.keys[-1], desk.bodies[-1]["model"]) == (f"Bearer {KEY}", "vault-unlisted")

    kept = await page.evaluate("JSON.stringify([localStorage, sessionStorage])")
    assert KEY not in kept
    assert KEY not in await page.content()
    assert KEY not in office.log.read_text()

    await chat.open(office)
    await chat.picker.click()
    await expect(page.get_by_role("option", name=re.compile("Vault One"))).to_be_disabled()
    await expect(page.get_by_role("option", name=re.compile("vault-unlisted"))).to_have_count(0)


async def test_a_key_outlasts_a_reload_only_where_the_reader_says_so(office, page):
    chat = Chat(page)
    await chat.open(office)
    await page.get_by_text("Your own keys").click()
    await page.get_by_role("checkbox", name="Remember in this tab").check()
    field = page.get_by_role("textbox", name="Vault")
    await field.fill(KEY)
    await field.press("Enter")
    await expect(field).to_have_attribute("placeholder", "In use")
    await chat.open(office)
    await chat.choose("Vault One")
    await chat.ask("Still?")
    await chat.answered()
    assert KEY not in await page.evaluate("JSON.stringify(localStorage)")
    await page.get_by_text("Your own keys").click()
    await page.get_by_role("button", name="Forget all").click()
    assert await page.evaluate("sessionStorage.length") == 0
    await chat.picker.click()
    await expect(page.get_by_role("option", name=re.compile("Vault One"))).to_be_disabled()


async def test_the_picker_is_worked_by_keys_alone(office, page):
    chat = Chat(page)
    await chat.open(office)
    await chat.picker.focus()
    await page.keyboard.press("ArrowDown")
    search = page.get_by_role("searchbox", name="Search models")
    await expect(search).to_be_focused()
    await search.fill("desk two")
    chosen = page.get_by_role("option", name=re.compile("Desk Two"))
    assert await search.get_attribute("aria-activedescendant") == await chosen.get_attribute("id")
    await page.keyboard.press("Enter")
    await expect(chat.picker).to_be_focused()
    await expect(chat.picker).to_contain_text("Desk Two")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Escape")
    await expect(search).to_be_hidden()
    await expect(chat.picker).to_be_focused()


async def test_on_a_phone_the_sides_are_drawers_and_the_box_stays_in_reach(office, page):
    await page.set_viewport_size({"width": 390, "height": 844})
    chat = Chat(page)
    await chat.open(office)
    await expect(page.locator("#system-prompt")).not_to_be_in_viewport()
    await chat.ask("```\n" + "x" * 300 + "\n```\n" + "y" * 300)
    await chat.answered()
    await chat.no_sideways_scroll(390)
    await expect(chat.box).to_be_in_viewport()
    await page.get_by_role("button", name="Model and settings").click()
    await expect(chat.picker).to_be_in_viewport()
    await page.keyboard.press("Escape")
    await expect(page.locator("#system-prompt")).not_to_be_in_viewport()
    await page.get_by_role("button", name="Conversations", exact=True).click()
    await expect(chat.list.first).to_be_in_viewport()
    await chat.no_sideways_scroll(390)


async def test_a_readers_own_key_serves_a_column_beside_the_owners_and_is_kept_nowhere(office, desk, page):
    chat = Chat(page)
    await chat.open(office)
    await page.get_by_role("tab", name="Arena").click()
    await page.get_by_text("Side by side").click()
    first = page.locator("#compare-model-a input")
    await first.click()
    await expect(page.get_by_role("option", name=re.compile("Vault One"))).to_contain_text("needs VAULT_KEY")
    await page.keyboard.press("Escape")
    await page.get_by_role("tab", name="Chat").click()
    await page.get_by_text("Your own keys").click()
    field = page.get_by_role("textbox", name="Vault")
    await field.fill(KEY)
    await field.press("Enter")
    await expect(field).to_have_attribute("placeholder", "In use")

    await page.get_by_role("tab", name="Arena").click()
    await first.fill("Vault One")
    await expect(page.get_by_role("option", name=re.compile("Vault One"))).not_to_contain_text("needs")
    await pick(page, first, "Vault One")
    await pick(page, page.locator("#compare-model-b input"), "Desk One")
    before = len(desk.keys)
    await page.locator("#compare-composer textarea").fill("Who pays here?")
    await page.locator("#compare-composer textarea").press("Enter")
    await expect(page.locator("#best-a")).to_be_enabled(timeout=30_000)
    await expect(page.locator("#compare-a")).to_contain_text("to: Who pays here?")
    assert sum(KEY in one for one in desk.keys[before:]) == 1, "the owner's endpoint does not see it"
    await page.locator("#best-a").click()
    await expect(page.locator("#compare-notice")).to_contain_text("A is best")
    kept = office.log.parent / "data"
    assert not [path for path in [office.log, *kept.rglob("*")] if path.is_file() and KEY.encode() in path.read_bytes()]
    assert KEY not in await page.content()

    await page.get_by_role("tab", name="Chat").click()
    await page.get_by_role("button", name="Forget all").click()
    await expect(field).not_to_have_attribute("placeholder", "In use")
    await page.get_by_role("tab", name="Arena").click()
    await page.locator("#compare-composer textarea").fill("And now?")
    await page.locator("#compare-composer textarea").press("Enter")
    await expect(page.locator("#compare-a")).to_contain_text("needs VAULT_KEY")


async def test_models_stand_under_their_provider_with_badges_and_a_mark_where_its_list_lacks_them(office, page):
    chat = Chat(page)
    await chat.open(office)
    await chat.picker.click()
    desk = page.get_by_role("group", name="Desk", exact=True)
    await expect(desk.get_by_role("option")).to_have_text([re.compile("Desk One"), re.compile("Desk Two")])
    groups = page.locator(".picker-group")
    await expect(groups.first.locator(".picker-provider")).to_have_text("Desk")
    opus = page.get_by_role("group", name="Anthropic").get_by_role("option", name=re.compile("Claude Opus 5.5"))
    await expect(opus.locator(".picker-badges i")).to_have_text(["effort", "images", "JSON"])
    await expect(desk.get_by_role("option").first.locator(".picker-badges i").last).to_have_attribute(
        "title", "Accepts temperature and the like"
    )
    await page.get_by_role("searchbox", name="Search models").fill("effort google")
    await expect(groups).to_have_count(1)
    await expect(groups.locator(".picker-provider")).to_have_text("Google")
    await page.get_by_role("searchbox", name="Search models").fill("")

    await expect(desk.get_by_text("not listed")).to_have_count(0)
    await page.get_by_role("button", name="Ask providers for more").click()
    await expect(page.locator(".picker-note")).to_contain_text("Desk: 2 models")
    lacking = desk.get_by_role("option", name=re.compile("Desk Two"))
    await expect(lacking).to_contain_text("not listed by Desk")
    await expect(desk.get_by_text("not listed")).to_have_count(1)
    await lacking.click()
    await expect(chat.picker).to_contain_text("Desk Two")
    await expect(chat.picker).to_contain_text("not listed by Desk")
    await chat.ask("Are you there?")
    await chat.answered()


async def test_the_effort_decides_which_parameters_can_be_set(office, page):
    chat = Chat(page)
    await chat.open(office)
    await page.get_by_text("Your own keys").click()
    await page.get_by_role("textbox", name="OpenAI").fill("a-key-of-no-known-shape")
    await page.get_by_role("textbox", name="OpenAI").press("Enter")
    await expect(page.get_by_role("textbox", name="OpenAI")).to_have_value("")
    await chat.choose("GPT-5.5")
    await page.get_by_text("Sampling parameters").click()
    temperature = page.get_by_role("checkbox", name="Temperature", exact=True)
    await expect(temperature).to_be_disabled()
    await expect(page.locator(".sampling")).to_contain_text("Accepted only at effort none.")
    await page.get_by_role("checkbox", name="Effort", exact=True).check()
    await page.get_by_role("radio", name="none", exact=True).check()
    await expect(temperature).to_be_enabled()
    await temperature.check()
    await page.get_by_role("radio", name="high", exact=True).check()
    await expect(temperature).to_be_disabled()
    await expect(temperature).not_to_be_checked()
