"""A link carries model, prompt and parameters; what it cannot carry or the model refuses is said."""

import asyncio
import re

from playwright.async_api import expect

from .chat_page import Chat, held_back


async def test_a_link_carries_the_settings_and_says_what_of_it_it_does_not_understand(office, desk, page):
    chat = Chat(page)
    await chat.open(office, "?model=desk-two&system=Say+%22yes%22.&top_k=7&temperature=warm&tempo=3")
    await expect(chat.picker).to_contain_text("Desk Two")
    await expect(chat.note).to_contain_text("temperature in the link is 'warm'")
    await expect(chat.note).to_contain_text("tempo")
    await page.get_by_role("button", name="Copy link").click()
    await expect(page).to_have_url(re.compile(r"\?model=desk-two&system=Say\+%22yes%22\.&top_k=7$"))
    await chat.ask("Hello")
    await chat.answered()
    sent = desk.bodies[-1]
    assert (sent["model"], sent["top_k"], sent["messages"][0]["content"]) == ("desk-two", 7, 'Say "yes".')
    assert "temperature" not in sent
    await chat.open(office, "?model=no-such-model")
    await expect(chat.note).to_contain_text("There is no model 'no-such-model'")
    await expect(chat.picker).to_contain_text("Desk One")
    await chat.open(office, "?model=desk-one&temperature=99&max_tokens=1e300&top_k=5000")
    await expect(chat.note).to_contain_text("temperature in the link is 99")
    await expect(chat.note).to_contain_text("top_k in the link is 5000, which Desk One does not accept: 1000 is used.")
    await chat.ask("Still there?")
    await chat.answered()
    assert (desk.bodies[-1]["temperature"], desk.bodies[-1]["top_k"]) == (2, 1000)
    await chat.open(office, "?model=desk-one&top_k=500&effort=high")
    await expect(chat.note).to_have_text("effort in the link was left out for Desk One: not accepted by this model.")
    await chat.ask("As it says?")
    await chat.answered()
    assert desk.bodies[-1]["top_k"] == 500

    await page.locator("#system-prompt textarea").fill("word " * 2_000)
    await page.locator("#system-prompt textarea").blur()
    await page.get_by_role("button", name="Copy link").click()
    await expect(chat.note).to_contain_text("The system prompt is longer than 8,000 characters: the link carries only")
    await expect(chat.note).to_contain_text("The link is")
    await expect(page).to_have_url(re.compile(r"system=word\+word"))
    await chat.open(office, page.url.removeprefix(office.url))
    await expect(page.locator("#system-prompt textarea")).to_have_value("word " * 1_600)


async def test_who_asks_before_the_page_has_read_its_link_is_answered_as_it_says(office, desk, page):
    """Also by the button, twice, and whatever was typed meanwhile goes with it."""
    let_through = await held_back(page)
    chat, before = Chat(page), len(desk.bodies)
    await chat.open(office, "?model=desk-two&top_k=7")
    await chat.box.fill("Too")
    await chat.box.press("Enter")
    await page.locator("#composer .submit-button").click()
    await chat.box.fill("Too early?")
    await asyncio.sleep(1)  # as long as a question that waits for nothing needs to get there
    assert len(desk.bodies) == before
    let_through.set()
    await chat.answered()
    [sent] = desk.bodies[before:]
    assert (sent["model"], sent["top_k"], sent["messages"][-1]["content"]) == ("desk-two", 7, "Too early?")


async def test_who_asks_where_the_link_was_lost_on_its_way_is_answered_all_the_same(office, desk, page):
    await page.route("**/gradio_api/run/**", lambda route: route.fulfill(status=503, json={"detail": "busy"}))
    chat, before = Chat(page), len(desk.bodies)
    await chat.open(office, "?model=desk-two")
    await page.wait_for_function("document.documentElement.classList.contains('brought-link')")
    await chat.ask("Anybody there?")
    await chat.answered()
    [sent] = desk.bodies[before:]
    assert (sent["model"], sent["messages"][-1]["content"]) == ("desk-one", "Anybody there?")


async def test_a_question_that_waits_for_the_link_is_seen_to_wait_and_taken_back_with_escape(office, desk, page):
    let_through = await held_back(page)
    chat, before = Chat(page), len(desk.bodies)
    await chat.open(office, "?model=desk-two")
    await chat.ask("Not yet")
    busy = page.locator("#composer[aria-busy=true]")
    await expect(busy).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(busy).to_have_count(0)
    await expect(chat.box).to_have_value("Not yet")
    let_through.set()
    await expect(chat.picker).to_contain_text("Desk Two")
    assert len(desk.bodies) == before
