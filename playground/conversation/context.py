"""Fits a history into a context window. Pure: knows sizes in tokens, not how they are counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..types import Message


@dataclass(frozen=True, slots=True)
class Trimmed:
    """The messages that go out, in order, what they cost in tokens, and how many were left out."""

    messages: tuple[Message, ...]
    tokens: int
    left_out: int


def trim(messages: Sequence[Message], sizes: Sequence[int], budget_tokens: int) -> Trimmed:
    """Keeps every system message and the newest turns that fit `budget_tokens`.

    `sizes[i]` is what `messages[i]` costs in tokens, its overhead included. The newest message always
    stays: cutting the question itself would answer another one, so the caller refuses it where it cannot fit.
    What is kept begins with a user turn, since an answer without its question misleads a model
    (and Anthropic refuses it).
    """
    fixed = [at for at, message in enumerate(messages) if message.role == "system"]
    turns = [at for at, message in enumerate(messages) if message.role != "system"]
    room = budget_tokens - sum(sizes[at] for at in fixed)
    kept: list[int] = []
    for at in reversed(turns):
        if kept and sizes[at] > room:
            break
        room -= sizes[at]
        kept.append(at)
    cut = len(kept) < len(turns)
    while cut and len(kept) > 1 and messages[kept[-1]].role != "user":
        kept.pop()
    wanted = sorted({*fixed, *kept})
    return Trimmed(tuple(messages[at] for at in wanted), sum(sizes[at] for at in wanted), len(messages) - len(wanted))
