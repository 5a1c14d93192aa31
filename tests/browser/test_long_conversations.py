"""Conversations that are long or large in a real browser: what stands is left alone, and none is lost for its size."""

import asyncio
import json
import re

from playwright.async_api import expect

from playground.conversation import room
from playground.conversation.archive import Conversation
from playground.conversation.growing import Reply
from playground.conversation.records import dump
from playground.types import Message

from .chat_page import PATIENCE_S, Chat

STORE = """(record) => new Promise((good, bad) => {
  const opening = indexedDB.open("llm-playground", 1);
  opening.onerror = () => bad(opening.error);
  opening.onsuccess = () => {
    const transaction = opening.result.transaction(["heads", "records"], "readwrite");
    transaction.oncomplete = good;
    transaction.onabort = () => bad(transaction.error);
    transaction.objectStore("heads").put({ id: record.id, name: record.name, updated: record.updated });
    transaction.objectStore("records").put(record);
  };
})"""
WATCH = """() => {
  window.old = [...document.querySelectorAll("#finished .message-row")];
  window.changes = [];
  const isOld = (node) => window.old.some((row) => row === node || row.contains(node));
  const note = (changes) => {
    for (const { type, target, removedNodes } of changes)
      if (isOld(target) || [...removedNodes].some(isOld)) window.changes.push(type);
  };
  window.watching = new MutationObserver(note);
  window.watching.observe(document.getElementById("finished"),
    { subtree: true, childList: true, characterData: true, attributes: true });
}"""
# The page's framework copies a component's values one by one to look at them.
COUNT_COPIES = """() => {
  const copied = window.structuredClone;
  window.copies = 0;
  window.structuredClone = (value) => {
    if (typeof value === "string" && value.startsWith("Message ")) window.copies += 1;
    return copied(value);
  };
}"""
WORDS = "() => document.querySelector('#running').innerText.split('so').length"
ROWS = """() => {
  const rows = [...document.querySelectorAll("#finished .message-row")];
  return { count: window.old.length, same: window.old.filter((row, at) => row === rows[at]).length };
}"""


def talk(answers, text="Yes"):
    conversation = Conversation("large1", "Large")
    for at in range(answers):
        conversation = conversation.said(Message("user", f"Question {at}?"), under=conversation.leaf)
        conversation = conversation.said(
            Message("assistant", text), Reply("desk-one", text, finish_reason="stop"), under=conversation.leaf
        )
    return conversation


def scored(answers):
    """A record with more probabilities than there is room for, as the page used to keep them."""
    record = dump(talk(answers))
    wide = "wide " * 30
    token = ["Yes", -0.1, [[f"{wide}{at}", -2.5] for at in range(5)]]
    for turn in record["turns"]:
        if "reply" in turn:
            turn["reply"]["tokens"] = [token] * 800
    return record


async def choose_file(page, content):
    file = page.locator(".convs-foot input[type=file]")
    await file.set_input_files({"name": "a.json", "mimeType": "application/json", "buffer": content})


async def changes_while_it_grows(page):
    """What changed of the old rows while forty more words came."""
    begun = await page.evaluate("window.changes.splice(0)")
    assert set(begun) <= {"attributes"}, "only the buttons that edit are switched off"
    words = await page.evaluate(WORDS)
    while await page.evaluate(WORDS) < words + 40:
        await asyncio.sleep(0.1)
    return await page.evaluate("window.changes")


async def exported(page):
    async with page.expect_download() as download:
        await page.get_by_role("button", name="JSON", exact=True).click()
    return (await (await download.value).path()).read_bytes()


async def test_two_hundred_messages_are_left_alone_while_one_more_question_is_answered(office, page):
    messages = [
        {"role": "assistant" if at % 2 else "user", "content": f"Message {at}. " + "word " * 100} for at in range(200)
    ]
    assert len(json.dumps(messages)) > 100_000
    chat = Chat(page)
    await chat.open(office)
    await choose_file(page, json.dumps(messages).encode())
    await expect(chat.questions).to_have_count(100)
    await expect(chat.transcript).to_contain_text("Message 199.")
    await page.evaluate(WATCH)
    await chat.ask("Count slowly")
    await expect(page.locator("#running")).to_contain_text("so so so")
    async with asyncio.timeout(2 * PATIENCE_S):
        while await changes_while_it_grows(page) != []:
            pass
    await page.evaluate(COUNT_COPIES)
    await changes_while_it_grows(page)
    assert await page.evaluate("window.copies") == 0, "at each word the whole conversation was read"
    await chat.stop.click()
    await expect(chat.stop).to_have_count(0)
    await expect(chat.questions).to_have_count(101)
    await expect(page.locator("#finished")).to_contain_text("so so so")
    rows = await page.evaluate(ROWS)
    assert rows["count"] > 200
    assert rows["same"] == rows["count"]


async def test_a_stored_conversation_with_too_many_probabilities_is_opened_goes_on_and_comes_back_from_a_file(
    office, page
):
    record = scored(9)
    assert len(json.dumps(json.dumps(record))) > 5_000_000
    chat = Chat(page)
    await chat.open(office)
    await page.evaluate(STORE, record)
    await chat.open(office)
    await chat.list.get_by_role("button", name="Large", exact=True).click()
    await expect(chat.questions).to_have_count(9)
    lost = chat.transcript.get_by_text("Token probabilities (800 tokens) were too many to be kept")
    kept = chat.transcript.get_by_text(re.compile("Token probabilities · 800 tokens"))
    await expect(lost).to_have_count(6)
    await expect(kept).to_have_count(3)
    assert await chat.turns_kept() == 18
    await chat.ask("And then?")
    await chat.answered(1)
    await expect(lost).to_have_count(6)
    await chat.kept(20)
    assert await chat.turns_kept() == 20, "what has lost its probabilities is still the same turn"

    file = await exported(page)
    assert len(file) < room.LARGEST_FILE
    turns = json.loads(file)["turns"]
    assert len(turns) == 20
    assert ["tokens" in turn["reply"] for turn in turns[1:18:2]] == [False] * 6 + [True] * 3
    await choose_file(page, file)
    await expect(chat.note).to_contain_text("Imported.")
    await expect(chat.questions).to_have_count(10)
    await expect(chat.list).to_have_count(2)


async def test_a_conversation_too_large_to_be_opened_is_said_to_be_and_stays_stored(office, page):
    record = dump(talk(2, "word " * 600_000))
    chat = Chat(page)
    await chat.open(office)
    await page.evaluate(STORE, record)
    await chat.open(office)
    await chat.list.get_by_role("button", name="Large", exact=True).click()
    await expect(chat.note).to_contain_text("“Large” has grown to 6.0 MB, and at most 4.8 MB can be opened.")
    async with page.expect_download() as download:
        await chat.note.get_by_role("button", name="Export it").click()
    assert json.loads((await (await download.value).path()).read_bytes())["turns"] == record["turns"]
    assert await chat.turns_kept() == 4
    await chat.ask("Another?")
    await chat.answered()
    await expect(chat.list).to_have_count(2)


async def test_what_the_server_refuses_to_read_is_told_in_words_and_stays_stored(office, page):
    async def refuse(route):
        text = "The request is larger than 5 MB: shorten the text or send fewer messages."
        error = {"kind": "bad_request", "message": text, "retry_after_s": None}
        await route.fulfill(status=413, json={"error": error, "detail": text})

    chat = Chat(page)
    await chat.open(office)
    await page.evaluate(STORE, dump(talk(2)))
    await chat.open(office)
    await page.route("**/queue/join**", refuse)
    large = chat.list.get_by_role("button", name="Large", exact=True)
    await large.click()
    await expect(chat.alert).to_contain_text("The request is larger than 5 MB")
    await expect(chat.list).to_have_count(1)
    assert await chat.turns_kept() == 4
    await page.unroute("**/queue/join**")
    await large.click()
    await expect(chat.questions).to_have_count(2)


async def test_a_conversation_without_room_for_another_question_says_so_before_it_is_asked(office, desk, page):
    chat = Chat(page)
    await chat.open(office)
    await page.evaluate(STORE, dump(talk(2, "word " * 390_000)))
    await chat.open(office)
    await chat.list.get_by_role("button", name="Large", exact=True).click()
    await expect(chat.questions).to_have_count(2)
    before = len(desk.bodies)
    await chat.ask("One more?")
    await expect(chat.alert).to_contain_text("too large to be opened again")
    await expect(chat.box).to_have_value("One more?")
    await expect(chat.questions).to_have_count(2)
    assert len(desk.bodies) == before
    await chat.link("Fork").first.click()
    await expect(chat.list).to_have_count(2)
    await chat.link("Answer").click()
    await chat.answered()
