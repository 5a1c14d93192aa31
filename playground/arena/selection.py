"""Which votes a leaderboard is about, and what a prompt is about. Pure; knows no SQL."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

from .records import Kind

Source = Literal["human", "judge"]
Category = Literal["code", "math", "writing", "general"]
CATEGORIES: tuple[Category, ...] = get_args(Category)

CODE = re.compile(
    r"```|\b(?:python|javascript|typescript|java|rust|golang|c\+\+|c#|sql|html|css|bash|regex|json|yaml|api|"
    r"code|coding|script|function|compile[rd]?|algorithm|unit test|bug|debug\w*|refactor\w*|stack ?trace|dockerfile)\b",
    re.IGNORECASE,
)
MATH = re.compile(
    r"\d\s*[-+*/^=×÷]\s*\d|\\(?:frac|sum|int|sqrt)\b|\b(?:solve|equation|integral|derivative|probability|theorem|"
    r"proof|prove|algebra|geometry|calculate|compute|percent(?:age)?|square root|prime|how many)\b",
    re.IGNORECASE,
)
WRITING = re.compile(
    r"\b(?:write|rewrite|poem|haiku|limerick|story|novel|essay|lyrics|song|letter|e-?mail|speech|slogan|joke|"
    r"fairy ?tale|screenplay|dialogue|tagline|blog)\b",
    re.IGNORECASE,
)
RULES: tuple[tuple[Category, re.Pattern[str]], ...] = (("code", CODE), ("math", MATH), ("writing", WRITING))


@dataclass(frozen=True, slots=True)
class Selection:
    """Votes of one source and kind, never those changed after the names were shown.

    leaked    also those on answers that named a maker or a model
    since     cast at or after this time, in seconds since the epoch
    category  on prompts of that category; None takes all
    voter     of this voter alone (the stored hash)
    """

    source: Source = "human"
    kind: Kind = "blind"
    leaked: bool = False
    since: float | None = None
    category: Category | None = None
    voter: str | None = None

    @property
    def whole(self) -> bool:
        """Whether ready-made counts answer it: neither a time nor a voter is asked for."""
        return self.since is None and self.voter is None


def category_of(prompt: str) -> Category:
    """What a prompt asks for, by words and signs: a rule that everybody can read, and often wrong outside English.

    The first that fits of code, math, writing; `general` is everything else.
    """
    start = prompt[:4000]
    for category, rule in RULES:
        if rule.search(start):
            return category
    return "general"
