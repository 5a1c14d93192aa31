"""A leaderboard and a verdict as other programs read them (JSON) and as a terminal shows them. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from .leaderboard import Leaderboard, LeftBias
from .verdict import DECIDED, Verdict

FEWEST_TO_RANK = 30
TOO_FEW = "too few votes to rank"
HEAD = ("rank", "contender", "rating", "95%", "battles", "wins", "losses", "ties", "both bad")


def leaderboard_json(board: Leaderboard, ids: Mapping[str, str]) -> dict[str, Any]:
    """The object of GET /leaderboard; `ids` has the contender's id for each name on the board.

    Ratings in points, the mean is 1000; `rank` as LMArena's, `rank_by_difference` sharper (see ratings.py).
    """
    return {
        "votes": board.votes,
        "connected": board.connected,
        "ratings": [
            {"contender": ids[one.contender], "name": one.contender, **_without_contender(asdict(one))}
            for one in board.ratings
        ],
        "left_bias": _left_bias(board.left_bias),
        "flips_to_change_first": board.flips_to_change_first,
        "caveats": [
            {"kind": one.kind, "contenders": [ids[name] for name in one.contenders], "text": one.text}
            for one in board.caveats
        ],
        "unmet": [ids[name] for name in board.unmet],
    }


def verdict_json(found: Verdict) -> dict[str, Any]:
    """The object of GET /verdict."""
    return {**asdict(found), "interval": list(found.interval)}


def leaderboard_text(board: Leaderboard) -> str:
    """The board for a terminal: a table, then what to know before believing it."""
    ranked = board.votes >= FEWEST_TO_RANK
    table = [
        (
            str(one.rank) if ranked else "-",
            printable(one.contender),
            f"{one.rating:.1f}",
            f"{one.lower:.0f} to {one.upper:.0f}",
            *(f"{number:,}" for number in (one.battles, one.wins, one.losses, one.ties, one.both_bad)),
        )
        for one in board.ratings
    ]
    lines = _aligned([HEAD, *table], left={1})
    notes = [f"{board.votes:,} votes, {len(board.ratings)} contenders."]
    if not ranked:
        notes.append(f"Fewer than {FEWEST_TO_RANK} votes: {TOO_FEW}.")
    if board.flips_to_change_first is not None and ranked:
        notes.append(f"{board.flips_to_change_first:,} votes would have to flip to change first place.")
    if board.left_bias is not None and board.left_bias.share is not None:
        bias = board.left_bias
        notes.append(
            f"The left side is worth {round(bias.points):+} points ({round(bias.lower):+} to {round(bias.upper):+}); "
            f"it won {bias.share:.1%} of the decided votes."
        )
    notes += [f"Note: {printable(one.text)}." for one in board.caveats]
    return "\n".join([*lines, "", *notes])


def verdict_text(found: Verdict, a: str, b: str) -> str:
    """The verdict for a terminal, in sentences."""
    a, b = printable(a), printable(b)
    low, high = found.interval
    lines = [
        f"{a} {found.wins_a:,} : {found.wins_b:,} {b}, {found.ties:,} ties (not counted)",
        f"evidence {found.evidence:,.3g} ({DECIDED:.0f} decides), share of {b} between {low:.1%} and {high:.1%}",
    ]
    if found.verdict != "undecided":
        better = a if found.verdict == "a" else b
        lines.append(f"{better} is better, with 95% confidence, however often you look.")
    elif found.votes_needed is None:
        lines.append("Undecided, and there is no forecast while neither leads.")
    else:
        lines.append(f"Undecided. Forecast: about {found.votes_needed:,} more votes, if the share stays as it is.")
    return "\n".join(lines)


def printable(text: str) -> str:
    """`text` on one line and without anything that would steer a terminal."""
    return "".join(
        character if unicodedata.category(character)[0] != "C" else "\N{REPLACEMENT CHARACTER}" for character in text
    )


def _without_contender(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name != "contender"}


def _left_bias(bias: LeftBias | None) -> dict[str, Any] | None:
    return None if bias is None else {**asdict(bias), "share": bias.share}


def _aligned(table: Sequence[Sequence[str]], left: Iterable[int]) -> list[str]:
    left = set(left)
    widths = [max(_width(row[at]) for row in table) for at in range(len(table[0]))]
    return [
        "  ".join(
            _padded(cell, width, at in left) for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in table
    ]


def _padded(cell: str, width: int, left: bool) -> str:
    space = " " * (width - _width(cell))
    return cell + space if left else space + cell


def _width(text: str) -> int:
    """The cells of a terminal that `text` takes: wide characters take two, marks none."""
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )
