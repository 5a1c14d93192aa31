"""What a battle has come to when its answers have ended: status, given-away seats, style. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from .names import Names
from .records import SEATS, Battle, Seat, Status, Turn
from .style import Style, style_of


def closed(battle: Battle, names: Names) -> Battle:
    """The battle with its status, and with the seats marked whose answers name a maker or a model."""
    leaked = tuple(seat for seat in SEATS if names.found_in("\n".join(_texts(battle, seat))))
    return replace(battle, status=status_of(battle), leaked=leaked)


def status_of(battle: Battle) -> Status:
    """`ready` where both sides can be compared on something.

    A failure or a stop in a later turn leaves the earlier ones to be voted on.
    """
    *earlier, last = battle.turns
    if _is_whole(last) or (earlier and all(map(_is_whole, earlier))):
        return "ready"
    return "failed" if battle.failed else "interrupted"


def styles_of(battle: Battle, count_tokens: Callable[[str], int]) -> dict[Seat, Style]:
    """The style of each side's answers; `count_tokens` is the same for both."""
    return {seat: style_of(_texts(battle, seat), count_tokens) for seat in SEATS}


def _is_whole(turn: Turn) -> bool:
    return all(answer is not None and not answer.failed for answer in (turn.a, turn.b))


def _texts(battle: Battle, seat: Seat) -> list[str]:
    return [answer.text for answer in battle.answers(seat)]
