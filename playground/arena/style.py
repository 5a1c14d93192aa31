"""How an answer is dressed: length, headers, lists, bold. Pure; knows no battle.

What the ratings can later be corrected for: voters like long and decorated answers whatever they say
(style control of LMArena, https://lmsys.org/blog/2024-08-28-style-control). Code is left out first, because
`#` and `*` mean something else there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

ENCODING = "o200k_base"  # tokens are counted alike for every contender, whatever its own are

FENCED = re.compile(r"^ {0,3}(`{3,}|~{3,})[^\n]*\n.*?(?:^ {0,3}\1[`~]*[ \t]*$|\Z)", re.DOTALL | re.MULTILINE)
HEADER = re.compile(r"^ {0,3}#{1,6}[ \t]+\S", re.MULTILINE)
LIST_ITEM = re.compile(r"^[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+\S", re.MULTILINE)
BOLD = re.compile(r"\*\*(?=\S)[^*\n]+?(?<=\S)\*\*|__(?=\S)[^_\n]+?(?<=\S)__")


@dataclass(frozen=True, slots=True)
class Style:
    """Counts over all answers of one side: tokens, Markdown headers, list items, bold passages."""

    tokens: int = 0
    headers: int = 0
    lists: int = 0
    bold: int = 0


def style_of(texts: Iterable[str], count_tokens: Callable[[str], int]) -> Style:
    """The style of one side's answers, code blocks removed. `count_tokens` is the same for both sides."""
    text = "\n\n".join(FENCED.sub("", text) for text in texts)
    return Style(
        tokens=count_tokens(text),
        headers=len(HEADER.findall(text)),
        lists=len(LIST_ITEM.findall(text)),
        bold=len(BOLD.findall(text)),
    )
