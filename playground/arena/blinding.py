"""What may be shown of two answers before the vote, and when. Pure: knows no clock, no contender and no page.

Both panes grow by the same number of characters at the same moments, at a pace that is a symmetric function of the
two speeds: who is faster cannot be told from it. A pane stops growing only where its answer ends, which the reader
sees anyway. Thoughts, figures, finish reasons and the words of an error are for the time after the vote.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from .records import SEATS, Seat

# Characters a second. The faster of the two never helps: the pace stays a little below the slower one's average,
# so that its pauses are hidden in what is held back.
CAUTION = 0.95
FASTEST = 2000.0
# Who writes alone (beside an answer from before, or one that failed without a word) has nobody to hide behind:
# it is shown once it has ended, at this pace.
LONE = 300.0
# From here on an average is one. What it holds back before hides the first pauses.
SHORTEST_S = 0.25


@dataclass(frozen=True, slots=True)
class Seen:
    """What the server has of one answer: its text so far, and whether it has ended, and how."""

    text: str = ""
    ended: bool = False
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Pane:
    """What a reader has of one answer. `done` or `failed` once all of its text is there."""

    text: str = ""
    done: bool = False
    failed: bool = False

    @property
    def ended(self) -> bool:
        return self.done or self.failed

    @classmethod
    def whole(cls, seen: Seen) -> Pane:
        return cls(seen.text, done=not seen.failed, failed=seen.failed)


@dataclass(slots=True)
class _Speed:
    """The average speed of one answer since its first character; it stays as it was at the end."""

    first_s: float | None = None
    value: float = 0.0
    ended: bool = False

    def see(self, now_s: float, seen: Seen) -> None:
        if self.ended or not seen.text:
            return
        if self.first_s is None:
            self.first_s = now_s
        self.value = len(seen.text) / max(now_s - self.first_s, SHORTEST_S)
        self.ended = seen.ended


@dataclass(slots=True)
class Release:
    """Releases one turn: ask `panes` again and again with what has arrived. Seconds of any steady clock.

    `kept` are seats whose answer the reader has had before; the other one is released alone. `left_s` is the time until
    all may be shown: endless until both have ended.
    """

    kept: frozenset[Seat] = frozenset()
    left_s: float = math.inf
    _released: float = 0.0
    _last_s: float | None = None
    _frozen: float | None = None
    _speeds: dict[Seat, _Speed] = field(default_factory=lambda: {seat: _Speed() for seat in SEATS})

    def panes(self, now_s: float, seen: Mapping[Seat, Seen]) -> dict[Seat, Pane]:
        """The panes by seat, as far as they may be shown now."""
        if self._last_s is None:
            self._last_s = now_s
        growing: dict[Seat, Seen] = {seat: seen[seat] for seat in SEATS if seat not in self.kept}
        for seat, one in growing.items():
            self._speeds[seat].see(now_s, one)
        if all(one.text or one.ended for one in growing.values()):
            pace = self._pace(growing)
            self._released += (now_s - self._last_s) * pace
            self._released = min([self._released, *(len(one.text) for one in growing.values() if not one.ended)])
            if pace and all(one.ended for one in growing.values()):
                self.left_s = max(0.0, max(len(one.text) for one in growing.values()) - self._released) / pace
        self._last_s = now_s
        silent = all(one.ended and not one.text for one in growing.values())
        return {seat: self._pane(seen[seat], silent) if seat in growing else Pane.whole(seen[seat]) for seat in SEATS}

    def _pace(self, growing: Mapping[Seat, Seen]) -> float:
        """Characters a second. Whoever writes on after the other's end does so at the pace that both had."""
        speeds = [self._speeds[seat].value for seat, one in growing.items() if one.text]
        if len(speeds) < len(SEATS):
            return LONE if all(one.ended for one in growing.values()) else 0.0
        if self._frozen is not None:
            return self._frozen
        pace = min(CAUTION * min(speeds), FASTEST)
        if any(one.ended and self._released >= len(one.text) for one in growing.values()):
            self._frozen = pace
        return pace

    def _pane(self, seen: Seen, silent: bool) -> Pane:
        """An answer without a word ends when the other's first words are shown, or when there will be none."""
        reached = int(self._released)
        may_end = silent or self._released > 0
        return Pane.whole(seen) if seen.ended and may_end and reached >= len(seen.text) else Pane(seen.text[:reached])


def settled(panes: Mapping[Seat, Pane]) -> bool:
    """Whether both answers are shown to their ends."""
    return all(pane.ended for pane in panes.values())
