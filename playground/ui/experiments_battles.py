"""From an experiment to the arena: its prompts, or two of its settings, as blind battles. Knows no vendor."""

from __future__ import annotations

from typing import Any

from ..conversation.reply import Backends
from ..errors import PlaygroundError
from ..lab.prompts import read_lines
from ..lab.running import Sweeps
from ..models.contenders import listed
from . import experiments_view as view
from .battle_queue import BattleQueue
from .experiments_layout import ExperimentsTab
from .quiet import DIRECT
from .untyped import gr

Changes = dict[Any, Any]


class _Wiring:
    """What is lined up goes into `handover`, and `tabs` turns to the arena; else None does, and a note says why."""

    def __init__(self, tab: ExperimentsTab, backends: Backends, sweeps: Sweeps, handover: Any, tabs: Any) -> None:
        self._tab = tab
        self._backends = backends
        self._sweeps = sweeps
        self._handover = handover
        self._tabs = tabs

    def line_up(self, prompts: str) -> Changes:
        """The prompts of the form as blind battles between whomever the arena draws."""
        note = self._tab.notes
        try:
            found = read_lines(prompts)
        except PlaygroundError as error:
            return self._refused(note, str(error))
        if not found:
            return self._refused(note, "There is no prompt: write one per line, or choose a prompt set.")
        return self._sent(note, BattleQueue.of([prompt.text for prompt in found]))

    async def battle(self, run: str, one: int | None, other: int | None) -> Changes:
        """Two settings of a run as contenders of this visitor's own, over all of its prompts."""
        note = self._tab.battle_note
        try:
            plan = (await self._sweeps.look(run)).plan
        except PlaygroundError as error:
            return self._refused(note, str(error))
        chosen = [at for at in (one, other) if isinstance(at, int) and 0 <= at < len(plan.settings)]
        if len(set(chosen)) != 2:
            return self._refused(note, "Choose two different settings.")
        models = [self._backends.catalog.get(plan.settings[at].contender.model) for at in chosen]
        if gone := next((model for model in models if not model.available), None):
            return self._refused(note, f"{gone.name} cannot be asked: {gone.reason or 'it is not available'}.")
        first, second = (listed(plan.settings[at].contender, model) for at, model in zip(chosen, models, strict=True))
        return self._sent(note, BattleQueue.of([prompt.text for prompt in plan.sweep.prompts], (first, second)))

    def _refused(self, note: Any, why: str) -> Changes:
        return {note: view.notes((), why), self._handover: None}

    def _sent(self, note: Any, queue: BattleQueue) -> Changes:
        return {note: "", self._handover: queue, self._tabs: gr.Tabs(selected="arena")}


def wire(tab: ExperimentsTab, backends: Backends, sweeps: Sweeps, handover: Any, tabs: Any) -> list[Any]:
    """Returns the events that put a BattleQueue into `handover` and turn `tabs` to the arena, or else None into it."""
    wiring = _Wiring(tab, backends, sweeps, handover, tabs)
    return [
        tab.battle.click(wiring.battle, [tab.run, *tab.pair], [tab.battle_note, handover, tabs], **DIRECT),
        tab.queue.click(wiring.line_up, tab.fields["prompts"], [tab.notes, handover, tabs], **DIRECT),
    ]
