"""Blind battles lined up from an experiment: a pair of one's own, prompts in a row. Knows no component."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape

from ..models.contenders import ListedContender

Pair = tuple[ListedContender, ListedContender]


@dataclass(frozen=True, slots=True)
class BattleQueue:
    """Prompts that are offered one after the other, and the two who meet on each; without a `pair` two are drawn.

    `mark` tells a queue from an equal one that was sent again.
    """

    prompts: tuple[str, ...]
    pair: Pair | None = None
    at: int = 0
    mark: str = ""

    @classmethod
    def of(cls, prompts: Sequence[str], pair: Pair | None = None) -> BattleQueue:
        return cls(tuple(dict.fromkeys(prompts)), pair, 0, secrets.token_hex(4))

    @property
    def offered(self) -> str:
        """The next prompt; empty when all have had their battle."""
        return self.prompts[self.at] if self.at < len(self.prompts) else ""

    def voted(self, prompts: Sequence[str]) -> BattleQueue:
        """The queue after a vote on a battle with these prompts."""
        return replace(self, at=self.at + 1) if prompts and prompts[0] == self.offered else self


def banner(queue: BattleQueue | None) -> str:
    """The line above the panes, as HTML. Who sits where is as secret as ever."""
    if queue is None:
        return ""
    count = len(queue.prompts)
    who = "From your experiment: two settings meet, on random sides." if queue.pair else "From your prompt set."
    if not queue.offered:
        done = f"All {count:,} prompts are done." if count > 1 else "The prompt is done."
        return f"<p><strong>{escape(done)}</strong> {escape(who)}</p>"
    more = " Vote to go on to the next one." if queue.at + 1 < count else ""
    return f"<p><strong>Prompt {queue.at + 1:,} of {count:,}</strong> {escape(who)}{more}</p>"
