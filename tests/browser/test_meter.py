"""The line below the box: it follows typing and the conversation, and counts once for many keys."""

import re

from playwright.async_api import expect

from .chat_page import Chat


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
    await expect(chat.stop).to_have_count(0)
    await page.get_by_role("radio", name="Keep the first exchange and the newest messages").check()
    await chat.link("Retry").last.click()
    await expect(chat.stop).to_have_count(0)
    await expect(chat.transcript).to_contain_text("Heard: And now?")
    assert oracle.bodies[-1]["messages"][0]["content"].startswith("1 whale")


COUNTED = """([low, high]) => {
  const said = document.querySelector("#meter").textContent.match(/prompt ≈ ([\\d,]+)/)?.[1];
  const tokens = Number(said?.replaceAll(",", ""));
  return low <= tokens && tokens <= high;
}"""


async def test_the_meter_follows_the_conversation_without_a_key(temple, page):
    chat = Chat(page)
    await chat.open(temple)

    async def counts(low, high):
        await page.wait_for_function(COUNTED, arg=[low, high])

    question, both, none = (300, 400), (600, 800), (0, 30)
    await chat.ask("whale " * 300)
    await chat.answered()
    await counts(*both)
    await chat.link("Fork").first.click()
    await expect(chat.answers).to_have_count(0)
    await counts(*question)
    await page.get_by_role("button", name="New conversation").click()
    await counts(*none)
    await chat.list.last.get_by_role("button").first.click()
    await expect(chat.answers).to_have_count(1)
    await counts(*both)
    await chat.edit(chat.questions.first, "Hi")
    await expect(chat.transcript).to_contain_text("Heard: Hi")
    await counts(*none)
    await chat.link("‹").first.click()
    await counts(*both)


async def test_many_keys_are_counted_once(temple, page):
    chat = Chat(page)
    await chat.open(temple)
    meter = page.locator("#meter span[title]")  # without the clock that Gradio keeps beside it
    await chat.box.fill("zebra")
    await expect(meter).to_contain_text("prompt")
    short = await meter.inner_text()
    await chat.box.fill("zebra one two three four five")
    await expect(meter).not_to_have_text(short)
    long = await meter.inner_text()
    await chat.box.fill("zebra")
    await expect(meter).to_have_text(short)
    asked = []
    page.on("request", lambda request: asked.append(request) if "zebra" in (request.post_data or "") else None)
    await chat.box.press("End")
    keys = " one two three four five"
    await chat.box.press_sequentially(keys)
    await expect(meter).to_have_text(long)
    assert 0 < len(asked) <= len(keys) // 4
