"""The form of an experiment in a real browser: its presets, files of each kind, calls that have failed."""

import re

import pytest
from playwright.async_api import expect

from .chat_page import until
from .test_experiments import Lab, scripted  # noqa: F401  a fixture


async def test_presets_fill_the_form_and_any_kind_of_file_the_prompts(page, scripted):  # noqa: F811
    lab = await Lab(page).open(scripted.url)
    for name, said in (
        ("top-p", "Run 12 calls"),
        ("models", re.compile("Run 6 calls")),
        ("temperature", "Run 15 calls"),
    ):
        await page.locator(f"#lab-preset-{name}").click()
        await expect(lab.run).to_contain_text(said)
    await expect(lab.temperature).to_have_value("0, 0.4, 0.8, 1.2, 1.6")
    await lab.upload("set.txt", "One?\nTwo?")
    await expect(lab.prompts).to_have_value(re.compile(r"^One\?\nTwo\?\s*$"))
    await lab.upload("set.csv", 'prompt,reference\n"Three, or four?",Three\n')
    await expect(lab.prompts).to_have_value(re.compile(r"^Three, or four\?\s*$"))
    await page.locator("#lab-more").get_by_text("More parameters").click()
    await expect(page.locator("#lab-references textarea")).to_have_value(re.compile(r"^Three\s*$"))


@pytest.mark.parametrize("scripted", [("broken",)], indirect=True, ids=["a broken model"])
async def test_a_call_that_failed_says_why_and_is_made_again(page, scripted):  # noqa: F811
    lab = await Lab(page).open(scripted.url)
    await lab.choose_model("Canaryname Broken")
    await page.get_by_role("button", name="Remove 0").click()
    await lab.runs("Hello", "", 1)
    await expect(page.locator("#lab-grid")).to_contain_text("has a problem of its own")
    await expect(lab.progress).to_contain_text("1 failed")
    before = scripted.log.read_text().count('"ended": "server"')
    await expect(lab.resume).to_have_text("Ask again: 1 failed")
    await lab.resume.click()
    await until(lambda: scripted.log.read_text().count('"ended": "server"') == before + 1)
    await expect(lab.progress).to_contain_text("1 failed")
