"""The Arena tab: wiring of blind battles. Knows no vendor; what is shown is decided in arena_view."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from dataclasses import replace
from random import SystemRandom
from typing import Any

from ..arena.battle import Arena
from ..arena.counts import Outcome
from ..arena.records import ArenaError, Battle
from ..conversation.reply import Backends
from ..errors import ProviderError
from . import arena_layout, arena_view, side_by_side, suggestions
from .arena_layout import ArenaTab
from .arena_view import Board
from .battle_queue import BattleQueue, banner
from .light import AS_IT_IS
from .pacing import Pace
from .quiet import DIRECT, STREAMED
from .untyped import Request, gr
from .voter import voter_of

log = logging.getLogger(__name__)

Changes = dict[Any, Any]

BLIND = "Blind battle"

# While nobody writes, digits are votes.
BLUR = """(board) => {
  const box = document.querySelector("#arena-composer textarea");
  if (box && !box.value) box.blur();
  return [board];
}"""
FOCUS = "() => document.querySelector('#arena-composer textarea')?.focus()"


class _Wiring:
    """What the events of one tab do. Component dictionaries name what changes."""

    def __init__(self, tab: ArenaTab, backends: Backends, arena: Arena, pace: Pace, queue: Any, mode: Any) -> None:
        self._tab = tab
        self._queue = queue
        self._mode = mode
        self._backends = backends
        self._arena = arena
        self._pace = pace

    async def ask(
        self,
        prompt: str,
        board: Board,
        voter: str,
        queue: BattleQueue | None,
        one: int | None,
        other: int | None,
        request: Request,
    ) -> AsyncGenerator[Changes]:
        """Starts a battle or goes on with one, tells the page so, and streams both panes.

        All in one event: for the server an event costs as much as dozens of updates.
        """
        try:
            if board.can_go_on:
                battle = await self._arena.turn(board.battle, prompt)
            else:
                who = await voter_of(self._arena, voter, request)
                private = queue.pair if queue else None
                battle = await self._arena.start(prompt, who, self._pair(one, other), private=private)
        except ArenaError as error:
            yield self._shown(replace(board, note=error.message, draft=prompt))
            return
        async with aclosing(self._fought(battle, value="")) as shown:
            async for changes in shown:
                yield changes

    async def redraw(self, board: Board) -> AsyncGenerator[Changes]:
        """Goes on with another opponent in the seat that gave no answer."""
        try:
            battle = await self._arena.redraw(board.battle)
        except ArenaError as error:
            yield self._shown(replace(board, note=error.message))
            return
        async with aclosing(self._fought(battle)) as shown:
            async for changes in shown:
                yield changes

    def settle(self, board: Board) -> Changes:
        """The page once nothing streams any more. An event of its own: a page that could vote or go on before the other
        event has ended would not listen to who does."""
        return {self._tab.board: replace(board, draft="", note=""), **self._controls(board)}

    async def stop(self, board: Board) -> None:
        await self._arena.stop(board.battle)

    def voting(self, outcome: Outcome) -> Callable[..., Coroutine[Any, Any, Changes]]:
        """What one vote button does. The outcome is the button's, never the caller's."""

        async def vote(board: Board, voter: str, queue: BattleQueue | None, request: Request) -> Changes:
            who = await voter_of(self._arena, voter, request)
            try:
                board = board.voted(await self._arena.vote(board.battle, outcome, who))
            except ArenaError as error:
                return self._controls(replace(board, note=error.message))
            tally = arena_view.tally_table(await self._arena.tally(who))
            queue = queue and queue.voted(board.prompts)
            controls = self._controls(replace(board, draft=queue.offered if queue else ""))
            return {self._tab.board: board, self._tab.tally: tally, **controls, **self._queued(queue)}

        return vote

    async def undo(self, board: Board) -> Changes:
        try:
            await self._arena.undo(board.battle)
        except ArenaError as error:
            return self._controls(replace(board, note=error.message))
        board = board.undone()
        return {self._tab.board: board, **self._controls(board)}

    def leave(self, queue: BattleQueue | None) -> Changes:
        """An empty board with other suggestions, and the next prompt that was lined up."""
        texts = suggestions.some(SystemRandom(), len(self._tab.suggested))
        changes = {**self._controls(Board(draft=queue.offered if queue else "")), **self._queued(queue)}
        for button, text in zip(self._tab.suggested, texts, strict=True):
            changes[button] = gr.update(value=text)
        return {self._tab.board: Board(), **changes, **{pane: [] for pane in self._tab.panes.values()}}

    def receive(self, queue: BattleQueue | None) -> Changes:
        """An empty board that offers the first prompt of a queue that has come; nothing if none has."""
        return {self._mode: BLIND, **self.leave(queue)} if queue else {self._tab.queue_line: gr.skip()}

    def end_queue(self) -> Changes:
        """The arena's own contenders and no prompt again."""
        changes = self.leave(None)
        changes[self._tab.composer] |= {"value": ""}
        return changes

    def list_contenders(self) -> list[Any]:
        """The choices of both lists. They hold positions: an id is nobody's business before the vote."""
        able = [(one.name, at) for at, one in enumerate(self._arena.listed) if one.available and not one.retired]
        return [gr.update(choices=able) for _ in self._tab.pair]

    async def tally(self, voter: str, request: Request) -> str:
        return arena_view.tally_table(await self._arena.tally(await voter_of(self._arena, voter, request)))

    async def _fought(self, battle: Battle, **composer: str) -> AsyncGenerator[Changes]:
        """The turn as it is answered, the page told first that it is; `composer` is what else changes of that."""
        board = Board.of(battle)
        begun = self._controls(board)
        begun[self._tab.composer] |= composer
        try:
            with self._pace.sharing():
                async with aclosing(self._arena.fight(battle, self._pace.interval_s)) as showings:
                    async for showing in showings:
                        board = board.shown(showing)
                        yield {**self._shown(board), **begun}
                        begun = {}
        except Exception as error:
            log.error("battle %s broke off", battle.id, exc_info=error)
            board = replace(board, phase="cut", note=arena_view.BROKEN)
            yield {**self._shown(board), **begun}
        # What the last step held is sent once more when an event ends.
        yield {self._tab.notice: AS_IT_IS}

    def _shown(self, board: Board) -> Changes:
        panes = {pane: arena_view.messages(board, seat) for seat, pane in self._tab.panes.items()}
        return {**panes, self._tab.board: board}

    def _queued(self, queue: BattleQueue | None) -> Changes:
        shown = gr.update(visible=queue is not None)
        return {self._queue: queue, self._tab.queue_row: shown, self._tab.queue_line: banner(queue)}

    def _controls(self, board: Board) -> Changes:
        return arena_layout.set_controls(self._tab, board, self._model_name)

    def _model_name(self, model_id: str) -> str:
        try:
            return self._backends.catalog.get(model_id).name
        except ProviderError:
            return model_id

    def _pair(self, *chosen: int | None) -> list[str] | None:
        listed = self._arena.listed
        return [listed[at].id for at in chosen if at is not None and 0 <= at < len(listed)] or None


def build(
    backends: Backends, arena: Arena, pace: Pace, voter: Any, handover: Any, own_keys: Any, opened: Callable[..., Any]
) -> Callable[[Any], Any]:
    """Renders the tab into the surrounding Blocks; `voter` holds what tells one browser from another, `own_keys` what
    its reader has brought along; `opened` is the event of looking at it.

    Returns what takes a BattleQueue out of `handover` after an event that has put one there.
    """
    queue = gr.State(None)
    mode = gr.Radio(
        [BLIND, side_by_side.NAMED],
        value=BLIND,
        show_label=False,
        container=False,
        elem_classes="segmented",
        label="Mode",
    )
    with gr.Column(elem_classes="mode") as blind:
        tab = arena_layout.lay_out()
    with gr.Column(visible=False, elem_classes="mode") as named:
        side_by_side.build(backends, arena, pace, voter, own_keys, mode, opened)
    mode.change(_modes, mode, [blind, named], **DIRECT)
    wiring = _Wiring(tab, backends, arena, pace, queue, mode)
    streams = _wire_streams(tab, wiring, voter, queue)
    _wire_votes(tab, wiring, voter, queue)
    emptied = [tab.board, queue, *tab.queue_parts, *tab.panes.values(), *tab.controls]
    tab.queue_end.click(wiring.end_queue, None, emptied, **DIRECT)
    tab.pair_box.expand(wiring.list_contenders, None, [*tab.pair], **DIRECT)
    tab.tally_box.expand(wiring.tally, voter, tab.tally, **DIRECT)

    def take_over(event: Any) -> Any:
        return event.then(wiring.receive, handover, [mode, *emptied], cancels=streams, **DIRECT)

    return take_over


def _any_prompt() -> str:
    return suggestions.some(SystemRandom())[0]


def _modes(now: str) -> list[Any]:
    return [gr.update(visible=now == mode) for mode in (BLIND, side_by_side.NAMED)]


def _wire_streams(tab: ArenaTab, wiring: _Wiring, voter: Any, queue: Any) -> list[Any]:
    """Returns the events that stream."""
    sources = [(tab.composer.submit, tab.composer), *((button.click, button) for button in tab.suggested)]
    asking = [tab.board, voter, queue, *tab.pair]
    streams = [event(wiring.ask, [source, *asking], tab.stream, **STREAMED) for event, source in sources]
    surprised = tab.surprise.click(_any_prompt, None, tab.composer, **DIRECT)
    streams.append(surprised.then(wiring.ask, [tab.composer, *asking], tab.stream, **STREAMED))
    streams.append(tab.redraw.click(wiring.redraw, tab.board, tab.stream, **STREAMED))
    for streamed in streams:
        _settle(tab, wiring, streamed)
    tab.composer.stop(wiring.stop, tab.board, None, **DIRECT)
    return streams


def _settle(tab: ArenaTab, wiring: _Wiring, streamed: Any) -> None:
    streamed.then(wiring.settle, tab.board, [tab.board, *tab.controls], js=BLUR, **DIRECT)


def _wire_votes(tab: ArenaTab, wiring: _Wiring, voter: Any, queue: Any) -> None:
    queued = [queue, *tab.queue_parts]
    for outcome, button in tab.votes.items():
        outputs = [tab.board, tab.tally, *queued, *tab.controls]
        button.click(wiring.voting(outcome), [tab.board, voter, queue], outputs, **DIRECT)
    tab.undo.click(wiring.undo, tab.board, [tab.board, *tab.controls], **DIRECT)
    emptied = [tab.board, *queued, *tab.panes.values(), *tab.controls]
    left = tab.leave.click(wiring.leave, queue, emptied, **DIRECT)
    left.then(None, js=FOCUS)
