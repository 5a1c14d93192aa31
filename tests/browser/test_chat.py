"""The chat page in a real browser, answered by the real embedded model."""

import re

from playwright.async_api import expect

from .chat_page import Chat

LONG = "Tell me a very long story about a dog, a cat and the sea."


async def test_a_question_is_answered_as_tokens_arrive_with_figures_below(app, page):
    chat = Chat(page)
    await chat.open(app)
    await chat.set("Max tokens", 12)
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
    # As it is seen: a list of numbers has breaks there, and nothing between them in its source.
    await expect(chat.answers.last).to_have_text(re.compile(r"\w+ \w+"), use_inner_text=True)
    first = await chat.text()
    await expect(chat.answers.last).not_to_have_text(first)
    await page.get_by_role("button", name="New conversation").click()
    await expect(page.get_by_text("An answer is still being written: wait for it, or stop it first.")).to_be_visible()
    await chat.stop.click()
    await expect(chat.stop).to_have_count(0)
    kept = await chat.text()
    assert len(kept) > len(first)
    await page.wait_for_timeout(700)
    assert await chat.text() == kept
    await expect(page.get_by_text("Another tab")).to_have_count(0)  # what was stopped is kept once
    await chat.set("Max tokens", 5)
    await chat.ask("Go on.")
    await chat.answered(2)
    await expect(chat.questions).to_have_count(2)
    assert (await chat.text(0)).startswith(first[:20])


async def test_retry_answers_again_and_undo_puts_the_question_back(app, page):
    chat = Chat(page)
    await chat.open(app)
    await chat.set("Max tokens", 12)
    await chat.ask(LONG)
    await chat.answered()
    first = await chat.text()
    await chat.link("Retry").click()
    await expect(chat.transcript).to_contain_text("2/2", timeout=60_000)
    await chat.answered()
    await expect(chat.questions).to_have_count(1)
    await chat.link("‹").click()
    await expect(chat.answers.last).to_have_text(first)
    await chat.link("Undo").click()
    await expect(chat.questions).to_have_count(0)
    await expect(chat.box).to_have_value(LONG)


async def test_an_edited_question_is_answered_anew(app, page):
    chat = Chat(page)
    await chat.open(app)
    await chat.set("Max tokens", 8)
    await chat.ask("Say hello.")
    await chat.answered()
    await chat.edit(chat.questions.first, "Say goodbye.")
    await expect(chat.questions).to_have_text(re.compile("Say goodbye."))
    await chat.answered()
    await expect(chat.questions).to_have_count(1)


async def test_a_model_without_a_key_says_which_variable_is_missing(app, page):
    chat = Chat(page)
    await chat.open(app)
    await chat.picker.click()
    option = page.get_by_role("option", name=re.compile("GPT-4o mini"))
    await expect(option).to_be_disabled()
    await expect(option).to_contain_text("needs OPENAI_API_KEY")
    await option.click(force=True)
    await page.keyboard.press("Escape")
    await expect(chat.picker).to_contain_text("SmolLM2")
    await chat.open(app, "?model=gpt-4o-mini")
    await expect(chat.picker).to_contain_text("GPT-4o mini")
    await chat.ask("Hello")
    await expect(chat.transcript).to_contain_text("needs OPENAI_API_KEY")


async def test_a_parameter_that_the_model_refuses_is_disabled_with_the_reason(app, page):
    chat = Chat(page)
    await chat.open(app)
    await chat.set("Temperature", 1.2)
    await page.get_by_text("Your own keys").click()
    await page.get_by_role("textbox", name="Anthropic").fill("a-key-of-no-known-shape")
    await page.get_by_role("textbox", name="Anthropic").press("Enter")
    await expect(page.get_by_role("textbox", name="Anthropic")).to_have_value("")
    await chat.choose("Claude Opus 5.5")
    temperature = page.get_by_role("checkbox", name="Temperature", exact=True)
    await expect(temperature).to_be_disabled()
    await expect(temperature).not_to_be_checked()
    await expect(page.locator(".sampling")).to_contain_text("Not accepted by this model.")
    await chat.choose("SmolLM2")
    await expect(temperature).to_be_enabled()


async def test_parameters_reach_the_model(app, page):
    chat = Chat(page)
    await chat.open(app)
    await chat.set("Max tokens", 3)
    await chat.ask(LONG)
    await chat.answered()
    assert re.search(r"\b3 out\b.*cut off at the token limit", await chat.figures.inner_text())


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
    await chat.no_sideways_scroll(390)
    await expect(chat.box).to_be_in_viewport()
