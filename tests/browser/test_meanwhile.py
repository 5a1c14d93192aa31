"""What a reader does while an answer is written: none of it is lost."""

import json
import re

from playwright.async_api import expect

from .chat_page import LONG_UNDO, Chat


async def test_a_conversation_deleted_while_it_is_answered_stays_deleted_until_it_is_wanted_back(office, page):
    await page.add_init_script(LONG_UNDO)
    chat = Chat(page)
    await chat.open(office)
    await chat.ask("Count slowly")
    await expect(chat.answers.last).to_contain_text("so so")
    await chat.list.hover()
    await chat.list.get_by_role("button", name="Delete: Count slowly").click()
    await expect(chat.questions).to_have_count(0)
    await expect(chat.stop).to_have_count(0)
    await chat.ask("Another one?")
    await chat.answered()
    await expect(chat.list).to_have_count(1)
    await chat.note.get_by_role("button", name="Undo").click()
    await chat.list.get_by_role("button", name="Count slowly", exact=True).click()
    await expect(chat.answers).to_contain_text("so so")
    await expect(chat.transcript).to_contain_text("Stopped. What had arrived is kept.")


async def test_a_conversation_renamed_while_it_is_answered_keeps_its_new_name(office, page):
    chat = Chat(page)
    await chat.open(office)
    await chat.ask("Count slowly")
    await expect(chat.answers.last).to_contain_text("so so")
    await chat.list.hover()
    await chat.list.get_by_role("button", name=re.compile("Rename")).click()
    await page.get_by_role("textbox", name="New name").fill("Sea")
    await page.get_by_role("textbox", name="New name").press("Enter")
    await expect(chat.list).to_have_text([re.compile("Sea")])
    await chat.stop.click()
    await expect(chat.transcript).to_contain_text("Stopped. What had arrived is kept.")
    await chat.kept(2)
    await expect(chat.list).to_have_text([re.compile("Sea")])
    async with page.expect_download() as download:
        await page.get_by_role("button", name="JSON", exact=True).click()
    assert json.loads((await (await download.value).path()).read_text())["title"] == "Sea"
    await chat.open(office)
    await expect(chat.list).to_have_text([re.compile("Sea")])


async def test_what_is_typed_before_an_answer_begins_stays(office, page):
    chat = Chat(page)
    await chat.open(office)
    await chat.ask("A late one?")
    await expect(chat.questions).to_have_count(1)
    await expect(chat.box).to_have_value("")
    await chat.box.fill("Typed meanwhile")
    await chat.answered()
    await expect(chat.box).to_have_value("Typed meanwhile")
