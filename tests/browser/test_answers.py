"""How an answer is wanted and what is said of it, in a real browser over a server that notes what it got."""

import base64
import json
import re

from playwright.async_api import expect

from ..oracle import RIGHT, SECRET, WRONG
from ..pictures import PNG
from .chat_page import Chat

SCHEMA = '{"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}'


async def test_json_without_a_schema_is_asked_for_and_checked(temple, oracle, page):
    chat = Chat(page)
    await chat.open(temple)
    await chat.want_json()
    await chat.ask("Which town?")
    await chat.answered()
    assert oracle.bodies[-1]["response_format"] == {"type": "json_object"}
    assert WRONG in await chat.text(0)
    await expect(chat.transcript.get_by_text("The JSON is not as asked")).to_have_count(0)
    await chat.ask("In words, please")
    await chat.answered(2)
    await expect(chat.transcript).to_contain_text("The JSON is not as asked: 1 problem")
    await expect(chat.link("Repair")).to_have_count(1)


async def test_json_is_checked_and_repaired_and_a_schema_that_is_none_is_refused(temple, oracle, page):
    chat = Chat(page)
    await chat.open(temple)
    await chat.want_json('{"type": "objekt"}')
    before = len(oracle.bodies)
    await chat.ask("Which town?")
    await expect(chat.alert).to_contain_text(re.compile("schema", re.I))
    await expect(chat.box).to_have_value("Which town?")
    assert len(oracle.bodies) == before
    await chat.write_schema(SCHEMA)
    await chat.box.press("Enter")
    await chat.answered()
    assert oracle.bodies[-1]["response_format"]["json_schema"]["schema"] == json.loads(SCHEMA)
    assert WRONG in await chat.text(0)
    await expect(chat.transcript).to_contain_text("The JSON is not as asked: 1 problem")
    await chat.link("Repair").click()
    await chat.answered(2)
    await expect(chat.transcript).to_contain_text(RIGHT)
    await expect(chat.link("Repair")).to_have_count(0)
    assert "city" in oracle.bodies[-1]["messages"][-1]["content"]


async def test_json_that_goes_on_is_checked_and_coloured_as_a_whole(temple, oracle, page):
    chat = Chat(page)
    await chat.open(temple)
    await chat.want_json(SCHEMA)
    await chat.ask("A city, in halves")
    await chat.answered()
    await expect(chat.transcript).to_contain_text("The JSON is not as asked: 1 problem")
    await chat.link("Continue").click()
    await expect(chat.transcript).to_contain_text("2/2")
    await expect(chat.answers.last).to_contain_text(RIGHT)
    await expect(chat.transcript).not_to_contain_text("The JSON is not as asked")
    await expect(chat.link("Repair")).to_have_count(0)
    assert "response_format" not in oracle.bodies[-1], "the second half of JSON is none"

    await page.get_by_role("checkbox", name="Answer in JSON").uncheck()
    await page.get_by_role("checkbox", name="Show token probabilities").check()
    await chat.ask("Sure, in halves?")
    await chat.answered(2)
    await chat.link("Continue").click()
    await expect(chat.transcript).to_contain_text("Token probabilities · 6 tokens")


async def test_an_answer_cut_while_thinking_says_so_and_offers_no_way_on(temple, page):
    chat = Chat(page)
    await chat.open(temple)
    await chat.ask("Please ponder")
    await chat.answered()
    await expect(chat.transcript).to_contain_text("Cut off at the output limit while the model was still thinking")
    await expect(chat.link("Continue")).to_have_count(0)
    await expect(chat.link("Retry")).to_have_count(1)


PASTE = """(base64) => {
  const bytes = Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0));
  const clipboardData = new DataTransfer();
  clipboardData.items.add(new File([bytes], "image.png", { type: "image/png" }));
  const paste = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
  document.querySelector("#composer textarea").dispatchEvent(paste);
}"""


async def test_a_picture_is_pasted_and_uploaded_and_what_is_too_large_or_none_is_refused(
    temple, oracle, page, tmp_path
):
    chat = Chat(page)
    await chat.open(temple)
    file = page.locator("#composer input[type=file]")
    huge = tmp_path / "huge.png"
    with huge.open("wb") as written:
        written.write(PNG.data)
        written.truncate(200_000_000)
    await file.set_input_files(huge)
    await expect(chat.alert).to_contain_text(re.compile(r"maximum allowed size of 5\.0 Mb.*huge\.png"))
    await expect(page.locator("#composer img")).to_have_count(0)
    await page.evaluate(PASTE, base64.b64encode(PNG.data).decode())
    await page.locator("#composer img").wait_for()
    await chat.ask("What is this?")
    await chat.answered()
    text, picture = sorted(oracle.bodies[-1]["messages"][-1]["content"], key=lambda part: part["type"] != "text")
    assert text == {"type": "text", "text": "What is this?"}
    assert picture["image_url"]["url"] == f"data:image/png;base64,{base64.b64encode(PNG.data).decode()}"
    await expect(chat.questions.locator("img")).to_have_count(1)

    await file.set_input_files({"name": "red.png", "mimeType": "image/png", "buffer": PNG.data})
    await page.locator("#composer img").wait_for()
    await chat.box.press("Enter")
    await chat.answered(2)
    assert oracle.bodies[-1]["messages"][-1]["content"] == [picture], "a picture can be all that is asked"

    before = len(oracle.bodies)
    await file.set_input_files({"name": "fake.png", "mimeType": "image/png", "buffer": b"<html>no picture</html>"})
    await page.locator("#composer img").wait_for()
    await chat.ask("And this?")
    await expect(chat.alert).to_contain_text("fake.png is not a PNG, JPEG, WebP or GIF image")
    await expect(chat.box).to_have_value("And this?")
    assert len(oracle.bodies) == before

    await chat.kept(4)
    await chat.open(temple)
    await chat.list.get_by_role("button", name="What is this?", exact=True).click()
    await expect(chat.questions.locator("img")).to_have_count(2)
    await chat.link("Undo").click()
    await page.locator("#composer img").wait_for()
    await chat.box.press("Enter")
    await chat.answered(2)
    assert picture in oracle.bodies[-1]["messages"][-1]["content"]


async def test_an_answer_is_marked_with_its_sources_hidden_keys_and_probabilities(temple, oracle, page):
    chat = Chat(page)
    await chat.open(temple)
    await chat.ask("Please cite")
    await chat.answered()
    await chat.transcript.get_by_text("1 source").click()
    await expect(chat.transcript.locator('a[href="https://tides.example/moon"]')).to_have_count(2)
    await expect(chat.transcript).to_contain_text("1 key was hidden in this answer")
    assert SECRET not in await chat.transcript.inner_html()
    await chat.edit(chat.answers.first, "Never use [key hidden]!")
    await expect(chat.transcript).to_contain_text("Written by you")
    await expect(chat.answers.first).to_have_text(re.compile(r"Never use \[key hidden\]!"))
    assert SECRET not in await chat.transcript.inner_html()
    await chat.ask("Which?")
    await expect(chat.answers.last).to_contain_text("Heard: Which?")
    await chat.answered(1)
    assert oracle.bodies[-1]["messages"][1]["content"] == f"Never use {SECRET}!"
    await chat.link("‹").first.click()
    await expect(chat.transcript).to_contain_text("1 source")
    await chat.answered(1)
    await page.get_by_text("Answer and context").click()
    await page.get_by_role("checkbox", name="Show token probabilities").check()
    await chat.ask("Sure?")
    await chat.answered(2)
    assert oracle.bodies[-1]["top_logprobs"] == 5
    await chat.transcript.get_by_text("Token probabilities · 3 tokens").click()
    odds = chat.transcript.locator(".odds span")
    await expect(odds).to_have_count(3)
    await expect(odds.nth(2)).to_have_attribute("title", re.compile("maybe"))
    await expect(odds.nth(0)).to_have_class(re.compile("odds-0"))
    await chat.kept(7)
    await chat.open(temple)
    await chat.list.get_by_role("button", name="Please cite", exact=True).click()
    await expect(chat.transcript).to_contain_text("Token probabilities · 3 tokens")
    await chat.ask("Please withhold the rest")
    await expect(chat.transcript).to_contain_text("ended by the safety filter")


async def test_code_follows_the_streaming_switch(temple, page):
    chat = Chat(page)
    await chat.open(temple)
    await page.get_by_text("Get code").click()
    await page.get_by_role("button", name="Write the code").click()
    code = page.locator("#code .cm-content")
    await expect(code).to_contain_text("stream=True")
    await page.get_by_role("checkbox", name="Stream the answer").uncheck()
    await expect(code).to_contain_text("stream=False")
    await expect(code).not_to_contain_text("for chunk in")
    await page.get_by_role("radio", name="curl").check()
    await expect(code).to_contain_text('"stream": false')
    await expect(code).not_to_contain_text("--no-buffer")
    await page.get_by_role("checkbox", name="Stream the answer").check()
    await expect(code).to_contain_text('"stream": true')
    await expect(code).to_contain_text("--no-buffer")


async def test_code_is_written_and_a_refused_parameter_is_remembered(temple, oracle, page):
    chat = Chat(page)
    await chat.open(temple)
    await chat.box.fill("Say hi")
    await page.get_by_text("Get code").click()
    await page.get_by_role("button", name="Write the code").click()
    code = page.locator("#code .cm-content")
    await expect(code).to_contain_text("Say hi")
    await page.get_by_role("radio", name=re.compile("curl", re.I)).check()
    await expect(code).to_contain_text("curl")
    await page.get_by_text("Get code").click()

    await chat.set("Top-k", 5)
    await chat.ask("Anything")
    await expect(chat.transcript).to_contain_text("does not accept top_k")
    await chat.link("Retry").click()
    await expect(chat.transcript).to_contain_text("Heard: Anything")
    assert "top_k" not in oracle.bodies[-1]
    await chat.figures.click()
    await expect(chat.transcript).to_contain_text("Not sent, because this model does not accept it: top_k.")
    await page.reload()
    await chat.box.wait_for()
    await chat.choose("Desk Two")
    await chat.set("Max tokens", 500_000)
    await chat.choose("Desk One")
    await expect(page.get_by_role("checkbox", name="Top-k", exact=True)).to_be_disabled()
    await expect(page.get_by_role("spinbutton", name="Max tokens")).to_have_value("8192")
