"""Without a mouse: what is done with a turn, a conversation, the leaderboard and an experiment is reached by Tab."""

from playwright.async_api import expect

from .chat_page import Chat

# What a reader hears of what has focus.
NAME = """() => {
  const one = document.activeElement;
  const label = one.labels?.[0]?.innerText ?? "";
  return (one.getAttribute("aria-label") || label || one.innerText || "").trim();
}"""
FARTHEST = 120


async def reach(page, name, key="Tab"):
    """Presses Tab until what is called `name` has focus."""
    for _ in range(FARTHEST):
        await page.keyboard.press(key)
        if (await page.evaluate(NAME)).startswith(name):
            return
    raise AssertionError(f"Tab never reaches {name!r}")


async def test_turns_and_conversations_are_worked_by_keys(office, desk, page):
    chat = Chat(page)
    await chat.open(office)
    await chat.box.focus()
    await page.keyboard.type("Hello there")
    await page.keyboard.press("Enter")
    await chat.answered()
    for name in ("Retry", "‹", "Undo"):
        await reach(page, name, "Shift+Tab")
        await page.keyboard.press("Enter")
        if name == "Retry":
            await expect(chat.transcript.get_by_text("2/2")).to_be_visible()
            await chat.answered()
        if name == "‹":
            await expect(chat.transcript.get_by_text("1/2")).to_be_visible()
        await chat.box.focus()
    await expect(chat.questions).to_have_count(0)
    await reach(page, "Rename", "Shift+Tab")
    await page.keyboard.press("Enter")
    await expect(page.locator(".convs-list input")).to_be_focused()
    await page.keyboard.press("Control+a")
    await page.keyboard.type("By keys")
    await page.keyboard.press("Enter")
    await expect(chat.list.first).to_contain_text("By keys")
    await expect(chat.list.first.get_by_role("button", name="Rename")).to_be_focused()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(chat.list).to_have_count(0)


async def test_filters_and_an_experiment_are_worked_by_keys(office, page):
    chat = Chat(page)
    await chat.open(office)
    await page.get_by_role("tab", name="Leaderboard").press("Enter")
    # Gradio gives each radio button a group of its own, so that the arrow keys do not lead from one to the next.
    await reach(page, "Named votes")
    await page.keyboard.press("Space")
    await expect(page.get_by_role("radio", name="Named votes")).to_be_checked()
    await reach(page, "My votes only")
    await page.keyboard.press("Space")
    await expect(page.get_by_role("checkbox", name="My votes only")).to_be_checked()
    await page.get_by_role("tab", name="Experiments").press("Enter")
    await reach(page, "Prompts")
    await page.keyboard.press("Control+a")
    await page.keyboard.type("Hello there")
    await reach(page, "Run")
    await expect(page.locator("#lab-run")).to_contain_text("calls")
    await page.keyboard.press("Enter")
    await expect(page.locator("#lab-progress")).to_contain_text(" done", timeout=60_000)
