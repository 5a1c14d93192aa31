"""The named half of the arena: two to four columns that answer together. Events; knows no vendor."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any

from ..arena.battle import Arena
from ..arena.comparison import Choice
from ..arena.records import ArenaError
from ..conversation.reply import Backends
from ..conversation.together import Together
from ..errors import ProviderError
from ..models.contenders import ListedContender, listed
from ..types import Contender
from . import comparison_view as view
from . import sampling
from .comparison_view import MOST_COLUMNS, Comparison, Run
from .keys import Taken
from .light import AS_IT_IS
from .pacing import HEARTBEAT_S, Pace
from .quiet import DIRECT, STREAMED
from .recent import Recent
from .refusal import refusal
from .side_by_side_layout import SideBySide, lay_out, offered
from .untyped import Request, gr
from .voter import voter_of

# What the switch of the arena says while columns are in view.
NAMED = "Side by side"
IDLE: dict[str, Any] = {"submit_btn": "Run all", "stop_btn": False}
BUSY: dict[str, Any] = {"submit_btn": False, "stop_btn": "Stop"}


class _Wiring:
    """What the events of one page's columns do."""

    def __init__(self, tab: SideBySide, backends: Backends, arena: Arena, pace: Pace) -> None:
        self._tab = tab
        self._backends = backends
        self._arena = arena
        self._pace = pace
        self._running: set[Run] = set()
        self._stopped = Recent[Run, bool]()

    async def ask(
        self, prompt: str, comparison: Comparison, taken: Taken, *values: Any
    ) -> AsyncGenerator[dict[Any, Any]]:
        """Asks every column, with the reader's own key where there is one, and streams them as each answers.

        All in one event, which leaves the composer alone until the prompt goes out: nobody loses what they have typed.
        """
        comparison = self._at_rest(comparison)
        if comparison.running:  # or was so when the event came, and has ended since: who asks twice would pay twice
            raise refusal("The columns are still answering: wait for them, or stop them first.")
        if not prompt.strip():
            yield self._noted(comparison, "The prompt is empty: write something to ask all columns.")
            return
        try:
            contenders = self._contenders(values)
        except ProviderError as error:
            yield self._noted(comparison, error.message)
            return
        comparison = comparison.asked(prompt, contenders)
        replies = {
            at: self._backends.reply(one.contender, comparison.history(at), key=self._own_key(taken, one))
            for at, one in enumerate(contenders)
        }
        begun = self._controls(comparison)
        begun[self._tab.composer] |= {"value": ""}
        run = comparison.run
        self._running.add(run)
        try:
            with self._pace.sharing():
                async with Together(replies) as together:
                    yield {**self._shown(comparison), **begun}
                    begun = self._controls(comparison)  # once more: the rest of the one before may come between
                    clock = asyncio.get_running_loop().time
                    seen, due_s = None, 0.0
                    while not together.done:
                        await asyncio.sleep(self._pace.interval_s())
                        if run not in self._running:
                            break
                        # An update costs a browser as much without news.
                        if together.latest == seen and clock() < due_s:
                            continue
                        seen, due_s = dict(together.latest), clock() + HEARTBEAT_S
                        comparison = comparison.grown(together.latest)
                        if not comparison.answered:  # who sees that all have answered can ask again
                            yield {**self._shown(comparison), **begun}
                            begun = {}
            stopped = run not in self._running
        finally:
            self._running.discard(run)
        if not stopped:
            yield self._still(comparison.grown(together.latest))
        # What the last step held is sent once more when an event ends: so it is not the columns.
        yield {self._tab.notice: AS_IT_IS}

    def stop(self, comparison: Comparison) -> dict[Any, Any]:
        """The page once the reader stopped the columns; what comes after that is not shown."""
        self._running.discard(comparison.run)
        self._stopped.note(comparison.run, True)
        return self._still(comparison)

    def _at_rest(self, comparison: Comparison) -> Comparison:
        """What was stopped does not run, though its last step may have been written down after that."""
        return replace(comparison, running=False) if comparison.run in self._stopped else comparison

    def rest(self, comparison: Comparison) -> dict[Any, Any]:
        """After every end, also that of a failure: the page at rest, unless the columns are being asked again.

        Said once more after the stream, because a browser may still be busy with the first change of a control when the
        one that undoes it comes.
        """
        if not comparison.running:
            return self._controls(comparison)
        return {self._tab.notice: AS_IT_IS} if comparison.run in self._running else self._still(comparison)

    def voting(self, choice: Choice) -> Callable[..., Coroutine[Any, Any, dict[Any, Any]]]:
        """What one vote button does."""

        async def vote(comparison: Comparison, voter: str, request: Request) -> dict[Any, Any]:
            comparison = self._at_rest(comparison)
            if not comparison.can_vote or (isinstance(choice, int) and choice >= len(comparison.contenders)):
                return self._noted(comparison, "There is nothing to vote on yet: ask all columns.")
            who = await voter_of(self._arena, voter, request)
            try:
                await self._arena.compare(comparison.id, comparison.prompts, comparison.columns(), choice, who)
            except ArenaError as error:
                return self._noted(comparison, error.message)
            voted = replace(comparison, voted=choice, note="")
            return {self._tab.state: voted, **self._controls(voted)}

        return vote

    def leave(self) -> dict[Any, Any]:
        return self._still(Comparison())

    def fill(self, filled: bool) -> list[Any]:
        """The arena's own contenders as a start, once. Not before somebody looks: they are nobody's business there."""
        able = [one.contender for one in self._arena.listed if one.available and not one.retired]
        if filled or not able:
            return [True, *(gr.skip() for setup in self._tab.setups for _ in setup.inputs)]
        changes: list[Any] = []
        for setup, one in zip(self._tab.setups, itertools.cycle(able), strict=False):
            changes += [gr.update(value=one.model), gr.update(value=one.system_prompt)]
            changes += setup.sampling.preset(one.sampling, self._backends.catalog.get(one.model))
        return [True, *changes]

    def offer(self, mode: str, taken: Taken) -> list[Any]:
        """The models to choose from, with those that the reader's own keys open; no name goes to a blind arena."""
        if mode != NAMED:
            return [gr.skip() for _ in self._tab.setups]
        choices = offered(self._backends.catalog, taken.keys)
        return [gr.update(choices=choices) for _ in self._tab.setups]

    def arrange(self, count: int, same: bool) -> list[Any]:
        """Which columns there are, and whose parameters show: [shared, column boxes, their own, their votes]."""
        there = [at < count for at in range(MOST_COLUMNS)]
        boxes = [gr.update(visible=shown) for shown in there]
        own = [gr.update(visible=not same)] * MOST_COLUMNS
        votes = [gr.update(visible=shown) for shown in there]
        return [gr.update(visible=same), *boxes, *own, *votes]

    def _contenders(self, values: Sequence[Any]) -> tuple[ListedContender, ...]:
        """The columns' contenders from the values of `setup_inputs`."""
        rest = iter(values)
        count, same, shared_prompt = (next(rest) for _ in range(3))
        shared = self._tab.shared.read(_take(rest, self._tab.shared))
        found: list[ListedContender] = []
        for setup in self._tab.setups[:count]:
            model_id, prompt = next(rest), next(rest)
            own = setup.sampling.read(_take(rest, setup.sampling))
            contender = Contender(model_id, (shared_prompt if same else prompt) or "", shared if same else own)
            found.append(listed(contender, self._backends.catalog.get(model_id)))
        return tuple(found)

    def _own_key(self, taken: Taken, one: ListedContender) -> str | None:
        return taken.keys.get(self._backends.catalog.get(one.contender.model).provider)

    def _noted(self, comparison: Comparison, note: str) -> dict[Any, Any]:
        """What went wrong is said; all else stays."""
        comparison = replace(comparison, note=note)
        return {self._tab.state: comparison, **self._controls(comparison)}

    def _still(self, comparison: Comparison) -> dict[Any, Any]:
        """The whole page with nothing growing on it."""
        comparison = replace(comparison, running=False)
        return {**self._shown(comparison), **self._controls(comparison)}

    def _shown(self, comparison: Comparison) -> dict[Any, Any]:
        """The state, and what stands in every column."""
        models = [self._backends.catalog.get(one.contender.model) for one in comparison.contenders]
        models += [None] * (MOST_COLUMNS - len(models))
        panes = zip(self._tab.panes, models, strict=True)
        shown = {pane: view.messages(comparison, at, model) for at, (pane, model) in enumerate(panes)}
        return {self._tab.state: comparison, **shown}

    def _controls(self, comparison: Comparison) -> dict[Any, Any]:
        return {
            self._tab.notice: view.notice(comparison),
            **{vote: gr.update(interactive=comparison.can_vote) for vote in self._tab.votes.values()},
            self._tab.anew: gr.update(visible=bool(comparison.replies) and not comparison.running),
            self._tab.composer: gr.update(**(BUSY if comparison.running else IDLE)),
        }


def build(
    backends: Backends, arena: Arena, pace: Pace, voter: Any, own_keys: Any, mode: Any, opened: Callable[..., Any]
) -> None:
    """Renders the columns into the surrounding Blocks.

    `voter` holds what tells one browser from another, `own_keys` what its reader has Taken along; `mode` is NAMED while
    they are in view, `opened` the event of looking at the arena.
    """
    tab = lay_out(backends)
    wiring = _Wiring(tab, backends, arena, pace)
    for accordion, model in [(tab.shared, tab.setups[0].model), *((one.sampling, one.model) for one in tab.setups)]:
        sampling.follow(accordion, model, backends.catalog)
    own = [component for setup in tab.setups for component in setup.inputs]
    for looked in (mode.change, opened):
        looked(wiring.offer, [mode, own_keys], [setup.model for setup in tab.setups], **DIRECT)
    mode.change(wiring.fill, tab.filled, [tab.filled, *own], **DIRECT)
    arranged = [tab.shared_box, *(one.box for one in tab.setups), *(one.own for one in tab.setups)]
    arranged += [tab.votes[at] for at in range(MOST_COLUMNS)]
    for changed in (tab.count.change, tab.same.change):
        changed(wiring.arrange, [tab.count, tab.same], arranged, **DIRECT)
    whole = [tab.state, *tab.panes, *tab.controls]
    streamed = tab.composer.submit(
        wiring.ask,
        [tab.composer, tab.state, own_keys, *tab.setup_inputs],
        whole,
        trigger_mode="multiple",  # so that who asks while the columns answer hears why that cannot be
        **STREAMED,
    )
    for ended in (streamed.then, streamed.failure):
        ended(wiring.rest, tab.state, whole, **DIRECT)
    tab.composer.stop(wiring.stop, tab.state, whole, cancels=[streamed], **DIRECT)
    for choice, button in tab.votes.items():
        button.click(wiring.voting(choice), [tab.state, voter], [tab.state, *tab.controls], **DIRECT)
    tab.anew.click(wiring.leave, None, whole, **DIRECT)


def _take(values: Any, accordion: sampling.Sampling) -> list[Any]:
    return list(itertools.islice(values, len(accordion.inputs)))
