"""Model text on its way to the page: what is guarded, what stays, and that it comes back as it was."""

import pytest

from playground.types import Message
from playground.ui import transcript
from playground.ui.safe import JOINER, guarded, plain

from ..attacks.payloads import payloads

CODE = "```html\n<b>bold</b>\n![x](y)\n```"


def test_tags_and_images_get_an_invisible_neighbour_and_come_back():
    text = "A <b>tag</b>, an ![image](http://x/y), a <!-- comment -->, `<i>` and a < b > c!"
    shown = guarded(text)
    assert shown.replace(JOINER, "") == text
    for sign in ("<b>", "</b>", "![", "<!--", "<i>"):
        assert sign not in shown
    assert "a < b > c!" in shown
    assert plain(shown) == text


def test_fenced_code_stays_as_it_is():
    assert guarded(CODE) == CODE
    assert guarded(f"Look:\n\n{CODE}\n\nDone.") == f"Look:\n\n{CODE}\n\nDone."
    assert guarded("```html\n<b>still being wri") == "```html\n<b>still being wri"


def test_a_fence_is_made_longer_than_any_in_its_code():
    assert guarded("````\n```\n<b>\n```\n````").startswith("````\n")
    shown = guarded("~~~\n~~~~ x\n<b>\n~~~")
    assert shown == "~~~~~\n~~~~ x\n<b>\n~~~~~"


@pytest.mark.parametrize(
    "text",
    [
        "   ```\n<img>\n   ```",
        "- a\n  ```\n<img>\n  ```",
        "> ```\n<img>\n> ```",
        "\t```\n<img>",
        "``` a`b\n<img>\n```",
        "$$\n```\n$$\n<img>\n```x",
        "```\n```\n<img>",
    ],
)
def test_what_may_not_be_code_is_guarded(text):
    first = guarded(text).split("<img>")[0]
    # Only a fence of ours, after an empty line and not closed again, may stand before what is left as it was.
    assert "<img>" not in guarded(text) or first.rstrip().endswith("```")


def test_formulas_are_guarded_even_in_code():
    assert "<img" not in guarded("```\n$$ <img src=x> $$\n```")


def test_nothing_but_openings_is_read_once():
    many = "\\(" * 200_000 + "<b>"
    assert guarded(many).replace(JOINER, "") == many


def test_a_model_reads_its_answers_as_it_wrote_them():
    for text in ("<b>bold</b> and ![x](y)", CODE, "```mermaid\ngraph TD\n```"):
        shown = [{"role": "assistant", "content": transcript.text_block(text)}]
        assert transcript.history_of(shown) == [Message("assistant", text)]


def test_no_payload_is_left_unguarded_outside_of_code():
    for payload in payloads("http://127.0.0.1:1"):
        if "```" not in payload and "~~~" not in payload:
            assert "<img" not in guarded(payload).lower()
            assert "![" not in guarded(payload)
