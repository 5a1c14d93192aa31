"""Makes the README's pictures, one small PNG per tab, from the real app: python -m docs.pictures [Chat Arena ...]

Starts the app with an empty data directory and no key, drives Chromium, and writes docs/pictures/*.png. The answers
are the embedded model's. The leaderboard's votes are drawn here from voters with known tastes, imported as any file is,
and every contender's name says that it is simulated. Wants requirements-dev.txt and Debian's chromium.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import random
import re
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable, Generator, Iterable
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.async_api import Page, async_playwright, expect

from tests.browser.chat_page import Chat
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.conftest import App, clean_environment, start_app

ROOT = Path(__file__).parent.parent
FOLDER = Path(__file__).parent / "pictures"
SIZE = {"width": 1280, "height": 800}
LARGEST_BYTES = 150_000
# So few that flat surfaces stay flat and text stays sharp, at a third of the size.
COLORS = 128
SEED = 7
SLOW_MS = 240_000
# Simulated contenders, with how strong each is in log-odds.
STRENGTHS = {"Alder": 1.0, "Birch": 0.7, "Cedar": 0.3, "Hazel": 0.0, "Maple": -0.5, "Rowan": -1.1}
VOTES = 600
DAY_S = 86_400
NEWEST_S = 1_764_000_000


async def chat(page: Page, app: App) -> None:
    """A question with its finished answer."""
    talk = Chat(page)
    await talk.open(app)
    await talk.set("Temperature", 0.3)
    await talk.set("Seed", SEED)
    await talk.set("Max tokens", 70)
    await talk.ask("Why is the sky blue?")
    await expect(page.locator("#finished").get_by_text(re.compile("tok/s"))).to_have_count(1, timeout=SLOW_MS)
    await page.locator(".chat-side").evaluate("side => side.scrollTo(0, 0)")


async def arena(page: Page, app: App) -> None:
    """A battle after the vote."""
    await look_at(page, app, "Arena")
    await page.locator("#arena-composer textarea").fill("Write two lines of advice for somebody who learns to cook.")
    await page.locator("#arena-composer textarea").press("Enter")
    await expect(page.locator("#vote-a")).to_be_enabled(timeout=SLOW_MS)
    await page.locator("#vote-a").click()
    await expect(page.locator("#seat-a")).to_contain_text("SmolLM2")


async def leaderboard(page: Page, app: App) -> None:
    """Ranks, intervals, and what is below them."""
    await look_at(page, app, "Leaderboard")
    await expect(page.locator("#board tbody tr")).to_have_count(len(STRENGTHS))
    await expect(page.locator("#verdict")).to_contain_text("Alder")


async def experiments(page: Page, app: App) -> None:
    """A finished sweep."""
    await look_at(page, app, "Experiments")
    await page.locator("#lab-prompts textarea").fill("Name a colour.\nFinish the sentence: The sea is")
    await page.locator("#lab-temperature input").fill("0, 0.7, 1.4")
    await page.locator("#lab-samples input").fill("2")
    await page.locator("#lab-max-tokens input").fill("24")
    await expect(page.locator("#lab-run")).to_contain_text("Run 12 calls")
    await page.locator("#lab-run").click()
    await expect(page.locator("#lab-progress")).to_contain_text("12 of 12 done", timeout=SLOW_MS)
    await expect(page.locator("#lab-plots svg").first).to_be_attached()


async def tokens(page: Page, app: App) -> None:
    """What may come next after a text, before and after the filters."""
    await look_at(page, app, "Tokens")
    await expect(page.locator("#score-figures")).to_contain_text("Perplexity", timeout=SLOW_MS)
    await page.locator("#next-bars .next-bar").first.click()
    await expect(page.locator("#next-strip .walk i")).to_have_count(1, timeout=SLOW_MS)
    await page.locator("#next-draw").click()
    await expect(page.locator("#next-tree button").first).to_be_visible(timeout=SLOW_MS)
    await page.get_by_role("heading", name="Next token").evaluate(
        "head => scrollBy(0, head.getBoundingClientRect().top - 16)"
    )


# The leaderboard before the arena, whose vote would be on it.
TABS: dict[str, Callable[[Page, App], Awaitable[None]]] = {
    "Leaderboard": leaderboard,
    "Chat": chat,
    "Arena": arena,
    "Experiments": experiments,
    "Tokens": tokens,
}


async def look_at(page: Page, app: App, tab: str) -> None:
    await page.goto(app.url)
    await page.get_by_role("tab", name=tab).click()


def simulated_votes(path: Path) -> None:
    """Writes a file of arena votes, as FastChat publishes them, of voters whose tastes are STRENGTHS."""
    draw = random.Random(SEED)
    with path.open("w", encoding="utf-8") as file:
        for at in range(VOTES):
            a, b = draw.sample(list(STRENGTHS), 2)
            better = draw.random() < 1 / (1 + math.exp(STRENGTHS[b] - STRENGTHS[a]))
            winner = draw.choices(["model_a" if better else "model_b", "tie", "both_bad"], [82, 12, 6])[0]
            sides = {"model_a": f"{a} (simulated)", "model_b": f"{b} (simulated)"}
            when = NEWEST_S - 60 * DAY_S * draw.random() ** 1.4
            file.write(json.dumps({"question_id": f"simulated-{at}", **sides, "winner": winner, "tstamp": when}) + "\n")


@contextlib.contextmanager
def started(folder: Path) -> Generator[App]:
    """The app with the simulated votes in its store and the embedded model ready."""
    votes = folder / "votes.jsonl"
    simulated_votes(votes)
    environ = clean_environment(PLAYGROUND_DATA_DIR=str(folder / "data"), PYTHONPATH=str(ROOT))
    (folder / "data").mkdir()
    subprocess.run([sys.executable, "-m", "playground", "import", votes], cwd=folder, env=environ, check=True)
    app = start_app(folder)
    try:
        app.wait("/readyz", 300)
        yield app
    finally:
        app.stop()


def small(png: bytes) -> bytes:
    """The same picture with fewer colours. Raises ValueError where that is still too large for a README."""
    file = BytesIO()
    picture = Image.open(BytesIO(png)).convert("RGB")
    picture.quantize(COLORS, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
    if file.tell() > LARGEST_BYTES:
        raise ValueError(f"The picture has {file.tell():,} bytes, more than {LARGEST_BYTES:,}: show less in it.")
    return file.getvalue()


async def take(app: App, names: Iterable[str]) -> None:
    """Writes the picture of each of these tabs."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for name in names:
            page = await browser.new_page(viewport=SIZE, reduced_motion="reduce")
            await TABS[name](page, app)
            await page.mouse.move(0, 0)
            await page.evaluate("document.activeElement?.blur()")
            file = FOLDER / f"{name.lower()}.png"
            file.write_bytes(small(await page.screenshot()))
            print(f"{file.relative_to(ROOT)}  {file.stat().st_size:,} bytes")
            await page.close()
        await browser.close()


def main(names: list[str]) -> None:
    if unknown := set(names) - set(TABS):
        raise SystemExit(f"No tab is called {', '.join(sorted(unknown))}: there are {', '.join(TABS)}.")
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, started(Path(folder)) as app:
        asyncio.run(take(app, names or TABS))


if __name__ == "__main__":
    main(sys.argv[1:])
