"""Conversations, their branches and files in a real browser, over a server that tells what it got."""

import json
import re

from playwright.async_api import expect

from ..conftest import start_app
from .chat_page import LONG_UNDO, Chat

FULL_DISK = """
const put = IDBObjectStore.prototype.put;
IDBObjectStore.prototype.put = function (record) {
  if (window.isFull) throw new DOMException("no room", "QuotaExceededError");
  return put.apply(this, arguments);
};
"""


async def test_every_wording_and_every_answer_stays_to_be_switched_to(office, desk, page):
    chat = Chat(page)
    await chat.open(office)
    await chat.ask("One?")
    await chat.answered(1)
    first = await chat.text()
    await chat.ask("Two?")
    await chat.answered(2)

    await chat.link("Retry").first.click()
    await chat.answered(1)
    await expect(chat.transcript).to_contain_text("2/2")
    assert await chat.text() != first
    await chat.link("‹").click()
    await expect(chat.questions).to_have_count(2)
    await expect(chat.answers.first).to_have_text(first)

    await chat.edit(chat.questions.nth(1), "Two, worded better?")
    await expect(chat.answers.nth(1)).to_contain_text("to: Two, worded better?")
    await chat.answered(2)
    assert desk.bodies[-1]["messages"][1]["content"].strip() == first.strip()

    await chat.edit(chat.answers.nth(1), "What I would have said.")
    await expect(chat.transcript).to_contain_text("Written by you")
    await chat.ask("Three?")
    await expect(chat.answers).to_have_count(3)
    await chat.answered(2)
    assert desk.bodies[-1]["messages"][3]["content"] == "What I would have said."

    await chat.link("Fork").nth(1).click()
    await expect(chat.questions).to_have_count(1)
    await expect(chat.answers).to_have_count(1)
    await expect(chat.list).to_have_count(2)
    await expect(chat.list.first).to_contain_text("One? (fork)")
    await expect(page.locator("#totals")).to_contain_text(re.compile(r"\d answers? · \d+ in · \d+ out · "))

    await chat.link("Fork").first.click()
    await expect(chat.list).to_have_count(3)
    await expect(chat.answers).to_have_count(0)
    await chat.link("Answer").click()
    await expect(chat.answers.first).to_contain_text("to: One?")


async def test_an_answer_that_was_cut_says_so_and_goes_on(office, desk, page):
    chat = Chat(page)
    await chat.open(office, "?model=desk-two&max_tokens=2")
    await expect(chat.picker).to_contain_text("Desk Two")  # what a link says comes after the page
    await chat.ask("Go?")
    await chat.answered()
    await expect(chat.figures).to_contain_text("cut off at the token limit")
    begun = await chat.text()
    await chat.link("Continue").click()
    await expect(chat.transcript).to_contain_text("2/2")
    await expect(chat.figures).to_contain_text("20 in · 4 out")
    assert (await chat.text()).startswith(begun.strip())
    assert desk.bodies[-1]["messages"][1] == {"role": "assistant", "content": begun.strip() + " "}


async def test_an_answer_that_was_stopped_goes_on_where_it_was(office, desk, page):
    chat = Chat(page)
    await chat.open(office)
    await chat.ask("Count slowly")
    await expect(chat.answers.last).to_contain_text("so so")
    await page.keyboard.press("Escape")
    await expect(chat.transcript).to_contain_text("Stopped. What had arrived is kept.")
    begun = await chat.text()
    await chat.link("Continue").click()
    await expect(chat.transcript).to_contain_text("2/2")
    await chat.answered()
    assert desk.bodies[-1]["messages"][1]["content"].strip() == begun.strip()
    assert (await chat.text()).startswith(begun.strip()) and len(await chat.text()) > len(begun)
    await expect(chat.link("Continue")).to_have_count(0)


async def test_conversations_are_kept_listed_searched_renamed_and_deleted(office, page):
    chat = Chat(page)
    await chat.open(office, "?system=Be+brief.&top_k=7")
    await expect(page.locator("#system-prompt textarea")).to_have_value("Be brief.")
    await chat.ask("About whales?")
    await chat.answered()
    await page.get_by_role("button", name="New conversation").click()
    await expect(chat.questions).to_have_count(0)
    await chat.ask("About ants?")
    await chat.answered()
    await expect(chat.list).to_have_count(2)

    await chat.open(office)
    await expect(chat.list).to_have_count(2)
    await page.get_by_role("searchbox", name="Search conversations").fill("WHALES")
    await expect(chat.list).to_have_count(1)
    await chat.list.get_by_role("button", name="About whales?", exact=True).click()
    await expect(chat.questions).to_have_text(re.compile("About whales"))
    await expect(page.locator("#system-prompt textarea")).to_have_value("Be brief.")

    await chat.list.hover()
    await chat.list.get_by_role("button", name=re.compile("Rename")).click()
    await page.get_by_role("textbox", name="New name").fill("Sea")
    await page.get_by_role("textbox", name="New name").press("Enter")
    await page.get_by_role("searchbox", name="Search conversations").fill("")
    await chat.ask("And dolphins?")
    await chat.answered(2)
    await chat.kept(4)
    await chat.open(office)
    sea = chat.list.filter(has_text="Sea")
    await sea.hover()
    await sea.get_by_role("button", name="Delete: Sea").click()
    await expect(chat.list).to_have_count(1)
    await chat.note.get_by_role("button", name="Undo").click()
    await expect(chat.list).to_have_count(2)
    await sea.get_by_role("button", name="Sea", exact=True).click()
    await expect(chat.questions).to_have_count(2)


async def test_two_tabs_on_one_conversation_lose_nothing_and_keep_nothing_twice(office, browser):
    context = await browser.new_context()
    one, two = [Chat(await context.new_page()) for _ in range(2)]
    await one.open(office)
    await one.ask("Start?")
    await one.answered(1)
    await two.open(office)
    await two.list.get_by_role("button", name="Start?", exact=True).click()
    await expect(two.answers).to_have_count(1)
    for at in range(2):
        for name, chat in (("one", one), ("two", two)):
            await chat.ask(f"From {name}, {at}?")
            await chat.answered(2 + at)
    await expect(one.note).to_contain_text("Another tab has written to this conversation too")
    await two.list.hover()
    await two.list.get_by_role("button", name=re.compile("Rename")).click()
    await two.page.get_by_role("textbox", name="New name").fill("Shared")
    await two.page.get_by_role("textbox", name="New name").press("Enter")
    await one.ask("Last?")
    await one.answered(4)

    await two.open(office)
    await two.list.get_by_role("button", name="Shared", exact=True).click()
    await expect(two.questions).to_have_count(4)
    async with two.page.expect_download() as download:
        await two.page.get_by_role("button", name="JSON", exact=True).click()
    turns = json.loads((await (await download.value).path()).read_text())["turns"]
    asked = [turn["content"] for turn in turns if turn["role"] == "user"]
    assert sorted(asked) == ["From one, 0?", "From one, 1?", "From two, 0?", "From two, 1?", "Last?", "Start?"]
    assert len(turns) == 2 * len(asked)

    await two.list.hover()
    await two.list.get_by_role("button", name="Delete: Shared").click()
    await expect(two.list).to_have_count(0)
    await one.ask("Still here?")
    await one.answered(5)
    await expect(one.note).to_contain_text("Another tab has deleted")
    await two.open(office)
    await expect(two.list).to_have_count(0)
    await one.note.get_by_role("button", name="Keep it").click()
    await expect(one.note).to_be_hidden()
    await two.open(office)
    await expect(two.list).to_have_count(1)


async def test_files_go_out_and_come_in_and_what_is_none_is_refused(office, desk, page, tmp_path):
    chat = Chat(page)
    await chat.open(office)
    await chat.ask("Export me")
    await chat.answered()
    texts = {}
    for form in ("JSON", "Markdown"):
        async with page.expect_download() as download:
            await page.get_by_role("button", name=form, exact=True).click()
        path = tmp_path / form
        await (await download.value).save_as(path)
        texts[form] = path.read_text()
    assert json.loads(texts["JSON"])["turns"][0]["content"] == "Export me"
    assert "<!-- user -->\n## You\n\nExport me" in texts["Markdown"]

    file = page.locator(".convs-foot input[type=file]")

    async def take(content):
        await file.set_input_files({"name": "a.json", "mimeType": "application/json", "buffer": content.encode()})

    broken = [{"role": "user", "content": "Hi"}, {"role": "tool", "content": "x"}]
    await file.set_input_files(
        {"name": "a.json", "mimeType": "application/json", "buffer": json.dumps(broken).encode()}
    )
    await expect(chat.note).to_contain_text("Message 2 has the role 'tool'")
    await expect(chat.questions).to_have_text(re.compile("Export me"))
    fine = [{"role": "system", "content": "Be kind."}, *broken[:1]]
    await take(json.dumps(fine))
    await expect(chat.questions).to_have_text(re.compile("Hi"))
    await expect(page.locator("#system-prompt textarea")).to_have_value("Be kind.")
    await chat.link("Answer").click()
    await chat.answered()
    await file.set_input_files(tmp_path / "Markdown")
    await expect(chat.questions).to_have_text(re.compile("Export me"))
    await expect(chat.list).to_have_count(3)

    old = {**json.loads(texts["JSON"]), "model": "retired-1", "sampling": {"temperature": 99, "top_k": 10**6}}
    await take(json.dumps(old))
    said = "retired-1 is not in the list of models: Desk One answers instead."
    await expect(chat.note).to_have_text(f"Imported. {said}")
    await chat.open(office)
    await chat.list.first.get_by_role("button", name="Export me", exact=True).click()
    await expect(chat.note).to_have_text(said)
    await chat.ask("Still there?")
    await chat.answered(2)
    assert (desk.bodies[-1]["model"], desk.bodies[-1]["temperature"], desk.bodies[-1]["top_k"]) == ("desk-one", 2, 1000)


async def test_a_full_browser_loses_nothing_silently(office, page):
    await page.add_init_script(FULL_DISK)
    chat = Chat(page)
    await chat.open(office)
    await page.evaluate("window.isFull = true")
    await chat.ask("Precious")
    await chat.answered()
    await expect(chat.note).to_contain_text("This browser's storage is full")
    await expect(chat.list).to_have_count(1)
    async with page.expect_download() as download:
        await chat.note.get_by_role("button", name="Export it").click()
    assert "Precious" in (await (await download.value).path()).read_text()
    await page.get_by_role("button", name="New conversation").click()
    await expect(chat.questions).to_have_count(0)
    await chat.list.get_by_role("button", name="Precious", exact=True).click()
    await expect(chat.questions).to_have_count(1)


async def test_the_owner_may_keep_conversations_on_the_server_for_each_browser_alone(desk, browser, tmp_path):
    app = start_app(tmp_path, **desk.environment(tmp_path), PLAYGROUND_CONVERSATIONS="server")
    try:
        mine, other = [await browser.new_context() for _ in range(2)]
        await mine.add_init_script(LONG_UNDO)
        chat = Chat(await mine.new_page())
        await chat.open(app)
        await chat.ask("Keep me")
        await chat.answered()
        await expect(chat.list).to_have_count(1)
        again = Chat(await mine.new_page())
        await again.open(app)
        await again.list.get_by_role("button", name="Keep me", exact=True).click()
        await expect(again.answers).to_have_count(1)
        stranger = Chat(await other.new_page())
        await stranger.open(app)
        await expect(stranger.page.locator(".convs-none")).to_be_visible()
        await expect(stranger.list).to_have_count(0)
        await chat.page.get_by_role("button", name="New conversation").click()
        await chat.ask("And me")
        await chat.answered()
        await expect(chat.list).to_have_count(2)
        search = chat.page.get_by_role("searchbox", name="Search conversations")
        await search.fill("AND ME")
        await expect(chat.list).to_have_text([re.compile("And me")])
        await search.fill("")
        await expect(chat.list).to_have_count(2)
        await chat.list.first.hover()
        await chat.list.get_by_role("button", name="Rename: And me").click()
        await chat.page.get_by_role("textbox", name="New name").fill("Renamed")
        await chat.page.get_by_role("textbox", name="New name").press("Enter")
        await expect(chat.list.filter(has_text="Renamed")).to_have_count(1)
        kept = chat.list.filter(has_text="Keep me")
        await kept.hover()
        await kept.get_by_role("button", name="Delete: Keep me").click()
        await expect(chat.list).to_have_text([re.compile("Renamed")])
        await again.open(app)
        await expect(again.list).to_have_text([re.compile("Renamed")])
        await again.list.get_by_role("button", name="Renamed", exact=True).click()
        await expect(again.questions).to_have_text(re.compile("And me"))
        await chat.note.get_by_role("button", name="Undo").click()
        await again.open(app)
        await expect(again.list).to_have_count(2)
    finally:
        app.stop()
