"""A real browser: Debian's Chromium driven by Playwright. Where it is missing these tests say so and are skipped."""

import os
import re
import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest

from ..conftest import start_app
from ..desk import serving_desk
from ..filled import fill
from ..oracle import Oracle
from ..upstream import SAYINGS, upstream
from .chat_page import PATIENCE_S
from .screens import ANSWER, QUESTION

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PICTURES = Path(__file__).parent / "pictures"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync", "--no-first-run"]


def pytest_collection_modifyitems(items):
    if CHROMIUM or os.environ.get("PLAYGROUND_REQUIRE_BROWSER"):
        return
    skip = pytest.mark.skip(reason="no Chromium: apt-get install chromium chromium-driver")
    for item in items:
        if Path(__file__).parent in Path(item.fspath).parents:
            item.add_marker(skip)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.when == "call":
        item.failed_here = report.failed
    return report


def pytest_terminal_summary(terminalreporter):
    if terminalreporter.stats.get("failed"):
        for picture in sorted(PICTURES.glob("*.png")):
            terminalreporter.write_line(f"picture of a failure: {picture}")


@pytest.fixture
async def browser(request):
    """A browser; if the test fails, a picture of every page that it has open is kept."""
    from playwright.async_api import async_playwright, expect

    expect.set_options(timeout=1000 * PATIENCE_S)
    assert CHROMIUM, "PLAYGROUND_REQUIRE_BROWSER is set and there is no Chromium"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        if getattr(request.node, "failed_here", False):
            PICTURES.mkdir(exist_ok=True)
            pages = [page for context in browser.contexts for page in context.pages]
            name = re.sub(r"\W+", "-", request.node.name)
            for at, page in enumerate(pages):
                await page.screenshot(path=PICTURES / f"{name}-{at}.png")
        await browser.close()


@pytest.fixture
async def page(browser):
    page = await browser.new_page(viewport={"width": 1440, "height": 900})
    page.set_default_timeout(2000 * PATIENCE_S)
    return page


@pytest.fixture(scope="module")
def desk():
    with serving_desk() as desk:
        yield desk


@contextmanager
def _app_over(desk, folder):
    app = start_app(folder, **desk.environment(folder))
    yield app
    app.stop()


@pytest.fixture(scope="module")
def office(desk, tmp_path_factory):
    """The app whose models the desk serves; conversations stay in the browser."""
    with _app_over(desk, tmp_path_factory.mktemp("office")) as app:
        yield app


@pytest.fixture(scope="module")
def oracle():
    with serving_desk(Oracle()) as oracle:
        yield oracle


@pytest.fixture(scope="module")
def temple(oracle, tmp_path_factory):
    """The app whose models the oracle serves."""
    with _app_over(oracle, tmp_path_factory.mktemp("temple")) as app:
        yield app


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    """The embedded model, contenders that answer at once, and votes."""
    folder = tmp_path_factory.mktemp("everything")
    (folder / "data").mkdir()
    SAYINGS[QUESTION] = [ANSWER]
    with upstream() as url:
        environ = fill(folder, 60, url=url)
        with (folder / "own.toml").open("a") as config:
            config.write('\n[contenders.the-endless]\nmodel = "the-endless"\nretired = true\n')
        app = start_app(folder, **{**environ, "PLAYGROUND_LOCAL": "on", "PLAYGROUND_ADMIN_TOKEN": "token"})
        yield app
        app.stop()
    del SAYINGS[QUESTION]
