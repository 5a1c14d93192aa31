"""System prompts with variables, the library's and the reader's own, which outlast the server."""

import json
import re

from playwright.async_api import expect

from ..conftest import free_port, start_app
from .chat_page import Chat

# How much of presets the browser keeps: it is written after the page has said so.
STORED = "(localStorage['llm-playground-presets'] || '').length"


async def test_a_prompt_has_a_form_for_its_variables_and_presets_are_kept_and_carried(temple, oracle, page):
    chat = Chat(page)
    await chat.open(temple)
    prompt = page.locator("#system-prompt textarea")
    await prompt.fill("You are {{ role }}.")
    role = page.get_by_role("textbox", name="role", exact=True)
    await role.wait_for()
    await chat.ask("Who?")
    await expect(chat.alert).to_contain_text("role")
    await expect(chat.box).to_have_value("Who?")
    await role.fill("a pirate")
    await role.blur()
    await chat.box.press("Enter")
    await chat.answered()
    assert oracle.bodies[-1]["messages"][0] == {"role": "system", "content": "You are a pirate."}

    await page.get_by_text("Your presets").click()
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(chat.alert).to_contain_text("A preset needs a name")
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
    before = await page.evaluate(STORED)
    await upload.set_input_files({"name": "a.json", "mimeType": "application/json", "buffer": b"[1"})
    await expect(chat.alert).to_contain_text("Nothing was imported")
    more = json.dumps([{"name": "Theirs", "prompt": "Be {{ tone }}."}]).encode()
    await upload.set_input_files({"name": "a.json", "mimeType": "application/json", "buffer": more})
    await expect(chat.alert).to_contain_text("1 preset imported")
    await page.wait_for_function(f"{STORED} > {before}")
    await chat.open(temple)
    await page.locator("#preset input").click()
    await page.get_by_role("option", name="Theirs (yours)").click()
    await expect(prompt).to_have_value("Be {{ tone }}.")
    await page.get_by_role("textbox", name="tone", exact=True).wait_for()


async def test_a_preset_of_the_library_fills_in_the_prompt_and_what_does_not_fit_the_browser_is_not_taken(temple, page):
    chat = Chat(page)
    await chat.open(temple)
    await page.locator("#preset input").click()
    await page.get_by_role("option", name="Translator", exact=True).click()
    await expect(page.locator("#system-prompt textarea")).to_have_value(re.compile("Translate everything"))
    await page.get_by_role("textbox", name="language", exact=True).wait_for()

    await page.get_by_text("Your presets").click()
    upload = page.locator(".own-presets input[type=file]")

    async def take(*presets):
        rows = json.dumps([{"name": name, "prompt": prompt} for name, prompt in presets])
        await upload.set_input_files({"name": "a.json", "mimeType": "application/json", "buffer": rows.encode()})

    await take(*((f"Half {at}", "x" * 90_000) for at in range(11)))
    await expect(chat.alert).to_contain_text("11 presets imported")
    await page.wait_for_function(f"{STORED} > 900_000")
    await take(("Small", "Be small."), ("Large", "x" * 90_000))
    refused = "Nothing was imported. Your presets would take 1.1 MB, and a browser keeps at most 1 MB of them"
    await expect(chat.alert).to_contain_text(refused)
    await page.locator("#system-prompt textarea").fill("y" * 90_000)
    await page.get_by_role("textbox", name="Name", exact=True).fill("Mine")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(chat.alert).to_contain_text("Not saved. Your presets would take 1.1 MB")
    await chat.open(temple)
    await page.locator("#preset input").click()
    await expect(page.get_by_role("option", name=re.compile("yours"))).to_have_count(11)


async def test_what_the_browser_keeps_outlasts_a_restart_of_the_server(oracle, page, tmp_path):
    port = free_port()

    async def kept(app):
        components = (await (await page.request.get(f"{app.url}/config")).json())["components"]
        props = [one["props"] for one in components if one["type"] == "browserstate"]
        return sorted((one["storage_key"], one["secret"]) for one in props)

    app = start_app(tmp_path, port=port, **oracle.environment(tmp_path))
    try:
        chat = Chat(page)
        await chat.open(app)
        before = await kept(app)
        assert len(before) == 3
        await page.get_by_text("Your presets").click()
        await page.locator("#system-prompt textarea").fill("Be brief.")
        await page.get_by_role("textbox", name="Name", exact=True).fill("Mine")
        await page.get_by_role("button", name="Save", exact=True).click()
        await expect(page.locator("#preset input")).to_have_value("Mine (yours)")
        app.stop()
        app = start_app(tmp_path, port=port, **oracle.environment(tmp_path))
        await chat.open(app)
        assert await kept(app) == before
        await page.locator("#preset input").click()
        await page.get_by_role("option", name="Mine (yours)").click()
        await expect(page.locator("#system-prompt textarea")).to_have_value("Be brief.")
    finally:
        app.stop()
