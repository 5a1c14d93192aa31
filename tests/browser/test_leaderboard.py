"""The leaderboard in a real browser, over databases of simulated votes whose contenders have nasty names."""

import csv
import io
import json

import pytest
from playwright.async_api import expect

from playground.ui.leaderboard_tab import HINTS

from ..conftest import start_app
from ..filled import STRENGTHS, fill
from .chat_page import WIDTH

OWNER = "owner-s-token"


@pytest.fixture(scope="module")
def boards(tmp_path_factory):
    """Apps by name: one with many votes of which the judge has judged some, one with few of three contenders."""
    apps = {}
    for name, votes, more in (
        ("many", 420, {"judged": 60}),
        ("few", 12, {"names": tuple(STRENGTHS)[:3]}),
    ):
        folder = tmp_path_factory.mktemp(name)
        (folder / "data").mkdir()
        environ = fill(folder, votes, **more)
        apps[name] = start_app(folder, **environ, **({"PLAYGROUND_ADMIN_TOKEN": OWNER} if name == "many" else {}))
    yield apps
    for app in apps.values():
        app.stop()


@pytest.fixture
def opened(page, boards):
    async def open_(name):
        await page.goto(boards[name].url)
        await page.get_by_role("tab", name="Leaderboard").click()
        await expect(page.locator("#board tbody tr").first).to_be_visible()
        return page

    return open_


def votes_said(page, number):
    return expect(page.locator("#board-headline")).to_contain_text(f"{number:,} votes on")


async def choose(page, label, option):
    await page.get_by_label(label, exact=True).first.click()
    await page.get_by_role("option", name=option).click()


async def test_table_filters_verdict_and_downloads(opened, boards):
    page = await opened("many")
    board = await (await page.request.get(f"{boards['many'].url}/leaderboard")).json()
    rows = page.locator("#board tbody tr")
    await expect(rows).to_have_count(len(STRENGTHS))
    names = await rows.locator("th").all_inner_texts()
    assert names == [one["name"] for one in board["ratings"]] and set(names) == set(STRENGTHS)
    assert await page.locator("#board b b, #board script, #heat b b, #verdict b b").count() == 0
    await votes_said(page, board["votes"])
    await expect(page.locator("#board-headline")).to_contain_text("have to flip to change first place")
    for at, one in enumerate(board["ratings"]):
        bar = await rows.nth(at).locator(".track i").bounding_box()
        dot = await rows.nth(at).locator(".track b").bounding_box()
        assert bar["width"] > 5 and bar["x"] < dot["x"] + dot["width"] / 2 < bar["x"] + bar["width"]
        await expect(rows.nth(at).locator("td").nth(0)).to_have_text(str(one["rank"]))
        await expect(rows.nth(at)).to_contain_text(f"{one['rating']:,.0f}")
    await expect(page.locator("#heat tbody tr")).to_have_count(len(STRENGTHS))
    await expect(page.locator("#days rect")).not_to_have_count(0)
    await expect(page.locator("#verdict polyline")).to_have_count(1)
    for part, told in HINTS.items():
        await expect(page.locator(f"#{part}")).to_have_attribute("title", told)

    best, worst = names[0], names[-1]
    await choose(page, "Second contender", worst)
    await expect(page.locator("#verdict")).to_contain_text(f"{best} is better, however often you look.")
    await expect(page.locator("#verdict")).to_contain_text(f"for {worst}")

    await choose(page, "Prompts", "Code")
    code = await (await page.request.get(f"{boards['many'].url}/leaderboard?category=code")).json()
    assert 0 < code["votes"] < board["votes"]
    await votes_said(page, code["votes"])
    link = page.locator("#board-downloads a", has_text="csv")
    async with page.expect_download() as download:
        await link.click()
    written = (await (await download.value).path()).read_text("utf-8")
    found = list(csv.DictReader(io.StringIO(written)))
    assert {one["name"].removeprefix("'") for one in found} == set(STRENGTHS)
    assert not any(one["name"].startswith("=") for one in found)
    assert sum(int(one["battles"]) for one in found) == 2 * code["votes"]
    async with page.expect_download() as download:
        await page.locator("#board-downloads a", has_text="json").click()
    assert json.loads((await (await download.value).path()).read_text("utf-8"))["votes"] == code["votes"]

    await choose(page, "Prompts", "All prompts")
    await votes_said(page, board["votes"])
    await page.get_by_label("Include leaked names").check()
    leaked = await (await page.request.get(f"{boards['many'].url}/leaderboard?leaked=1")).json()
    assert leaked["votes"] == 420 > board["votes"]
    await votes_said(page, 420)
    await page.get_by_label("My votes only").check()
    await expect(page.locator("#board-headline")).to_contain_text("No votes match these filters")
    await expect(rows).to_have_count(0)


async def test_the_judge_has_a_board_of_its_own_and_only_the_owner_starts_it(opened):
    page = await opened("many")
    await page.get_by_text("Judge", exact=True).click()
    await expect(page.locator("#board-headline")).to_contain_text("The judge agrees with people on")
    await expect(page.locator("#board-headline")).to_contain_text("never mixed with theirs")

    said = page.locator("#judge-said")
    await page.locator("#judge-panel > button").click()
    await page.locator("#judge-token input").fill("guess")
    await page.locator("#judge-look").click()
    await expect(said).to_contain_text("not the owner's token")
    await expect(page.locator("#judge-start")).to_be_disabled()
    await page.locator("#judge-token input").fill(OWNER)
    await page.locator("#judge-limit input").fill("7")
    await page.locator("#judge-look").click()
    await expect(said).to_contain_text("would judge 7 battles in both orders: 14 calls")
    await expect(said).to_contain_text("price unknown")
    await page.locator("#judge-start").click()  # nobody serves this model: it ends by itself, and says why
    await expect(said).to_contain_text("Stopped: ", timeout=60_000)
    await expect(said).to_contain_text("0 judged")
    await expect(page.locator("#judge-start")).to_be_disabled()


async def test_few_votes_are_not_ranked_and_without_an_owner_there_is_no_panel(opened):
    page = await opened("few")
    await expect(page.locator("#board-headline")).to_contain_text("too few votes to rank")
    ranks = await page.locator("#board tbody .rank").all_inner_texts()
    assert set(ranks) == {"–"}
    await expect(page.locator("#judge-panel")).to_have_count(0)
    await page.set_viewport_size({"width": 390, "height": 844})
    wide = await page.evaluate(WIDTH)
    assert wide <= 390
