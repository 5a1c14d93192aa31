"""Where hostile text is put before a reader, place by place, and the look for what it became there.

A tab that shows such text adds one line to SURFACES: a function that makes `said` appear on the page. `said` are all
payloads, many in one text.
"""

import json
import re
from urllib.parse import quote

from playwright.async_api import expect

from playground.lab.prompts import read_file, read_lines, write_lines

from ..browser.chat_page import Chat, pick
from ..upstream import SAYINGS
from .payloads import hostile_conversation, payloads

# What a model's text may never become. Gradio's own icons are svg; formulas are spans.
FORBIDDEN = (
    "script, style, link, meta, base, iframe, frame, object, embed, applet, portal, form, input, select, textarea, "
    "button:not([aria-label]):not([class*='copy']), img, picture, video, audio, dialog, [style*='fixed'], [onerror], "
    "[onload], [onfocus], [onmouseover], [contenteditable='true'], [popover], [background], [srcset], [ping], "
    "[id]:not([id^='mermaid'], .prose[id^='html-']), "
    "a[href^='javascript' i], a[href^='data' i], a[href^='vbscript' i]"
)
TEXTS = (
    "#conversation .message-row .md, .pane .message-row .md, .seat, .board, #lab-grid, #lab-figures, #lab-plots, "
    "#lab-notes, #tokens, #next-strip, #next-bars, #next-greedy, #next-tree, #score-tokens, .convs-list, .convs-note, "
    "[data-testid=toast-text], #prompt-problem, ul.options, #verdict, .tally, #compare-notice"
)
SLOW = 180_000  # milliseconds: the embedded model on a busy machine
# In those places stand things of ours too.
OURS = ".convs-list button, #next-bars button, #next-greedy button, #next-tree button, #lab-grid [tabindex]"


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
        # Until the new turn is there, the vote on the one before is still open.
        await expect(page.locator("#pane-a .user-row")).to_have_count(at % 10 + 1)
        await expect(page.locator("#vote-a")).to_be_enabled(timeout=30_000)
        if at % 10 == 9:
            await check(page)
            await page.locator("#vote-a").click()
            await expect(page.locator("#seat-a dl")).to_be_visible()
            await check(page)
            await page.get_by_role("button", name="Next battle").click()
            await expect(page.locator("#pane-a .bot-row")).to_have_count(0)


async def in_side_by_side(page, said):
    """Payloads as the names of four models, as prompts, as all that they answer, and as what one of them is refused."""
    await page.get_by_role("tab", name="Arena").click()
    await page.get_by_text("Side by side").click()
    await page.get_by_text("4 columns").click()
    for at, letter in enumerate("abcd"):
        await page.locator(f"#compare-model-{letter} input").click()
        await expect(page.get_by_role("option").first).to_contain_text("<script")
        await check(page)
        await page.get_by_role("option").nth(at).click()
        await expect(page.get_by_role("option")).to_have_count(0)
    # Few prompts with long answers: all four columns are drawn anew with each.
    for at in range(0, len(said), 13):
        await _ask_columns(page, at // 13, "\n\n".join(said[at : at + 13]))
        await expect(page.locator("#best-d")).to_be_enabled(timeout=30_000)
        await check(page)
    await expect(page.locator("#compare-d .thought-group").first).to_contain_text("<")
    await page.locator("#best-b").click()
    await expect(page.locator("#compare-notice")).to_contain_text("B is best")
    await check(page)
    await pick(page, page.locator("#compare-model-c input"), "Canaryname Refusing")
    for at, text in enumerate(said[:3]):
        await _ask_columns(page, at, text[:200])
        await expect(page.locator("#compare-notice")).to_contain_text("A column gave no answer", timeout=30_000)
        await expect(page.locator("#compare-c")).to_contain_text("it says: “")
        await check(page)


async def _ask_columns(page, at, text):
    """The question number `at` of a comparison, which is answered with `text`."""
    prompt = f"<img src=x onerror=window.ran=1> {at} {text[:30]!r}"
    SAYINGS[prompt] = [text]
    await page.locator("#compare-composer textarea").fill(prompt)
    await page.locator("#compare-composer textarea").press("Enter")
    await expect(page.locator("#compare-a .user-row")).to_have_count(at + 1)


async def in_leaderboard(page, said):
    await page.get_by_role("tab", name="Leaderboard").click()
    await expect(page.locator(".board tbody tr").first).to_be_visible(timeout=30_000)
    await expect(page.locator(".board")).to_contain_text("<script")


async def in_experiments(page, said):
    """Payloads as prompts, references, answers, and as what columns, figures and charts are labelled with."""
    rows = "\n".join(json.dumps({"prompt": text, "reference": text}) for text in said)
    asked = read_lines(*write_lines(read_file("prompts.jsonl", rows.encode())))
    assert len(asked) == len(said)
    SAYINGS.update({prompt.text: [prompt.text] for prompt in asked})
    await page.get_by_role("tab", name="Experiments").click()
    await expect(page.locator("#lab-run")).to_contain_text("calls")
    before = await page.locator("#lab-prompts textarea").input_value()
    await chosen_file(page, page.locator("#lab-upload"), "prompts.jsonl", rows)
    await expect(page.locator("#lab-prompts textarea")).not_to_have_value(before)
    await page.locator("#lab-more").get_by_text("More parameters").click()
    labels = [text for text in said if "\n" not in text][:2]
    labels += ["<img src=x onerror=window.ran=1>", "<script>window.ran=1</script>"]
    await page.get_by_label("System prompts").fill("\n".join(labels))
    await page.locator("#lab-samples input").fill("1")
    await expect(page.locator("#lab-run")).to_contain_text(f"Run {5 * len(labels) * len(asked)} calls")
    await page.locator("#lab-confirm input").check()
    await page.locator("#lab-run").click()
    await expect(page.locator("#lab-progress")).to_contain_text(" done", timeout=60_000)
    await expect(page.locator("#lab-stop")).to_be_hidden(timeout=60_000)
    assert await page.locator("#lab-plots svg").count() > 0
    await expect(page.locator("#lab-figures")).to_contain_text("<img src=x")
    pages = page.locator("#lab-page input")
    for at in range(2):
        await check(page)
        await pages.click()
        await page.get_by_role("option").nth(1 - at).click()
        await expect(page.locator("#lab-grid")).to_contain_text("<img" if at else "<script")
    await page.locator("#lab-a input").click()
    await check(page)


async def in_tokens(page, said):
    """Payloads as the text, the prefix and what is scored, with every token's text and title."""
    await page.get_by_role("tab", name="Tokens").click()
    await expect(page.locator("#score-figures")).to_contain_text("Perplexity", timeout=SLOW)
    every = "\n".join(said)
    for at in range(0, len(every), 4000):  # what is drawn has an end
        part = every[at : at + 4000]
        await page.locator("#tokens-text textarea").fill(part)
        await expect(page.locator("#tokens")).to_contain_text(part[:20].split("\n")[0])
        await check(page)
    await page.locator("#next-prefix textarea").fill(every[:60])
    await expect(page.locator("#next-strip")).to_contain_text("<script", timeout=SLOW)
    await page.locator("#score-text textarea").fill(every[:60])
    await page.locator("#score").click()
    await expect(page.locator("#score-tokens")).to_contain_text("script", timeout=SLOW)
    await expect(page.locator("#score")).to_be_visible(timeout=SLOW)
    await check(page)
    await page.locator("#next-prefix textarea").fill("<img src=x onerror=")
    await expect(page.locator("#next-strip")).to_contain_text("<img src=x onerror=", timeout=SLOW)
    await page.locator("#next-draw").click()
    await expect(page.locator("#next-tree button").first).to_be_visible(timeout=SLOW)


async def in_names(page, said):
    """Payloads in what readers name and bring along: titles, presets, conversations, schemas, file names, links."""
    await page.locator("#composer textarea").wait_for()
    await expect(page.locator(".convs-none")).to_be_visible()
    await page.evaluate(TITLES, payloads(said.home))
    await page.goto(f"{page.url}?model={quote(said[0])}&system={quote(said[1])}&effort={quote(said[2])}")
    await expect(page.locator(".convs-list li")).to_have_count(len(payloads(said.home)))
    await expect(page.locator(".convs-note")).to_contain_text("another model is chosen")
    await check(page)
    rows = [{"name": text[:100].strip() or "x", "prompt": text} for text in payloads(said.home)]
    await page.get_by_text("Your presets").click()
    await chosen_file(page, page.locator(".own-presets button", has_text="Import"), "<b>presets.json", json.dumps(rows))
    await expect(page.locator("[data-testid=toast-text]").first).to_contain_text("imported")
    await page.locator("#preset input").click()
    await expect(page.get_by_role("option").first).to_contain_text("<script")
    await check(page)
    await page.keyboard.press("Escape")
    await page.locator('.convs-foot input[type="file"]').set_input_files(
        {
            "name": "x.json",
            "mimeType": "application/json",
            "buffer": json.dumps(hostile_conversation(said[:8])).encode(),
        }
    )
    await expect(page.locator("#finished .bot-row").last).to_be_visible(timeout=60_000)
    await check(page)
    # A refusal quotes what it refuses, in a notice that Gradio reads as HTML.
    await page.get_by_text("Answer and context").click()
    await page.locator("#json-mode input").check()
    await page.locator("#system-prompt textarea").fill("")
    for text in ("<img src=x onerror=window.ran=1>", f"<form action={said.home}/f><input name=key></form>"):
        await page.locator("#json-schema textarea").fill(json.dumps({"type": text}))
        await page.locator("#composer textarea").fill("x")
        await page.locator("#composer textarea").press("Enter")
        await expect(page.locator("[data-testid=toast-text]").last).to_contain_text(text[:5])
        await check(page)


TITLES = """async names => {
  const opening = indexedDB.open("llm-playground", 1);
  const database = await new Promise(good => (opening.onsuccess = () => good(opening.result)));
  const transaction = database.transaction(["heads", "records"], "readwrite");
  names.forEach((name, at) => {
    const head = { id: `hostile${at}`, name, updated: at };
    transaction.objectStore("heads").put(head);
    transaction.objectStore("records").put({ ...head, turns: [] });
  });
  await new Promise(good => (transaction.oncomplete = good));
}"""

SURFACES = {
    "chat": in_chat,
    "arena": in_arena,
    "side by side": in_side_by_side,
    "leaderboard": in_leaderboard,
    "experiments": in_experiments,
    "tokens": in_tokens,
    "names": in_names,
}


class Said(list):
    """The answers, with the address that must hear nothing of them."""

    home = ""


async def chosen_file(page, button, name, text):
    async with page.expect_file_chooser() as chooser:
        await button.click()
    await (await chooser.value).set_files({"name": name, "mimeType": "text/plain", "buffer": text.encode()})


async def check(page):
    found = await page.evaluate(
        "([texts, forbidden, ours]) => [...document.querySelectorAll(texts)]"
        ".flatMap(text => [...text.querySelectorAll(forbidden)])"
        ".filter(node => !node.matches(ours)).map(node => node.outerHTML.slice(0, 200))",
        [TEXTS, FORBIDDEN, OURS],
    )
    assert found == []
    assert await page.evaluate("window.ran") is None
