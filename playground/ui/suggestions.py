"""Prompts for readers who have none in mind. Knows no page."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from importlib import resources
from random import Random


@cache
def prompts() -> tuple[str, ...]:
    """Every suggested prompt, one line of prompts.txt each."""
    text = resources.files(__package__ or __name__).joinpath("prompts.txt").read_text("utf-8")
    return tuple(line for line in text.splitlines() if line)


def some(rng: Random, count: int = 1, leave_out: Collection[str] = ()) -> list[str]:
    """`count` different prompts, none of those that were `leave_out`."""
    return rng.sample([prompt for prompt in prompts() if prompt not in leave_out], count)
