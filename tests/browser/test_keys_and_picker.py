"""Readers' own keys, the picker and the drawers in a real browser, over a server that tells what it got."""

import re

from playwright.async_api import expect

from ..desk import KEY
from .chat_page import Chat


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
