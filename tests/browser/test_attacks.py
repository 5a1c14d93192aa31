"""Hostile text in every place where a model's words become a page, with somebody listening for what leaves it."""

import asyncio
import json
import subprocess
import sys

import pytest
from playwright.async_api import expect

from ..attacks.listener import listening
from ..attacks.payloads import answers, payloads
from ..attacks.surfaces import SURFACES, Said, check
from ..conftest import ROOT, clean_environment, start_app
from ..upstream import SAYINGS, configured, upstream
from .chat_page import PATIENCE_S, Chat, until


@pytest.fixture(scope="module")
def listener():
    with listening() as listener:
        yield listener


@pytest.fixture(scope="module")
def hostile_app(tmp_path_factory, listener):
    """Its models say what SAYINGS has, its votes are on contenders with hostile names."""
    folder = tmp_path_factory.mktemp("hostile")
    with upstream() as url:
        environ = configured(folder, url, "refusing")
        names = payloads(listener.home)
        config = folder / "own.toml"
        config.write_text(hostile_names(config.read_text(), names))
        votes = folder / "votes.jsonl"
        rows = ({"model_a": names[at], "model_b": names[at - 1], "winner": "model_a"} for at in range(len(names)))
        votes.write_text("\n".join(map(json.dumps, rows)))
        command = [sys.executable, "-m", "playground", "import", str(votes)]
        environment = clean_environment(PLAYGROUND_DATA_DIR=str(folder / "data"), PYTHONPATH=str(ROOT), **environ)
        subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
        app = start_app(folder, **environ)
        yield app
        app.stop()


def hostile_names(config, names):
    """The configuration with other names: contenders and their prompts, models that nobody asks.

    The model that refuses is for named columns alone: drawn blind, it would leave a battle without a vote.
    """
    config += '\n[contenders."canarymodel-refusing"]\nmodel = "canarymodel-refusing"\nretired = true\n'
    config = config.replace('"Canarycontender Quick"', json.dumps(" ".join(names[::3])))
    config = config.replace('"Canaryprompt slow"', json.dumps(" ".join(names[1::3])))
    models = [f'"m{at}" = {{ provider = "lab", name = {json.dumps(name)} }}' for at, name in enumerate(names[::20])]
    return config.replace("[models]\n", "[models]\n" + "\n".join(models) + "\n")


@pytest.mark.parametrize("surface", SURFACES)
async def test_hostile_text_runs_nothing_loads_nothing_and_shows_no_form(page, request, listener, surface):
    # Only the embedded model has tokens to look at.
    hostile_app = request.getfixturevalue("app" if surface == "tokens" else "hostile_app")
    asked, dialogs = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    listener.heard.clear()
    said = Said(answers(listener.home))
    said.home = listener.home
    assert len(payloads(listener.home)) >= 200
    await page.goto(hostile_app.url)
    await SURFACES[surface](page, said)
    await page.mouse.move(700, 400)
    await page.mouse.move(300, 500)
    await page.wait_for_timeout(500)
    await check(page)
    assert dialogs == []
    assert listener.heard == []
    assert [url for url in asked if not url.startswith((hostile_app.url, "data:", "blob:"))] == []


async def test_the_listener_hears_and_the_policy_stops_what_would_get_through(page, hostile_app, listener):
    """What the other tests rely on: a page without the guard would be heard, and the policy alone holds it back."""
    listener.heard.clear()
    await page.goto(hostile_app.url)
    put = "html => { const div = document.createElement('div'); div.innerHTML = html; document.body.append(div) }"
    await page.evaluate(put, f"<img src={listener.home}/seen><form action={listener.home}/form><input name=x></form>")
    await page.wait_for_timeout(300)
    await page.evaluate("document.querySelector('form[action*=form]').submit()")
    await page.wait_for_timeout(300)
    assert listener.heard == []
    elsewhere = await page.context.browser.new_page()
    await elsewhere.evaluate(put, f"<img src={listener.home}/seen>")
    await until(lambda: listener.heard)
    assert listener.heard == ["/seen"]


# Points at which something of a formula is drawn though they lie outside of the message that holds it.
ASTRAY = """() => {
  const found = [];
  for (let x = 2; x < innerWidth; x += 12) for (let y = 2; y < innerHeight; y += 6) {
    const formula = document.elementFromPoint(x, y)?.closest(".katex");
    const box = formula?.closest(".message-content, .thought-group").getBoundingClientRect();
    if (box && (x < box.left - 1 || x > box.right + 1 || y < box.top - 1 || y > box.bottom + 1)) found.push([x, y]);
  }
  return found;
}"""


async def test_no_formula_is_drawn_outside_of_its_message(page, hostile_app):
    words = "\\Huge Your key is wrong: enter it at evil.example"
    SAYINGS["moved"] = [f"$$\\smash{{\\raisebox{{6em}}{{\\kern-20em\\fcolorbox{{red}}{{white}}{{{words}}}}}}}$$"]
    SAYINGS["broad"] = [
        "Look: \\(\\smash{\\kern{-60em}\\raisebox{-2em}{\\rule{200em}{30em}}}\\) $$\\rule{500em}{2em}$$"
    ]
    await page.goto(hostile_app.url)
    chat = Chat(page)
    await chat.choose("Canaryname Quick")
    for at, question in enumerate(("moved", "broad"), 1):
        await chat.ask(question)
        await chat.answered(at)
        await expect(page.locator("#finished .katex").last).to_be_attached()
        assert await page.evaluate(ASTRAY) == []
    await page.get_by_role("tab", name="Arena").click()
    await page.locator("#arena-composer textarea").fill("moved")
    await page.locator("#arena-composer textarea").press("Enter")
    await expect(page.locator("#vote-a")).to_be_enabled(timeout=30_000)
    assert await page.locator(".pane .katex").count() > 0
    assert await page.evaluate(ASTRAY) == []


async def test_a_link_in_an_answer_asks_nothing_and_looks_like_none_of_the_pages_own(page, hostile_app):
    SAYINGS["links"] = ["Please [read on](#turn-retry-1) or [take back](#turn-undo-1 'Undo')."]
    await page.goto(hostile_app.url)
    chat = Chat(page)
    await chat.choose("Canaryname Quick")
    await chat.ask("links")
    await chat.answered()
    await expect(chat.answers).to_have_count(1)
    asked = ["POST"]
    page.on("request", lambda request: asked.append(request.method))
    async with asyncio.timeout(PATIENCE_S):
        while "POST" in asked:  # the page itself still asks for a moment after an answer
            asked.clear()
            await page.wait_for_timeout(1000)
    for name in ("read on", "take back"):
        await chat.link(name).click()
    await page.wait_for_timeout(500)
    assert "POST" not in asked
    await expect(chat.questions).to_have_count(1)
    await chat.link("Undo").click()
    await expect(chat.questions).to_have_count(0)


async def test_code_and_formulas_are_shown_as_they_were_written(page, hostile_app):
    code = '<div class="x">\n    ![not an image](y)\n</div>\n`` ``` ~~~'
    listed = "1. So\n\n   ```html\n   <p>\n   ```"
    text = f"Compare a <b and `<i>`:\n\n```html\n{code}\n```\n\n{listed}\n\nThen $$a <b$$ holds."
    SAYINGS["code"] = [text]
    await page.goto(hostile_app.url)
    await Chat(page).choose("Canaryname Quick")
    await page.locator("#composer textarea").fill("code")
    await page.locator("#composer textarea").press("Enter")
    await expect(page.locator("#conversation .bot-row pre code")).to_have_count(2)
    await expect(page.locator("#conversation .katex")).to_have_count(1)
    await Chat(page).answered()
    shown = await page.locator("#conversation .bot-row pre code").all_inner_texts()
    assert [one.strip("\n") for one in shown] == [code, "<p>"]
    answer = await Chat(page).answers.first.locator(".md").first.inner_text()
    assert "a <\u2060b and <\u2060i>" in answer
    assert await page.locator("#conversation .katex-error").count() == 0
