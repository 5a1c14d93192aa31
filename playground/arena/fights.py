"""Battles while they stream in this process: what a reader sees, and what is written down. Knows no page and no SQL."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..conversation.growing import Reply
from ..conversation.reply import Backends
from ..models import tokens
from ..models.contenders import ListedContender
from . import style
from .blinding import Pane
from .bout import Bout, Panes
from .closing import closed, styles_of
from .names import Names
from .records import SEATS, Answer, Battle, Seat, history

if TYPE_CHECKING:
    from .votes import Votes

log = logging.getLogger(__name__)

STOP_WAIT_S = 10.0


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


class Fights:
    """Lets battles stream. `store` gives the open votes, `seated` who sits where; `going_on` are fights by battle."""

    def __init__(
        self,
        backends: Backends,
        store: Callable[[], Awaitable[Votes]],
        seated: Callable[[Battle, Seat], Awaitable[ListedContender]],
    ) -> None:
        self._backends = backends
        self._store = store
        self._seated = seated
        self._names = Names.of(backends.catalog)
        self.going_on: dict[str, Fight] = {}

    async def fight(self, battle: Battle, tick_s: Callable[[], float]) -> AsyncGenerator[Showing]:
        """Streams what of `battle` has no answer yet, at most every `tick_s()` seconds, then opens the vote.

        Whatever ends it, what was shown is stored: a reader who stops can vote on what is there.
        """
        mine = self.going_on[battle.id] = Fight()
        fought = battle
        shown, panes = 0, Panes((seat, Pane()) for seat in SEATS)
        try:
            who = {seat: await self._seated(battle, seat) for seat in SEATS}
            for at, turn in enumerate(battle.turns):
                asked: dict[Seat, ListedContender] = {seat: who[seat] for seat in SEATS if turn.answer(seat) is None}
                if not asked:
                    continue
                shown = at
                bout = self._bout(fought, at, asked, tick_s)
                try:
                    async with aclosing(bout.panes(mine.stop)) as stream:
                        async for panes in stream:
                            yield Showing(battle.id, at, panes)
                finally:
                    fought = mine.noted(fought, at, bout)
                if mine.stop.is_set() or any(panes[seat].failed for seat in asked):
                    break
        finally:
            # A reader who hangs up cancels this, perhaps twice; the writing goes on by itself.
            mine.closing = asyncio.ensure_future(self._close(fought, mine))
            await asyncio.shield(mine.closing)
        ended = mine.closing.result()
        yield Showing(battle.id, shown, panes, True, ended.status == "ready", ended.failed)

    async def stop(self, battle_id: str) -> None:
        """Ends a battle that streams in this process, and returns once that is stored. Harmless on any other."""
        fight = self.going_on.get(battle_id)
        if fight is not None:
            fight.stop.set()
            await asyncio.wait([asyncio.ensure_future(fight.over.wait())], timeout=STOP_WAIT_S)

    async def stored(self, battle_id: str) -> None:
        """Waits until whatever is being written on a battle is in the store."""
        fight = self.going_on.get(battle_id)
        if fight is not None and fight.closing is not None:
            await asyncio.shield(fight.closing)

    def _bout(self, battle: Battle, at: int, asked: dict[Seat, ListedContender], tick_s: Callable[[], float]) -> Bout:
        turn = battle.turns[at]
        replies: dict[Seat, AsyncGenerator[Reply]] = {
            seat: self._backends.reply(one.contender, history(battle.turns[: at + 1], seat))
            for seat, one in asked.items()
        }
        kept: dict[Seat, Answer] = {seat: answer for seat in SEATS if (answer := turn.answer(seat)) is not None}
        return Bout(replies, kept, tick_s)

    async def _close(self, battle: Battle, fight: Fight) -> Battle:
        try:
            cut: dict[Seat, ListedContender] = {
                seat: await self._seated(battle, seat) for _, seat, _, _ in fight.unfinished
            }
            return await asyncio.to_thread(self._write, await self._store(), battle, fight, cut)
        finally:
            self.going_on.pop(battle.id, None)
            fight.over.set()

    def _write(self, store: Votes, battle: Battle, fight: Fight, cut: Mapping[Seat, ListedContender]) -> Battle:
        for at, seat, reply, shown in fight.unfinished:
            asked = history(battle.turns[: at + 1], seat)[:-1]
            ended = self._backends.cut_off(cut[seat].contender, asked, reply)
            battle = battle.with_answers(at, {seat: Answer.of(ended, shown)})
        battle = closed(battle, self._names)
        store.close_turn(battle, styles_of(battle, lambda text: tokens.count(text, style.ENCODING)))
        counts = {"battle": battle.id, "turns": len(battle.turns), "status": battle.status}
        log.info("battle answered", extra={"counts": counts})
        for seat in battle.failed:
            errors = [answer.error for answer in battle.answers(seat) if answer.failed]
            log.warning("battle %s: seat %s failed (%s)", battle.id, seat, errors[-1] if errors else "stopped")
        return battle
