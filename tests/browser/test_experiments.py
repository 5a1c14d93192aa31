"""An experiment on the embedded model in a real browser: run, stop, reload, restart, resume, and on to the arena."""

import asyncio
import json
import re

import httpx2
import pytest
from playwright.async_api import expect

from playground.lab.prompts import built_in, write_lines

from ..conftest import start_app
from ..desk import KEY
from ..upstream import configured, upstream
from .chat_page import until

SLOW = 240_000  # two small cores may be busy with other things
# Notes how the answers are scrolled to.
SCROLLED = """
window.scrolled = [];
Element.prototype.scrollIntoView = function (how) {
  if (this.id === "lab-grid") window.scrolled.push(how.behavior);
};
"""


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
        self.queue = page.locator("#lab-queue")

    async def open(self, url):
        await self.page.goto(url)
        return await self.look()

    async def look(self):
        await self.page.get_by_role("tab", name="Experiments").click()
        await expect(self.run).to_contain_text("calls")
        return self

    async def choose_set(self, name):
        await self.page.locator("#lab-set input").click()
        await self.page.get_by_role("option", name=name).click()

    async def offered(self, model):
        """How many entries of the list of models have that name."""
        await self.page.locator("#lab-models input").click()
        await expect(self.page.get_by_role("option").first).to_be_visible()
        count = await self.page.get_by_role("option", name=model).count()
        await self.page.keyboard.press("Escape")
        return count

    async def choose_model(self, name):
        await self.page.locator("#lab-models input").click()
        await self.page.get_by_role("option", name=name).click()
        await self.page.keyboard.press("Escape")

    async def runs(self, prompts, temperature, calls):
        """A run with one sample of each, to its end."""
        await self.prompts.fill(prompts)
        await self.samples.fill("1")
        await self.temperature.fill(temperature)
        await expect(self.run).to_contain_text(f"Run {calls} call")
        await self.run.click()
        await expect(self.progress).to_contain_text(f"{calls} of {calls} done", timeout=60_000)

    async def pick(self, field, title):
        await self.page.locator(f"{field} input").click()
        await self.page.get_by_role("option", name=re.compile(title)).click()

    async def bring_key(self):
        """KEY, typed in where people talk; then back."""
        await self.page.get_by_role("tab", name="Chat").click()
        await self.page.get_by_role("button", name="Your own keys").click()
        field = self.page.get_by_role("textbox", name="Vault")
        await field.fill(KEY)
        await field.press("Enter")
        await expect(field).to_have_attribute("placeholder", "In use")
        await self.look()

    async def upload(self, name, text):
        async with self.page.expect_file_chooser() as chosen:
            await self.page.locator("#lab-upload").click()
        file = {"name": name, "mimeType": "text/plain", "buffer": text.encode()}
        await (await chosen.value).set_files(file)

    async def download(self, url):
        link = self.page.locator("#lab-downloads a", has_text="JSON")
        return httpx2.get(f"{url}/{await link.get_attribute('href')}").raise_for_status().json()


@pytest.fixture
def scripted(tmp_path, request):
    """The app over scripted models, the quick, the slow, and those that the test names."""
    with upstream() as url:
        app = start_app(tmp_path, **configured(tmp_path, url, *getattr(request, "param", ())))
        yield app
        app.stop()


async def test_a_sweep_on_the_embedded_model_is_stopped_and_resumed_after_a_restart(page, tmp_path):
    app = start_app(tmp_path)
    lab = await Lab(page).open(app.url)
    await expect(lab.run).to_contain_text(re.compile(r"Run 15 calls · ≈ [\d,]+ tokens, free"))
    await lab.temperature.fill("0, nan")
    await expect(lab.notes).to_contain_text("'nan' is not a number")
    await lab.temperature.fill("0, 1.5")
    await lab.prompts.fill("Hello\nName a fruit.")
    await lab.samples.fill("4")
    await lab.max_tokens.fill("64")  # it must not be over before it is stopped
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
        await expect(lab.progress).to_contain_text(re.compile("stopped|16 of 16 done"))
        if "stopped" in await lab.progress.inner_text():
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


@pytest.mark.parametrize("scripted", [("broken",)], indirect=True, ids=["beside a broken model"])
async def test_two_settings_meet_blind_over_the_prompts_of_their_experiment(page, scripted):
    lab = await Lab(page).open(scripted.url)
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
    board = httpx2.get(f"{scripted.url}/leaderboard").json()
    assert sum("temperature 0." in one["name"] for one in board["ratings"]) == 2
    await page.locator("#queue-end").click()
    await expect(banner).to_be_hidden()


async def test_a_prompt_set_becomes_a_queue_of_blind_battles(page, scripted):
    lab = await Lab(page).open(scripted.url)
    await page.get_by_text("More parameters").click()
    prompts, references = write_lines(built_in("Facts with answers"))
    await lab.choose_set("Facts with answers")
    await expect(lab.prompts).to_have_value(prompts)
    await expect(page.locator("#lab-references textarea")).to_have_value(references)
    await lab.choose_set("Sentences to shorten")
    prompts, references = write_lines(built_in("Sentences to shorten"))
    await expect(lab.prompts).to_have_value(prompts)
    await expect(page.locator("#lab-references textarea")).to_have_value(references)

    await lab.prompts.fill("")
    await lab.queue.click()
    await expect(lab.notes).to_contain_text("There is no prompt")
    await expect(page.locator("#arena-composer")).to_be_hidden()

    first, second = prompts.splitlines()[:2]
    await lab.prompts.fill(f"{first}\n{second}\n{first}")
    await lab.queue.click()
    banner = page.locator("#battle-queue")
    await expect(banner).to_contain_text("Prompt 1 of 2")
    await expect(banner).to_contain_text("From your prompt set")
    box = page.locator("#arena-composer textarea")
    for asked in (first, second):
        await expect(box).to_have_value(asked)
        await box.press("Enter")
        await expect(page.locator("#vote-tie")).to_be_enabled(timeout=60_000)
        for seat in "ab":
            await expect(page.locator(f"#seat-{seat}")).to_have_text(seat.upper())
        await page.locator("#vote-tie").click()
        for seat in "ab":
            await expect(page.locator(f"#seat-{seat}")).to_contain_text("Canarycontender")
    await expect(banner).to_contain_text("All 2 prompts are done")
    await page.locator("#queue-end").click()
    await expect(banner).to_be_hidden()
    await expect(box).to_have_value("")


async def test_answers_of_an_earlier_run_are_reused_only_where_the_reader_says_so(page, scripted):
    await page.emulate_media(reduced_motion="reduce")
    await page.add_init_script(SCROLLED)
    lab = await Lab(page).open(scripted.url)
    await lab.runs("One?\nTwo?", "0.1, 0.9", 4)
    assert await page.evaluate("window.scrolled") == ["instant"]
    before = {answer_to(row): row["answer"] for row in (await lab.download(scripted.url))["cells"]}
    await lab.temperature.fill("0.1, 0.5, 0.9")
    await expect(lab.run).to_contain_text("Run 6 calls")
    await page.get_by_text("More parameters").click()
    await page.get_by_role("checkbox", name="Reuse answers").check()
    await expect(lab.run).to_contain_text(re.compile("Run 2 calls .* 4 reused"))
    await lab.run.click()
    await expect(lab.progress).to_contain_text("6 of 6 done", timeout=60_000)
    await expect(page.locator("#lab-grid td small", has_text="reused")).to_have_count(4)
    rows = (await lab.download(scripted.url))["cells"]
    # Every answer of the server has a number of its own.
    assert {answer_to(row): row["answer"] for row in rows if row["reused"]} == before
    assert len({row["answer"] for row in rows}) == 6
    await expect(lab.run).to_contain_text("every answer is there already")
    await page.get_by_role("checkbox", name="Reuse answers").uncheck()
    await expect(lab.run).to_contain_text("Run 6 calls")


def answer_to(row):
    return row["prompt"], row["temperature"]


async def test_a_readers_own_key_opens_its_models_for_experiments_of_this_session_alone(office, desk, page):
    lab = await Lab(page).open(office.url)
    assert await lab.offered("Vault One") == 0
    await lab.bring_key()
    await lab.choose_model("Vault One")
    await lab.prompts.fill("One?\nAnswer slowly.")
    await lab.temperature.fill("")
    await lab.samples.fill("1")
    await expect(lab.run).to_contain_text("Run 4 calls")
    begun = len(desk.keys)
    await lab.run.click()
    await expect(lab.progress).to_contain_text("2 of 4 done")
    await expect(lab.stop).to_be_visible()
    await lab.stop.click()
    await expect(lab.progress).to_contain_text("stopped")
    assert sorted(desk.keys[begun:]) == ["Bearer none"] * 2 + [f"Bearer {KEY}"] * 2
    kept = [await page.content(), await page.evaluate("JSON.stringify([localStorage, sessionStorage])")]
    kept += [file.read_bytes().decode(errors="replace") for file in office.log.parent.rglob("*") if file.is_file()]
    assert any("Answer slowly." in one for one in kept) and not any(KEY in one for one in kept)

    lab = await Lab(page).open(office.url)
    await expect(lab.progress).to_contain_text("2 of 4 done")
    assert await lab.offered("Vault One") == 0
    begun = len(desk.keys)
    await lab.resume.click()
    await expect(lab.notes).to_contain_text("asks Vault with a key of your own, which is gone: enter it again")
    assert len(desk.keys) == begun
    await lab.bring_key()
    await lab.resume.click()
    await until(lambda: f"Bearer {KEY}" in desk.keys[begun:])
    await lab.stop.click()
    await expect(lab.resume).to_be_visible()


async def test_while_a_run_grows_any_page_of_it_and_any_other_run_can_be_looked_at(page, scripted):
    lab = await Lab(page).open(scripted.url)
    await lab.runs("A run of its own", "", 1)
    await lab.prompts.fill("\n".join(f"Number {at}, {'endless' if at else 'short'}" for at in range(30)))
    await page.get_by_role("checkbox", name="Yes, make 30 calls").check()  # also where the first run ends only now
    await lab.run.click()
    await expect(lab.stop).to_be_visible()
    grid = page.locator("#lab-grid")
    await expect(grid).to_contain_text("Number 0,")
    for title, shown in (
        ("Prompts 25 to 30", "Number 24,"),
        ("Prompts 1 to 24", "Number 0,"),
        ("Prompts 25 to 30", "Number 24,"),
    ):
        await lab.pick("#lab-page", title)
        await stays(grid, shown)
    for title, shown in ("1 prompt", "A run of its own"), ("30 prompts", "Number 0,"), ("1 prompt", "A run of its own"):
        await lab.pick("#lab-earlier", title)
        await stays(grid, shown)
    await lab.pick("#lab-earlier", "30 prompts")
    await lab.stop.click()
    await expect(lab.progress).to_contain_text("stopped")


async def stays(grid, text):
    """Also when a run that goes on is drawn again, once a second."""
    await expect(grid).to_contain_text(text)
    for _ in range(25):
        await asyncio.sleep(0.1)
        assert text in await grid.inner_text()
