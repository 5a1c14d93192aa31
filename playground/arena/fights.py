"""A battle while it streams in this process, as a reader sees it and as it is noted. Knows no store and no page."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from ..conversation.growing import Reply
from .bout import Bout, Panes
from .records import Answer, Battle, Seat


@dataclass(frozen=True, slots=True)
class Showing:
    """What a reader may see of turn `turn` (0 is the first) at one moment.

    The last one is `over` and says whether the vote is open (`ready`) and which seats another opponent can take
    (`failed`).
    """

    battle: str
    turn: int
    panes: Panes
    over: bool = False
    ready: bool = False
    failed: tuple[Seat, ...] = ()


@dataclass
class Fight:
    """What is going on. `unfinished` are the replies that were cut off, by turn and seat, each with what was shown."""

    stop: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    closing: asyncio.Future[Battle] | None = None
    unfinished: list[tuple[int, Seat, Reply, str]] = field(default_factory=list[tuple[int, Seat, Reply, str]])

    def noted(self, battle: Battle, at: int, bout: Bout) -> Battle:
        """The battle with the answers of a bout. A side of which nothing was shown has answered nothing yet."""
        answers: dict[Seat, Answer] = {}
        for seat, (reply, shown) in bout.replies().items():
            answer = Answer.of(reply, shown)
            if answer.text or answer.failed:
                answers[seat] = answer
                if not reply.done:
                    self.unfinished.append((at, seat, reply, shown))
        return battle.with_answers(at, answers)
