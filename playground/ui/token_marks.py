"""Single tokens as HTML in which everything can be seen: blanks, invisible characters, parts of characters. Pure."""

from __future__ import annotations

import re
import unicodedata
from html import escape

# What needs more than escaping: blanks, marks, what has no glyph of its own, bytes that are no whole character.
SPECIAL = re.compile(r"[\s\x00-\x1f\x7f-\xa0\xad\u0300-\u036f\u0483-\u0489\u0590-\uffff\U00010000-\U0010ffff]")
BLANKS = {" ": "<u> </u>", "\n": '<u class="n"></u>\n', "\t": '<u class="t">\t</u>'}
JOINERS = "\u200c\u200d"
# A token of a thousand blanks is drawn as that many; one that is longer still would only fill the page.
LONGEST = 400


def drawn(raw: bytes) -> str:
    """The token's text: blanks are marked and stay blanks, what is unseen is named, stray bytes are hexadecimal."""
    text = raw.decode("utf-8", "surrogateescape")
    if not SPECIAL.search(text):
        return escape(text[:LONGEST])
    shown = "".join(_shown(text, at) for at in range(min(len(text), LONGEST)))
    return (
        f"<b>◌</b>{shown}" if unicodedata.category(text[0]).startswith("M") and not shown.startswith("<b>") else shown
    )


def named(raw: bytes) -> str:
    """The token in plain text on one line, for titles and readers of the screen."""
    text = raw.decode("utf-8", "surrogateescape")
    return "".join(_plain(character) for character in text[:LONGEST])


def hexadecimal(raw: bytes) -> str:
    """Its bytes; of a very long one the first."""
    return raw[:LONGEST].hex(" ")


def _shown(text: str, at: int) -> str:
    character = text[at]
    if character in BLANKS:
        return BLANKS[character]
    if character in JOINERS and 0 < at < len(text) - 1:
        return character  # inside of a token it does its work
    name = _name(character, alone=len(text) == 1)
    return f"<b>{name}</b>" if name else escape(character)


def _plain(character: str) -> str:
    return {" ": "␣", "\n": "↵", "\t": "→"}.get(character) or _name(character, alone=False) or character


def _name(character: str, *, alone: bool) -> str:
    """What stands for a character that cannot be seen; empty for one that can."""
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        return f"{code - 0xDC00:02x}"
    category = unicodedata.category(character)
    unseen = category in {"Cc", "Cf", "Cn", "Co", "Zl", "Zp", "Zs"} and character != " "
    selector = 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF
    return f"U+{code:04X}" if unseen or (selector and alone) else ""
