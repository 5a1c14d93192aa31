"""The chat page in a real browser, answered by the real embedded model."""

import re

from playwright.async_api import expect

LONG = "Tell me a very long story about a dog, a cat and the sea."


class Chat:
    """The chat page as a reader handles it."""

    def __init__(self, page):
        self.page = page
        self.box = page.locator("#composer textarea")
        self.transcript = page.locator("#transcript")
        self.figures = self.transcript.get_by_text(re.compile(r"tok/s|\d out"))
        self.answers = self.transcript.locator(".bot-row:not(:has(.thought-group))")
        self.questions = self.transcript.locator(".user-row")
        self.stop = page.locator("#composer .stop-button")

    async def open(self, app):
        await self.page.goto(app.url)
        await self.box.wait_for()

    async def set(self, parameter, value):
        switch = self.page.get_by_role("checkbox", name=parameter, exact=True)
        if not await switch.is_visible():
            await self.page.get_by_text("Sampling parameters").click()
        await switch.check()
        field = self.page.get_by_role("spinbutton", name=re.compile(parameter, re.I)).first
        await field.fill(str(value))
        await field.blur()

    async def ask(self, text):
        await expect(self.box).to_be_enabled()
        await self.box.fill(text)
        await self.box.press("Enter")

    async def answered(self, times=1):
        await expect(self.figures).to_have_count(times, timeout=60_000)
        # The figures come with the last chunk; the box opens when the page has stored the answer too.
        await expect(self.stop).to_have_count(0)
        await expect(self.box).to_be_enabled()

    async def text(self, at=-1):
        return await (self.answers.last if at == -1 else self.answers.nth(at)).inner_text()


async def test_a_question_is_answered_as_tokens_arrive_with_figures_below(app, page):
    chat = Chat(page)
    await chat.open(app)
    await chat.set("Max tokens", 60)
    await chat.ask("What is the capital of France?")
    await expect(chat.answers).to_have_count(1)
    await chat.answered()
    figures = await chat.figures.inner_text()
    assert re.search(r"SmolLM2 135M · first token [\d.]+ s · \d+ tok/s · \d+ in · \d+ out · free · ", figures), figures


async def test_the_answer_grows_while_it_streams_and_stop_keeps_what_came(app, page):
    chat = Chat(page)
    await chat.open(app)
    await chat.set("Max tokens", 2000)
    await chat.ask(LONG)
    await expect(chat.answers).to_have_count(1)
    await expect(chat.answers.last).to_have_text(re.compile(r"\w+ \w+"))
    first = await chat.text()
    await expect(chat.answers.last).not_to_have_text(first)
    await chat.stop.click()
    await expect(chat.stop).to_have_count(0)
    kept = await chat.text()
    assert len(kept) > len(first)
    await page.wait_for_timeout(700)
    assert await chat.text() == kept
    await chat.set("Max tokens", 5)
    await chat.ask("Go on.")
    await chat.answered()
    await expect(chat.questions).to_have_count(2)
    assert (await chat.text(0)).startswith(first[:20])


async def test_retry_answers_again_and_undo_puts_the_question_back(app, page):
    chat = Chat(page)
    await chat.open(app)
    await chat.set("Max tokens", 250)
    await chat.ask(LONG)
    await chat.answered()
    await chat.transcript.hover()
    await chat.transcript.get_by_role("button", name=re.compile("retry", re.I)).last.click(force=True)
    await expect(chat.figures).to_have_count(0)
    await chat.answered()
    await expect(chat.questions).to_have_count(1)
    await chat.transcript.get_by_role("button", name=re.compile("undo", re.I)).last.click(force=True)
    await expect(chat.questions).to_have_count(0)
    await expect(chat.box).to_have_value(LONG)


async def test_an_edited_question_is_answered_anew(app, page):
    chat = Chat(page)
    await chat.open(app)
    await chat.set("Max tokens", 8)
    await chat.ask("Say hello.")
    await chat.answered()
    await chat.questions.first.hover()
    await chat.questions.first.get_by_role("button", name=re.compile("edit", re.I)).click(force=True)
    await chat.transcript.locator("textarea.edit-textarea").fill("Say goodbye.")
    await chat.transcript.get_by_role("button", name=re.compile("submit", re.I)).click(force=True)
    await expect(chat.questions).to_have_text(re.compile("Say goodbye."))
    await chat.answered()
    await expect(chat.questions).to_have_count(1)


async def test_a_model_without_a_key_says_which_variable_is_missing(app, page):
    chat = Chat(page)
    await chat.open(app)
    await page.locator("#model input").click()
    await page.get_by_role("option", name=re.compile("GPT-4o mini")).click()
    await chat.ask("Hello")
    await expect(chat.transcript).to_contain_text("needs OPENAI_API_KEY")


async def test_a_parameter_that_the_model_refuses_is_disabled_with_the_reason(app, page):
    chat = Chat(page)
    await chat.open(app)
    await chat.set("Temperature", 1.2)
    await page.locator("#model input").click()
    await page.get_by_role("option", name=re.compile("Claude Opus 5.5")).click()
    temperature = page.get_by_role("checkbox", name="Temperature", exact=True)
    await expect(temperature).to_be_disabled()
    await expect(temperature).not_to_be_checked()
    await expect(page.locator(".sampling")).to_contain_text("Not taken by this model.")
    await page.locator("#model input").click()
    await page.get_by_role("option", name=re.compile("SmolLM2")).click()
    await expect(temperature).to_be_enabled()


async def test_parameters_reach_the_model(app, page):
    chat = Chat(page)
    await chat.open(app)
    await chat.set("Max tokens", 3)
    await chat.ask(LONG)
    await chat.answered()
    assert re.search(r"\b3 out\b.*cut at the token limit", await chat.figures.inner_text())


async def test_indented_code_survives_in_question_and_answer(app, page):
    chat = Chat(page)
    await chat.open(app)
    await chat.set("Max tokens", 4)
    await chat.ask("```\n    indented\n```")
    await chat.answered()
    assert "    indented" in await chat.questions.locator("code").inner_text()


async def test_a_reloaded_page_works_again(app, page):
    chat = Chat(page)
    await chat.open(app)
    await chat.set("Max tokens", 5)
    await chat.ask("Hello")
    await chat.answered()
    await page.reload()
    await chat.box.wait_for()
    await expect(chat.questions).to_have_count(0)
    await chat.set("Max tokens", 5)
    await chat.ask("Hello again")
    await chat.answered()


async def test_no_request_leaves_the_page(app, page):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    chat = Chat(page)
    await chat.open(app)
    await chat.set("Max tokens", 3)
    await chat.ask("Hello")
    await chat.answered()
    assert [url for url in asked if not url.startswith((app.url, "data:", "blob:"))] == []


async def test_a_phone_has_one_column_and_no_sideways_scroll(app, page):
    await page.set_viewport_size({"width": 390, "height": 844})
    chat = Chat(page)
    await chat.open(app)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    await expect(chat.box).to_be_in_viewport()
