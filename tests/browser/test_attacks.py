"""Hostile text in every place where a model's words become a page, with somebody listening for what leaves it.

A tab that shows such text adds one line to SURFACES: a function that makes `said` appear on the page.
"""

import json
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.async_api import expect

from ..attacks.payloads import answers, payloads
from ..conftest import ROOT, clean_environment, start_app
from ..upstream import SAYINGS, configured, upstream
from .chat_page import Chat

# What a model's text may never become. Gradio's own icons are svg; formulas are spans.
FORBIDDEN = (
    "script, style, link, meta, base, iframe, frame, object, embed, applet, portal, form, input, select, textarea, "
    "button:not([aria-label]):not([class*='copy']), img, picture, video, audio, dialog, [style*='fixed'], [onerror], "
    "[onload], [onfocus], [onmouseover], [contenteditable='true'], [popover], [id]:not([id^='mermaid']), "
    "a[href^='javascript' i], a[href^='data' i], a[href^='vbscript' i], [background], [srcset], [ping]"
)
TEXTS = "#conversation .message-row .md, .pane .message-row .md"


class Listener:
    """A web server that notes what it is asked for."""

    def __init__(self):
        heard = self.heard = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                heard.append(self.path)
                self.send_response(204)
                self.end_headers()

            do_POST = do_GET  # noqa: N815

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.home = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture(scope="module")
def listener():
    listener = Listener()
    yield listener
    listener.server.shutdown()


@pytest.fixture(scope="module")
def hostile_app(tmp_path_factory, listener):
    """Its models say what SAYINGS has, its votes are on contenders with hostile names."""
    folder = tmp_path_factory.mktemp("hostile")
    with upstream() as url:
        environ = configured(folder, url)
        names = payloads(listener.home)
        votes = folder / "votes.jsonl"
        rows = ({"model_a": names[at], "model_b": names[at - 1], "winner": "model_a"} for at in range(len(names)))
        votes.write_text("\n".join(map(json.dumps, rows)))
        command = [sys.executable, "-m", "playground", "import", str(votes)]
        environment = clean_environment(PLAYGROUND_DATA_DIR=str(folder / "data"), PYTHONPATH=str(ROOT), **environ)
        subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
        app = start_app(folder, **environ)
        yield app
        app.stop()


async def in_chat(page, said):
    box = page.locator("#composer textarea")
    figures = page.locator("#conversation").get_by_text(re.compile(r"\d out"))
    for at, text in enumerate(said):
        if at % 10 == 0:  # a long conversation is slow to update
            await check(page)
            await page.reload()
            await Chat(page).choose("Canaryname Quick")
        await expect(box).to_be_enabled()
        SAYINGS[f"chat {at}"] = [text[:40], text[40:]]
        await box.fill(f"chat {at}")
        await box.press("Enter")
        await expect(figures).to_have_count(at % 10 + 1, timeout=30_000)
        await expect(page.locator("#composer .stop-button")).to_have_count(0)


async def in_arena(page, said):
    await page.get_by_role("tab", name="Arena").click()
    box = page.locator("#arena-composer textarea")
    for at, text in enumerate(said):
        SAYINGS[f"arena {at}"] = [text[:40], text[40:]]
        await box.fill(f"arena {at}")
        await box.press("Enter")
        await expect(page.locator("#vote-a")).to_be_enabled(timeout=30_000)
        if at % 10 == 9:
            await check(page)
            await page.get_by_role("button", name="Next battle").click()
            await expect(page.locator("#pane-a .bot-row")).to_have_count(0)


async def in_leaderboard(page, said):
    await page.get_by_role("tab", name="Leaderboard").click()
    await expect(page.locator(".board tbody tr").first).to_be_visible(timeout=30_000)
    await expect(page.locator(".board")).to_contain_text("<script")


SURFACES = {"chat": in_chat, "arena": in_arena, "leaderboard": in_leaderboard}


async def check(page):
    found = await page.evaluate(
        "([texts, forbidden]) => [...document.querySelectorAll(texts)]"
        ".flatMap(text => [...text.querySelectorAll(forbidden)]).map(node => node.outerHTML.slice(0, 200))",
        [f"{TEXTS}, .board", FORBIDDEN],
    )
    assert found == []
    assert await page.evaluate("window.ran") is None


@pytest.mark.parametrize("surface", SURFACES)
async def test_hostile_text_runs_nothing_loads_nothing_and_shows_no_form(page, hostile_app, listener, surface):
    asked, dialogs = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    listener.heard.clear()
    said = answers(listener.home)
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
    await elsewhere.wait_for_timeout(300)
    assert listener.heard == ["/seen"]


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
    shown = await page.locator("#conversation .bot-row pre code").all_inner_texts()
    assert [one.strip("\n") for one in shown] == [code, "<p>"]
    answer = await Chat(page).answers.first.locator(".md").first.inner_text()
    assert "a <\u2060b and <\u2060i>" in answer
    assert await page.locator("#conversation .katex-error").count() == 0
