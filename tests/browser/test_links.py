"""A link carries model, prompt and parameters; what it cannot carry or the model refuses is said."""

import re

from playwright.async_api import expect

from .chat_page import Chat


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
