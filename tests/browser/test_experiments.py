"""An experiment on the embedded model in a real browser: run, stop, reload, restart, resume, and on to the arena."""

import json
import re

import httpx2
from playwright.async_api import expect

from ..conftest import start_app
from ..upstream import configured, upstream

SLOW = 240_000  # two small cores may be busy with other things


class Lab:
    """The experiments tab as a reader handles it."""

    def __init__(self, page):
        self.page = page
        self.run = page.locator("#lab-run")
        self.stop = page.locator("#lab-stop")
        self.resume = page.locator("#lab-resume")
        self.progress = page.locator("#lab-progress")
        self.notes = page.locator("#lab-notes")
        self.answers = page.locator("#lab-grid .answer")
        self.prompts = page.locator("#lab-prompts textarea")
        self.temperature = page.locator("#lab-temperature").locator("input, textarea")
        self.samples = page.locator("#lab-samples input")
        self.max_tokens = page.locator("#lab-max-tokens input")

    async def open(self, url):
        await self.page.goto(url)
        return await self.look()

    async def look(self):
        await self.page.get_by_role("tab", name="Experiments").click()
        await expect(self.run).to_contain_text("calls")
        return self

    async def upload(self, name, text):
        async with self.page.expect_file_chooser() as chosen:
            await self.page.locator("#lab-upload").click()
        file = {"name": name, "mimeType": "text/plain", "buffer": text.encode()}
        await (await chosen.value).set_files(file)

    async def download(self, url):
        link = self.page.locator("#lab-downloads a", has_text="JSON")
        return httpx2.get(f"{url}/{await link.get_attribute('href')}").raise_for_status().json()


async def test_a_sweep_on_the_embedded_model_is_stopped_and_resumed_after_a_restart(page, tmp_path):
    app = start_app(tmp_path)
    lab = await Lab(page).open(app.url)
    await expect(lab.run).to_contain_text(re.compile(r"Run 15 calls · ≈ [\d,]+ tokens, free"))
    await lab.temperature.fill("0, nan")
    await expect(lab.notes).to_contain_text("'nan' is not a number")
    await lab.temperature.fill("0, 1.5")
    await lab.prompts.fill("Hello\nName a fruit.")
    await lab.samples.fill("4")
    await lab.max_tokens.fill("8")
    await expect(lab.run).to_contain_text("Run 16 calls")
    await lab.run.click()
    await expect(lab.answers.first).to_be_visible(timeout=SLOW)
    await lab.stop.click()
    await expect(lab.resume).to_be_visible()
    said = await lab.progress.inner_text()
    before = await lab.download(app.url)
    assert before["cells"] and "of 16 done" in said
    app.stop()
    app = start_app(tmp_path, port=int(app.url.rpartition(":")[2]))
    try:
        lab = await Lab(page).open(app.url)
        await expect(lab.progress).to_contain_text("of 16 done")
        if await lab.resume.is_visible():
            await lab.resume.click()
        await expect(lab.progress).to_contain_text("16 of 16 done", timeout=SLOW)
        after = await lab.download(app.url)
        rows = {(row["prompt"], row["sample"], row["temperature"]): row for row in after["cells"]}
        assert len(rows) == 16 and all(row["answer"] for row in rows.values())
        assert [row for row in after["cells"] if row in before["cells"]] == before["cells"]
        await expect(page.locator("#lab-figures")).to_contain_text("temperature 1.5")
        await expect(page.locator("#lab-plots svg").first).to_be_visible()
    finally:
        app.stop()


async def test_two_settings_meet_blind_over_the_prompts_of_their_experiment(page, tmp_path):
    with upstream() as url:
        app = start_app(tmp_path, **configured(tmp_path, url, "broken"))
        try:
            await _two_settings_meet(page, app)
        finally:
            app.stop()


async def _two_settings_meet(page, app):
    lab = await Lab(page).open(app.url)
    broken = json.dumps({"prompt": "One?"}) + "\n{"
    await lab.upload("set.jsonl", broken)
    await expect(lab.notes).to_contain_text("Line 2 is not JSON")
    lines = "\n".join(json.dumps({"prompt": f"Question {at}?", "reference": "Some words"}) for at in (1, 2))
    await lab.upload("set.jsonl", lines)
    await expect(lab.prompts).to_have_value(re.compile(r"Question 1\?\nQuestion 2\?"))
    await lab.temperature.fill("0.1, 0.9")
    await lab.samples.fill("1")
    await expect(lab.run).to_contain_text("Run 4 calls")
    await lab.run.click()
    await expect(lab.progress).to_contain_text("4 of 4 done", timeout=60_000)
    await expect(page.locator("#lab-figures")).to_contain_text("ROUGE-L")
    await page.locator("#lab-battle").click()
    banner = page.locator("#battle-queue")
    await expect(banner).to_contain_text("Prompt 1 of 2")
    box = page.locator("#arena-composer textarea")
    for at in (1, 2):
        await expect(box).to_have_value(f"Question {at}?")
        await box.press("Enter")
        await expect(page.locator("#vote-a")).to_be_enabled(timeout=60_000)
        await expect(page.locator("#seat-a")).to_have_text("A")
        await page.locator("#vote-a").click()
        for seat in "ab":
            await expect(page.locator(f"#seat-{seat}")).to_contain_text(re.compile(r"temperature 0\.[19]"))
    await expect(banner).to_contain_text("All 2 prompts are done")
    board = httpx2.get(f"{app.url}/leaderboard").json()
    assert sum("temperature 0." in one["name"] for one in board["ratings"]) == 2
    await page.locator("#queue-end").click()
    await expect(banner).to_be_hidden()
