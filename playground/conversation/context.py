"""Fits a history into a context window. Pure: knows sizes in tokens, not how they are counted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..types import Message, Strategy


@dataclass(frozen=True, slots=True)
class Trimmed:
    """The messages that go out, in order, what they cost in tokens, and how many were left out."""

    messages: tuple[Message, ...]
    tokens: int
    left_out: int


def trim(
    messages: Sequence[Message], sizes: Sequence[int], budget_tokens: int, strategy: Strategy = "oldest"
) -> Trimmed:
    """Keeps every system message and those turns that fit `budget_tokens`, by the strategy.

    `sizes[i]` is what `messages[i]` costs in tokens, its overhead included. `oldest` keeps the newest turns,
    `middle` the first question with its answer as well, `stop` keeps all and leaves it to the caller to refuse
    what is over the budget. The newest message always stays: cutting the question itself would answer another one,
    so the caller refuses it where it cannot fit. What is kept begins with a user turn, since an answer without its
    question misleads a model (and Anthropic refuses it).
    """
    fixed = [at for at, message in enumerate(messages) if message.role == "system"]
    turns = [at for at, message in enumerate(messages) if message.role != "system"]
    room = budget_tokens - sum(sizes[at] for at in fixed)
    kept = KEPT[strategy](messages, sizes, turns, room)
    wanted = sorted({*fixed, *kept})
    return Trimmed(tuple(messages[at] for at in wanted), sum(sizes[at] for at in wanted), len(messages) - len(wanted))


def _newest(messages: Sequence[Message], sizes: Sequence[int], turns: Sequence[int], room: int) -> list[int]:
    kept: list[int] = []
    for at in reversed(turns):
        if kept and sizes[at] > room:
            break
        room -= sizes[at]
        kept.append(at)
    cut = len(kept) < len(turns)
    while cut and len(kept) > 1 and messages[kept[-1]].role != "user":
        kept.pop()
    return kept


def _first_and_newest(messages: Sequence[Message], sizes: Sequence[int], turns: Sequence[int], room: int) -> list[int]:
    """The first question and all that answers it, then the newest turns; without the first where it has no room."""
    if sum(sizes[at] for at in turns) <= room:
        return list(turns)
    questions = [place for place, at in enumerate(turns) if messages[at].role == "user"]
    end = questions[1] if len(questions) > 1 else len(turns)
    first, rest = turns[:end], turns[end:]
    needed = sum(sizes[at] for at in (*first, *rest[-1:]))
    if not rest or needed > room:
        return _newest(messages, sizes, turns, room)
    kept = _newest(messages, sizes, rest, room - sum(sizes[at] for at in first))
    return [*first, *kept]


def _all(_: Sequence[Message], __: Sequence[int], turns: Sequence[int], ___: int) -> list[int]:
    return list(turns)


KEPT: dict[Strategy, Callable[[Sequence[Message], Sequence[int], Sequence[int], int], list[int]]] = {
    "oldest": _newest,
    "middle": _first_and_newest,
    "stop": _all,
}
