"""Runs sweeps: asks what is missing, a few calls at once for each provider, and writes down every answer.

A run goes on in a task of its own while somebody looks at it now and then. Knows no page and no wire format.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from types import MappingProxyType

from ..conversation.reply import Backends
from ..types import Message
from .forecast import Forecast, UsdLeft, admit, forecast
from .progress import Active, Shown
from .runs import Result, Run, Runs, UnknownRunError
from .sweep import Cell, Plan, Sweep, SweepError, plan, unique

log = logging.getLogger(__name__)

# Two more than the embedded model's four slots: the next prompt is there at once when a slot is free.
AT_ONCE: Mapping[str, int] = {"local": 6}
USUALLY_AT_ONCE = 4
MOST_RUNNING = 20
# How long a run goes on after everybody has closed the page: long enough for a reload.
PATIENCE_S = 60.0
# Looked at less often than on a page that shows it grow: an answer counts when it is whole.
LOOK_S = 0.1
# Who answers one call so will answer all of them so.
HOPELESS = {"auth", "permission", "quota", "not_found"}
NO_KEYS: Mapping[str, str] = MappingProxyType({})


class Sweeps:
    """Everything a page may do with experiments.

    `usd_left` says what may still be spent, `ending` whether the process is to end: then what was asked is
    finished and nothing else is asked. Used from one event loop.
    """

    def __init__(
        self,
        backends: Backends,
        runs: Runs,
        *,
        usd_left: UsdLeft | None = None,
        at_once: Mapping[str, int] = AT_ONCE,
        patience_s: float = PATIENCE_S,
        ending: Callable[[], bool] = lambda: False,
    ) -> None:
        self._backends = backends
        self._runs = runs
        self._usd_left = usd_left
        self._at_once = at_once
        self._patience_s = patience_s
        self._ending = ending
        self._slots: dict[str, asyncio.Semaphore] = {}
        self._active: dict[str, Active] = {}

    def plan(self, sweep: Sweep, own: Collection[str] = ()) -> Plan:
        """What a sweep comes to, less what providers have refused so far. Raises SweepError.

        `own` names the providers for which the reader has brought a key.
        """
        learned = {model: dict(self._backends.learned.ever(model)) for model in sweep.models}
        refused = {model: why for model, why in learned.items() if why}
        return plan(sweep, self._backends.catalog, refused=refused, own=own)

    async def forecast(self, planned: Plan, reuse: Sequence[str] = ()) -> Forecast:
        """What it takes, less the answers that the runs `reuse` have."""
        return (await self._expected(planned, reuse))[0]

    async def start(
        self,
        sweep: Sweep,
        owner: str,
        *,
        confirmed: bool = False,
        reuse: Sequence[str] = (),
        keys: Mapping[str, str] = NO_KEYS,
    ) -> str:
        """Begins a run and returns its id; `reuse` names earlier runs whose equal cells are taken over.

        `keys` are the reader's own, by provider: held while the run goes on, and stored nowhere.
        Raises SweepError: what cannot be run, what is too much, or a second one of the same owner.
        """
        planned = await asyncio.to_thread(self.plan, sweep, keys.keys())
        expected, reused = await self._expected(planned, reuse)
        admit(expected, confirmed=confirmed, usd_left=await self._usd_left() if self._usd_left else None)
        self._check_room(owner)
        try:
            run = await asyncio.to_thread(self._runs.create, sweep, reused, planned.refused, planned.own)
        except OSError as error:
            raise SweepError(f"The experiment cannot be stored ({error.strerror}): no call was made.") from None
        self._begin(run, planned, owner, keys)
        return run.id

    async def resume(self, run_id: str, owner: str, *, keys: Mapping[str, str] = NO_KEYS) -> None:
        """Asks what is missing or has failed; harmless on a run that is running. Raises SweepError, UnknownRunError.

        A run that was begun with a key of the reader's goes on with one in `keys`, never with the owner's.
        """
        if self._is_running(run_id):
            return
        run = await asyncio.to_thread(self._runs.read, run_id)
        self._check_keys(run, keys)
        planned = await asyncio.to_thread(plan, run.sweep, self._backends.catalog, refused=run.refused, own=run.own)
        kept = {key for key, result in run.results.items() if not result.failed}
        expected = await asyncio.to_thread(forecast, planned, self._backends.catalog, kept)
        admit(expected, confirmed=True, usd_left=await self._usd_left() if self._usd_left else None)
        self._check_room(owner)
        await asyncio.to_thread(self._runs.mend, run_id)
        if not self._is_running(run_id):
            self._begin(run, planned, owner, keys)

    def heads(self, run_ids: Sequence[str]) -> list[Run]:
        """What the runs that are still there asked for, without their results; blocking."""
        found = [self._runs.head(run_id) for run_id in run_ids]
        return [run for run in found if run is not None]

    async def stop(self, run_id: str) -> None:
        """Ends a run, and returns once no call is open; what is done stays. Harmless on any other."""
        active = self._active.get(run_id)
        if active is not None and active.task is not None:
            active.task.cancel()
            await asyncio.wait([active.task])
            self._active.pop(run_id, None)

    async def look(self, run_id: str) -> Shown:
        """A run as it is now. Raises UnknownRunError, SweepError where the catalog has changed since."""
        active = self._active.get(run_id)
        if active is None:
            run = await asyncio.to_thread(self._runs.read, run_id)
            planned = await asyncio.to_thread(plan, run.sweep, self._backends.catalog, refused=run.refused, asked=False)
            return Active(run, planned, "", ()).shown()
        active.seen = time.monotonic()
        return active.shown()

    async def follow(self, run_id: str, tick_s: Callable[[], float]) -> AsyncGenerator[Shown]:
        """A run every `tick_s()` seconds until it ends, and once more then. Raises as `look` does."""
        while True:
            shown = await self.look(run_id)
            yield shown
            if not shown.running:
                return
            active = self._active.get(run_id)
            if active is not None and active.task is not None:
                await asyncio.wait([active.task], timeout=tick_s())

    async def _expected(self, planned: Plan, reuse: Sequence[str]) -> tuple[Forecast, dict[str, Result]]:
        def work() -> tuple[Forecast, dict[str, Result]]:
            reused = self._reusable(planned, reuse)
            return forecast(planned, self._backends.catalog, reused), reused

        return await asyncio.to_thread(work)

    def _reusable(self, planned: Plan, reuse: Sequence[str]) -> dict[str, Result]:
        wanted = {cell.key for cell in planned.cells} if reuse else set[str]()
        found: dict[str, Result] = {}
        for run_id in reuse:
            try:
                results = self._runs.read(run_id).results
            except UnknownRunError:
                continue
            for key in wanted & results.keys():
                # What went out without a parameter is no answer to what this key asks.
                if not results[key].failed and not results[key].dropped:
                    found.setdefault(key, replace(results[key], reused=True))
        return found

    def _check_keys(self, run: Run, keys: Mapping[str, str]) -> None:
        known = self._backends.catalog.providers
        gone = [known[name].label if name in known else name for name in sorted(run.own - keys.keys())]
        if gone:
            whose = " and ".join(gone)
            text = f"This experiment asks {whose} with a key of your own, which is gone: enter it again"
            raise SweepError(f"{text} (Chat, “Your own keys”), then go on.")

    def _check_room(self, owner: str) -> None:
        running = [active for active in self._active.values() if active.running]
        if any(active.owner == owner for active in running):
            raise SweepError("Another experiment of yours is running: stop it first.")
        if len(running) >= MOST_RUNNING:
            raise SweepError(f"{MOST_RUNNING} experiments are running here already: try again in a few minutes.")

    def _is_running(self, run_id: str) -> bool:
        active = self._active.get(run_id)
        return active is not None and active.running

    def _begin(self, run: Run, planned: Plan, owner: str, keys: Mapping[str, str]) -> None:
        todo = tuple(
            cell for cell in unique(planned.cells) if cell.key not in run.results or run.results[cell.key].failed
        )
        used = {name: keys[name] for name in planned.own}
        active = self._active[run.id] = Active(run, planned, owner, todo, keys=used)
        active.task = asyncio.get_running_loop().create_task(self._work(active))

    async def _work(self, active: Active) -> None:
        """Every provider's cells by as many workers as it takes at once."""
        by_provider: dict[str, list[Cell]] = {}
        for cell in active.todo:
            by_provider.setdefault(self._provider(active, cell), []).append(cell)
        try:
            async with asyncio.TaskGroup() as group:
                for provider, cells in by_provider.items():
                    rest = iter(cells)
                    for _ in range(min(self._most(provider), len(cells))):
                        group.create_task(self._worker(active, provider, rest))
        except BaseExceptionGroup as errors:
            log.error("an experiment broke off", exc_info=errors)
            active.trouble = "The playground could not go on with this experiment. What is done is kept; resume it."
            if any(isinstance(error, OSError) for error in errors.exceptions):
                active.trouble = "An answer could not be stored: is the disk full? What is done is kept; resume it."
        finally:
            active.keys = NO_KEYS
            # What is on disk is all there is to know, but for why it ended.
            if not active.trouble:
                self._active.pop(active.run.id, None)

    async def _worker(self, active: Active, provider: str, rest: Iterator[Cell]) -> None:
        slots = self._slots.setdefault(provider, asyncio.Semaphore(self._most(provider)))
        for cell in rest:
            async with slots:
                contender = active.plan.settings[cell.setting].contender
                if self._gone(active) or contender.model in active.hopeless:
                    continue
                result = await self._ask(active, cell)
                if result.error in HOPELESS:
                    active.hopeless.add(contender.model)
                active.run.take(cell.key, result)
                active.finished.add(cell.key)
                active.tokens += result.usage.output_tokens if result.usage else 0
                self._runs.add(active.run.id, cell.key, result)

    async def _ask(self, active: Active, cell: Cell) -> Result:
        contender = active.plan.settings[cell.setting].contender
        prompt = active.plan.sweep.prompts[cell.prompt].text
        key = active.keys.get(self._provider(active, cell))
        async with aclosing(self._backends.reply(contender, [Message("user", prompt)], key=key)) as replies:
            async for reply in replies:
                if reply.done:
                    return Result.of(reply).without(key)
                await asyncio.sleep(LOOK_S)
        raise RuntimeError("a reply ended without being done")

    def _gone(self, active: Active) -> bool:
        """Whether no further call is made: nobody has looked for too long, or the process is to end."""
        return self._ending() or time.monotonic() - active.seen > self._patience_s

    def _provider(self, active: Active, cell: Cell) -> str:
        return self._backends.catalog.get(active.plan.settings[cell.setting].contender.model).provider

    def _most(self, provider: str) -> int:
        return self._at_once.get(provider, USUALLY_AT_ONCE)
