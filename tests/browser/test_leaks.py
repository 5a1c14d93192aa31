"""Every byte that a real browser gets over many battles, before the vote."""

import asyncio

import pytest
from playwright.async_api import expect

from ..conftest import start_app
from ..test_leaks import SECRETS, contender_ids, told
from ..upstream import configured, upstream
from ..wiretap import tapped
from .test_arena import ArenaPage

PAGES, BATTLES = 3, 34


@pytest.fixture(scope="module")
def lab_app(tmp_path_factory):
    folder = tmp_path_factory.mktemp("leaks")
    with upstream() as url:
        app = start_app(folder, **configured(folder, url))
        app.folder = folder
        yield app
        app.stop()


async def fight(arena, times):
    for _ in range(times):
        await arena.ask("Tell me about the matter.")
        await arena.ready()
        await arena.page.get_by_role("button", name="Next battle").click()
        await expect(arena.answers["a"]).to_have_count(0)


async def test_no_byte_of_the_page_tells_who_is_who_before_the_vote(browser, lab_app):
    async with tapped(lab_app.url) as tap:
        arenas = [await ArenaPage(await browser.new_page()).open(tap) for _ in range(PAGES)]
        # The page itself lists the models to chat with; who fights in the arena and how it has no place there.
        loaded = tap.text().lower()
        assert "canaryname" in loaded
        absent = ["canarycontender", "canaryprompt", "canaryupstream", *SECRETS[1:], *contender_ids(lab_app)]
        assert told(loaded, absent) == []
        tap.forget()
        for tab in ("Chat", "Arena"):  # coming back to it tells no name either
            await arenas[0].page.get_by_role("tab", name=tab).click()
        await asyncio.gather(*(fight(arena, BATTLES) for arena in arenas))
        before = tap.text().lower()
        assert before.count("tell me about the matter.") >= PAGES * BATTLES
        assert "wrote them" in before
        assert told(before, [*SECRETS, "tok/s", "ttft", *contender_ids(lab_app)]) == []
        await arenas[0].ask("Tell me about the matter.")
        await arenas[0].ready()
        await arenas[0].votes["a"].click()
        await arenas[0].named()
        proof = ["canarycontender", "canaryprompt", "918,273", "tok/s"]
        assert told(tap.text(), proof) == proof, "the search would not find them"
