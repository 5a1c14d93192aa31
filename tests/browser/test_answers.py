"""How an answer is wanted and what is said of it, in a real browser over a server that notes what it got."""

import base64
import json
import re

import pytest
from playwright.async_api import expect

from ..conftest import start_app
from ..desk import serving_desk
from ..oracle import RIGHT, SECRET, WRONG, Oracle
from ..pictures import PNG
from .chat_page import Chat

SCHEMA = '{"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}'


@pytest.fixture(scope="module")
def oracle():
    with serving_desk(Oracle()) as oracle:
        yield oracle


@pytest.fixture(scope="module")
def temple(oracle, tmp_path_factory):
    """The app whose models the oracle serves."""
    folder = tmp_path_factory.mktemp("temple")
    app = start_app(folder, **oracle.environment(folder))
    yield app
    app.stop()


def alert(page):
    return page.locator(".toast-wrap")


async def test_the_meter_follows_typing_and_says_what_each_strategy_leaves_out(temple, oracle, page):
    chat = Chat(page)
    await chat.open(temple)
    meter = page.locator("#meter")
    await chat.box.fill("One two three")
    shown = re.compile(r"prompt ≈ \d+ / 8,192 tokens \(0\.\d%\) · < \$0\.0001 to send · at most")
    await expect(meter).to_contain_text(shown)
    first = await meter.inner_text()
    await chat.box.fill("One two three four five six seven eight")
    await expect(meter).not_to_have_text(first)
    for at in (1, 2, 3):
        await chat.ask(f"{at} " + "whale " * 2500)
        await expect(chat.answers).to_have_count(at)
        await expect(chat.stop).to_have_count(0)
    assert len(oracle.bodies[-1]["messages"]) < 5
    await expect(chat.transcript).to_contain_text("left out")
    await chat.box.fill("And now?")
    await expect(meter).to_contain_text(re.compile(r"\d messages? will be left out"))
    await page.get_by_text("Answer and context").click()
    await page.get_by_role("radio", name="Stop and say so").check()
    await expect(meter).to_contain_text("too long for this model")
    before = len(oracle.bodies)
    await chat.ask("And now?")
    await expect(chat.transcript.get_by_text(re.compile("too long|does not fit", re.I)).last).to_be_visible()
    assert len(oracle.bodies) == before
    await page.get_by_role("radio", name="Keep the first exchange and the newest messages").check()
    await chat.link("Retry").last.click()
    await expect(chat.stop).to_have_count(0)
    await expect(chat.transcript).to_contain_text("Heard: And now?")
    assert oracle.bodies[-1]["messages"][0]["content"].startswith("1 whale")


async def test_a_prompt_has_a_form_for_its_variables_and_presets_are_kept_and_carried(temple, oracle, page):
    chat = Chat(page)
    await chat.open(temple)
    prompt = page.locator("#system-prompt textarea")
    await prompt.fill("You are {{ role }}.")
    role = page.get_by_role("textbox", name="role", exact=True)
    await role.wait_for()
    await chat.ask("Who?")
    await expect(alert(page)).to_contain_text("role")
    await expect(chat.box).to_have_value("Who?")
    await role.fill("a pirate")
    await role.blur()
    await chat.box.press("Enter")
    await chat.answered()
    assert oracle.bodies[-1]["messages"][0] == {"role": "system", "content": "You are a pirate."}

    await page.get_by_text("Your presets").click()
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(alert(page)).to_contain_text("A preset needs a name")
    await page.get_by_role("textbox", name="Name", exact=True).fill("Mine")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_role("listbox", name="Preset").or_(page.locator("#preset input"))).to_have_value(
        "Mine (yours)"
    )
    async with page.expect_download() as download:
        await page.get_by_role("button", name="Export", exact=True).click()
    exported = json.loads((await (await download.value).path()).read_text())
    assert "You are {{ role }}." in json.dumps(exported)

    await prompt.fill("Broken {{ role")
    await expect(page.locator("#prompt-problem")).to_contain_text("not a template")
    upload = page.locator(".own-presets input[type=file]")
    await upload.set_input_files({"name": "a.json", "mimeType": "application/json", "buffer": b"[1"})
    await expect(alert(page)).to_contain_text("Nothing was imported")
    more = json.dumps([{"name": "Theirs", "prompt": "Be {{ tone }}."}]).encode()
    await upload.set_input_files({"name": "a.json", "mimeType": "application/json", "buffer": more})
    await expect(alert(page)).to_contain_text("1 preset imported")
    await chat.open(temple)
    await page.locator("#preset input").click()
    await page.get_by_role("option", name="Theirs (yours)").click()
    await expect(prompt).to_have_value("Be {{ tone }}.")
    await page.get_by_role("textbox", name="tone", exact=True).wait_for()


async def test_json_is_checked_and_repaired_and_a_schema_that_is_none_is_refused(temple, oracle, page):
    chat = Chat(page)
    await chat.open(temple)
    await page.get_by_text("Answer and context").click()
    await page.get_by_role("checkbox", name="Answer in JSON").check()
    schema = page.locator("#json-schema textarea")
    await schema.fill('{"type": "objekt"}')
    await schema.blur()
    before = len(oracle.bodies)
    await chat.ask("Which town?")
    await expect(alert(page)).to_contain_text(re.compile("schema", re.I))
    await expect(chat.box).to_have_value("Which town?")
    assert len(oracle.bodies) == before
    await schema.fill(SCHEMA)
    await schema.blur()
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
    await expect(alert(page)).to_contain_text(re.compile(r"maximum allowed size of 5\.0 Mb.*huge\.png"))
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
    await expect(alert(page)).to_contain_text("fake.png is not a PNG, JPEG, WebP or GIF image")
    await expect(chat.box).to_have_value("And this?")
    assert len(oracle.bodies) == before

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
    await chat.open(temple)
    await chat.list.get_by_role("button", name="Please cite", exact=True).click()
    await expect(chat.transcript).to_contain_text("Token probabilities · 3 tokens")
    await chat.ask("Please withhold the rest")
    await expect(chat.transcript).to_contain_text("ended by the safety filter")


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
