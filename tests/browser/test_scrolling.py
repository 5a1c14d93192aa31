"""The transcript follows what is written while its reader is at the end of it, and stays where a reader has gone to."""

from .chat_page import Chat

PLACE = "() => document.querySelector('#conversation').scrollTop"
# How far the end is below what is in view.
LEFT = "() => { const { scrollHeight, scrollTop, clientHeight } = document.querySelector('#conversation');"
LEFT += " return scrollHeight - scrollTop - clientHeight; }"
HIGHER = "(height) => document.querySelector('#conversation').scrollHeight > height + 60"


async def grows(page):
    """Waits until some lines more are written."""
    height = await page.evaluate("document.querySelector('#conversation').scrollHeight")
    await page.wait_for_function(HIGHER, arg=height)


async def test_an_answer_is_followed_to_its_end_unless_its_reader_scrolls_up(office, page):
    await page.set_viewport_size({"width": 600, "height": 560})  # short lines, so that there are many
    chat = Chat(page)
    await chat.open(office)
    await chat.ask("A long one.\n\n" * 30)
    await chat.answered()
    await chat.ask("And now slowly")
    await grows(page)
    assert await page.evaluate(LEFT) < 60, "the end is in view"

    await chat.transcript.hover()
    await page.mouse.wheel(0, -500)
    await page.wait_for_function(f"({LEFT})() > 300")
    kept = await page.evaluate(PLACE)
    await grows(page)
    await grows(page)
    assert await page.evaluate(PLACE) == kept, "who reads above is not pulled down"

    await page.mouse.wheel(0, 100_000)
    await page.wait_for_function(f"({LEFT})() < 60")
    await grows(page)
    assert await page.evaluate(LEFT) < 60, "who comes back is taken along again"
    await chat.stop.click()
