"""Blind battles in a real browser, against a model server that does what the test wants."""

import re
import sqlite3

import pytest
from playwright.async_api import expect

from ..conftest import start_app
from ..upstream import configured
from .chat_page import WIDTH, held_back


@pytest.fixture(scope="module")
def arena_app(lab, tmp_path_factory):
    """Two contenders, both well."""
    folder = tmp_path_factory.mktemp("arena")
    app = start_app(folder, **configured(folder, lab))
    yield app
    app.stop()


@pytest.fixture(scope="module")
def failing_app(lab, tmp_path_factory):
    """Three contenders, of whom one always fails and is always drawn first."""
    folder = tmp_path_factory.mktemp("failing")
    environ = configured(folder, lab, "broken")
    config = folder / "own.toml"
    config.write_text(config.read_text() + '[contenders."canarymodel-broken"]\nname = "Broken"\npinned = true\n')
    app = start_app(folder, **environ)
    yield app
    app.stop()


class ArenaPage:
    """The arena as a reader handles it."""

    def __init__(self, page):
        self.page = page
        self.box = page.locator("#arena-composer textarea")
        self.panes = {seat: page.locator(f"#pane-{seat}") for seat in "ab"}
        self.answers = {seat: pane.locator(".bot-row") for seat, pane in self.panes.items()}
        self.votes = {name: page.locator(f"#vote-{name}") for name in ("a", "b", "tie", "both_bad")}
        self.seats = {seat: page.locator(f"#seat-{seat}") for seat in "ab"}
        self.notice = page.locator("#arena-notice")
        self.stop = page.locator("#arena-composer .stop-button")

    async def open(self, app):
        await self.page.goto(app.url)
        await self.page.get_by_role("tab", name="Arena").click()
        await self.box.wait_for()
        return self

    async def ask(self, text):
        await self.box.fill(text)
        await self.box.press("Enter")

    async def ready(self):
        await expect(self.votes["a"]).to_be_enabled(timeout=30_000)

    async def named(self):
        for seat in "ab":
            await expect(self.seats[seat]).to_contain_text("Canarycontender")


@pytest.fixture
async def arena(page, arena_app):
    return await ArenaPage(page).open(arena_app)


async def test_a_battle_by_mouse_from_the_prompt_to_the_next_one(arena):
    for vote in arena.votes.values():
        await expect(vote).to_be_disabled()
    await arena.ask("Hello there")
    for seat in "ab":
        await expect(arena.panes[seat]).to_contain_text("Hello there")
        await expect(arena.answers[seat].last).to_contain_text("Some words")
        await expect(arena.seats[seat]).to_have_text(seat.upper())
    await arena.ready()
    for seat in "ab":
        await expect(arena.answers[seat].last).to_contain_text("end.")
    await expect(arena.page.locator("body")).not_to_contain_text("Canarycontender")
    await arena.votes["b"].click()
    await arena.named()
    for seat in "ab":
        await expect(arena.seats[seat]).to_contain_text(re.compile(r"Canaryprompt (quick|slow)"))
        await expect(arena.seats[seat]).to_contain_text(re.compile(r"temperature 0.7654321|top_p 0.1234567"))
        await expect(arena.seats[seat]).to_contain_text(re.compile(r"first token .* tok/s .* 918,273 in · 645,546 out"))
    await expect(arena.notice).to_contain_text("You voted: B is better")
    await expect(arena.votes["a"]).to_be_disabled()
    await arena.page.get_by_text("Your votes").click()
    await expect(arena.page.locator("#tally")).to_contain_text("Canarycontender")
    await arena.page.get_by_role("button", name="Next battle").click()
    for seat in "ab":
        await expect(arena.answers[seat]).to_have_count(0)
        await expect(arena.seats[seat]).to_have_text(seat.upper())
    await expect(arena.box).to_be_focused()


async def test_a_battle_by_keyboard_with_undo(arena):
    await arena.box.focus()
    await arena.page.keyboard.type("Hello by key")
    await arena.page.keyboard.press("Control+Enter")
    await arena.ready()
    await arena.page.keyboard.press("3")
    await arena.named()
    await expect(arena.notice).to_contain_text("You voted: Tie")
    await arena.page.locator("#undo").focus()
    await arena.page.keyboard.press("Enter")
    await expect(arena.notice).to_contain_text("not counted")
    await expect(arena.votes["a"]).to_be_enabled()
    await arena.page.keyboard.press("1")
    await expect(arena.notice).to_contain_text("You voted: A is better")
    await arena.page.locator("#next-battle").focus()
    await arena.page.keyboard.press("Enter")
    await expect(arena.box).to_be_focused()
    await arena.page.keyboard.type("Again, with a 1 in it")
    await arena.page.keyboard.press("Enter")
    await arena.ready()
    await expect(arena.panes["a"]).to_contain_text("Again, with a 1 in it")


async def test_a_running_battle_is_stopped_and_voted_on(arena):
    await arena.ask("Write something endless")
    await expect(arena.answers["a"].last).to_contain_text("Some words")
    await arena.ask("Written meanwhile")
    await arena.page.keyboard.press("Escape")
    await arena.ready()
    await expect(arena.box).to_have_value("Written meanwhile")
    await arena.box.fill("")
    kept = await arena.answers["a"].last.inner_text()
    await arena.page.wait_for_timeout(500)
    assert await arena.answers["a"].last.inner_text() == kept
    await arena.votes["both_bad"].click()
    await arena.named()


async def test_a_further_prompt_goes_to_both(arena):
    await arena.ask("First prompt")
    await arena.ready()
    await arena.ask("Second prompt")
    await expect(arena.votes["a"]).to_be_disabled()
    await arena.ready()
    for seat in "ab":
        await expect(arena.answers[seat]).to_have_count(2)
        await expect(arena.panes[seat]).to_contain_text("First prompt")
        await expect(arena.panes[seat]).to_contain_text("Second prompt")


async def test_a_suggestion_starts_a_battle(arena):
    suggestion = arena.page.locator(".suggestion").first
    text = await suggestion.inner_text()
    await suggestion.click()
    await arena.ready()
    await expect(arena.panes["b"]).to_contain_text(text)


async def test_a_suggestion_waits_for_who_votes(arena_app, page):
    let_through = await held_back(page)
    arena = await ArenaPage(page).open(arena_app)
    await page.locator(".suggestion").first.click()
    waiting = page.locator(".suggestions[aria-busy=true]")
    await expect(waiting).to_be_visible()
    await expect(arena.answers["a"]).to_have_count(0)
    let_through.set()
    await arena.ready()
    await expect(waiting).to_have_count(0)


async def test_the_pair_can_be_chosen_and_stays_blind(arena):
    await arena.page.get_by_text("Choose the pair").click()
    for at, name in enumerate(("Quick", "Slow")):
        field = arena.page.get_by_label(("First contender", "Second contender")[at], exact=True)
        await field.click()
        await arena.page.get_by_role("option", name=f"Canarycontender {name}").last.click()
    await arena.ask("Who are you two?")
    await arena.ready()
    for seat in "ab":
        await expect(arena.seats[seat]).to_have_text(seat.upper())


async def test_an_empty_prompt_is_answered_in_words(arena):
    await arena.ask("   ")
    await expect(arena.notice).to_contain_text("The prompt is empty")
    await arena.ask("A real one")
    await arena.ready()


async def test_a_side_that_fails_is_replaced_and_the_other_answer_stays(page, failing_app):
    arena = await ArenaPage(page).open(failing_app)
    await arena.ask("Hello")
    await expect(arena.notice).to_contain_text(re.compile("No answer from side [AB]"), timeout=30_000)
    failed = "a" if "side A" in await arena.notice.inner_text() else "b"
    stays = "ab".replace(failed, "")
    await expect(arena.panes[failed]).to_contain_text("could not answer")
    await expect(arena.votes["a"]).to_be_disabled()
    kept = await arena.answers[stays].last.inner_text()
    await page.get_by_role("button", name="Draw another opponent").click()
    await arena.ready()
    assert await arena.answers[stays].last.inner_text() == kept
    await expect(arena.answers[failed].last).to_contain_text("end.")
    await arena.votes["a"].click()
    await arena.named()


async def test_a_battle_on_a_phone(browser, arena_app):
    context = await browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = await context.new_page()
    arena = await ArenaPage(page).open(arena_app)
    await arena.ask("Hello from a phone")
    await arena.ready()
    assert await page.evaluate(WIDTH) <= 390
    await page.evaluate("window.scrollTo(0, 0)")
    await expect(page.locator("#arena-composer")).to_be_in_viewport(ratio=1)
    boxes = {name: await vote.bounding_box() for name, vote in arena.votes.items()}
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= 390 and box["height"] >= 32 for box in boxes.values())
    tops = [(await arena.panes[seat].bounding_box())["y"] for seat in "ab"]
    assert tops[1] > tops[0]
    await arena.votes["tie"].tap()
    await arena.named()
    assert await page.evaluate(WIDTH) <= 390
    await context.close()


async def test_named_columns_answer_side_by_side_and_are_voted_on(arena, arena_app):
    page = arena.page
    await page.get_by_text("Side by side").click()
    box = page.locator("#compare-composer textarea")
    await page.get_by_role("radio", name="3 columns").click(force=True)
    await expect(page.locator("#compare-c")).to_be_visible()
    await expect(page.locator("#best-c")).to_be_disabled()
    await box.fill("Hello columns")
    await box.press("Enter")
    for letter in "abc":
        await expect(page.locator(f"#compare-{letter}")).to_contain_text(re.compile("end.*tok/s", re.S), timeout=30_000)
    # Who sees that all have answered asks again, whether or not the page has drawn its buttons anew.
    await box.fill("Hello again")
    await box.press("Enter")
    await expect(page.locator("#compare-c .user-row")).to_have_count(2)
    await expect(page.locator("#best-b")).to_be_enabled(timeout=30_000)
    await page.locator("#best-b").click()
    await expect(page.locator("#compare-notice")).to_contain_text("B is best")
    with sqlite3.connect(arena_app.log.parent / "data" / "arena.db") as database:
        rows = database.execute("SELECT kind, outcome, count(*) FROM vote WHERE kind = 'side_by_side' GROUP BY 1, 2")
        assert rows.fetchall() == [("side_by_side", "a", 2)]


async def test_what_is_typed_while_the_columns_answer_is_neither_sent_nor_lost(arena):
    page = arena.page
    await page.get_by_text("Side by side").click()
    box = page.locator("#compare-composer textarea")
    await box.fill("Write something endless")
    await box.press("Enter")
    await expect(page.locator("#compare-b .bot-row")).to_contain_text("Some words")
    await box.fill("Hello in between")
    await box.press("Enter")
    await expect(page.locator(".toast-wrap")).to_contain_text("The columns are still answering")
    await expect(box).to_have_value("Hello in between")
    await page.locator("#compare-composer .stop-button").click()
    await expect(page.locator("#best-b")).to_be_enabled()
    await expect(page.locator("#compare-composer .stop-button")).to_have_count(0)
    await expect(box).to_have_value("Hello in between")
    await box.press("Enter")
    await expect(page.locator("#compare-b .user-row")).to_have_count(2)
    await expect(box).to_have_value("")
    await expect(page.locator("#compare-b")).to_contain_text(re.compile("Hello in between.*end.*tok/s", re.S))
    await expect(page.locator("#compare-b .user-row")).to_have_count(2)


async def test_columns_share_one_set_of_parameters_when_asked_to(arena):
    page = arena.page
    await page.get_by_text("Side by side").click()
    prompts = page.get_by_placeholder("System prompt (empty: none)")
    await expect(prompts.locator("visible=true")).to_have_count(2)
    await page.get_by_text("Same system prompt and parameters for all").click()
    await expect(prompts.locator("visible=true")).to_have_count(1)
