"""The experiments tab: wiring of sweeps. Knows no vendor; what is shown is decided in experiments_view and _figures."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from ..conversation.reply import Backends
from ..errors import PlaygroundError
from ..lab.forecast import asks_for_confirmation
from ..lab.progress import Shown
from ..lab.prompts import built_in, read_file, write_lines
from ..lab.running import Sweeps
from ..lab.summary import summarize
from ..lab.sweep import Plan
from . import experiments_battles
from . import experiments_form as form
from . import experiments_layout as layout
from . import experiments_view as view
from .experiments_figures import figures_table, plots
from .experiments_form import Asked, Form, Preset
from .experiments_layout import ExperimentsTab
from .gate import asks_models
from .keys import Taken
from .newest import Newest
from .quiet import DIRECT, STREAMED
from .untyped import Request, gr

# The same in every process, so that the list of a browser's runs survives a restart. It hides nothing from anybody.
STORAGE: dict[str, str] = {"storage_key": "llm-playground-experiments", "secret": "llm-playground"}
TICK_S = 1.0
# On a phone the results stand below the form.
SHOW = """() => document.querySelector("#lab-grid")?.scrollIntoView({
  block: "nearest", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "instant" : "smooth",
})"""
MOST_REMEMBERED = 12
REUSED_FROM = 3  # newest runs whose equal answers are taken over
FIGURES_WHILE_RUNNING = 400  # cells; of more, figures are computed once, at the end


class _Wiring:
    """What the events of one page's tab do."""

    def __init__(self, tab: ExperimentsTab, backends: Backends, sweeps: Sweeps) -> None:
        self._tab = tab
        self._backends = backends
        self._sweeps = sweeps
        self._looks = Newest()

    def choosing(self, name: Preset) -> Callable[[Taken], list[Any]]:
        """What the button of a preset does: fills the whole form."""

        def choose(taken: Taken) -> list[Any]:
            fields = form.preset(name, self._backends.catalog, taken.keys)
            return [gr.update(value=fields[field]) for field in self._tab.fields]

        return choose

    def models(self, taken: Taken, chosen: Any) -> Any:
        """The models that can be asked with the keys there are; what is no longer among them is not chosen."""
        offered = layout.models(self._backends.catalog, taken.keys)
        able = {model_id for _, model_id in offered["choices"]}
        return gr.update(**offered, value=[one for one in chosen or () if one in able])

    async def check(self, asked: Asked | None, runs: Any, reuse: bool, taken: Taken, *values: Any) -> dict[Any, Any]:
        """What the run would take, on its button, before it is pressed. `asked` is what was to be confirmed before:
        as long as it is the same, who has confirmed it need not do so again."""
        tab = self._tab
        try:
            planned = await asyncio.to_thread(lambda: self._sweeps.plan(self._form(values).sweep(), taken.keys.keys()))
            expected = await self._sweeps.forecast(planned, _reused(runs) if reuse else ())
        except PlaygroundError as error:
            return {
                tab.start: gr.update(value="Run"),
                tab.notes: view.notes((), str(error)),
                tab.confirm: gr.update(visible=False, value=False),
                tab.asked: None,
            }
        asks = Asked(planned.sweep, reuse, expected)
        anew = {} if asks == asked else {"value": False}
        return {
            tab.start: gr.update(value=form.button(expected)),
            tab.notes: view.notes(planned.notes),
            tab.confirm: gr.update(visible=asks_for_confirmation(expected), label=form.confirmation(expected), **anew),
            tab.asked: asks,
        }

    @asks_models
    async def begin(
        self,
        request: Request,
        runs: Any,
        voter: str,
        confirmed: bool,
        asked: Asked | None,
        reuse: bool,
        taken: Taken,
        *values: Any,
    ) -> dict[Any, Any]:
        """Starts a run; what cannot be run is said and changes nothing else. Only what was asked counts as confirmed:
        another form may have been sent before the tick was taken away."""
        owner = voter or request.session_hash or ""
        try:
            sweep = self._form(values).sweep()
            reused = _reused(runs) if reuse else ()
            confirmed = confirmed and asked is not None and (asked.sweep, asked.reuse) == (sweep, reuse)
            run = await self._sweeps.start(sweep, owner, confirmed=confirmed, reuse=reused, keys=taken.keys)
        except PlaygroundError as error:
            return {self._tab.notes: view.notes((), str(error))}
        framed = await self._framed(run, [run, *_ids(runs)][:MOST_REMEMBERED])
        return {self._tab.confirm: gr.update(value=False), **framed}

    @asks_models
    async def resume(self, request: Request, run: str, voter: str, taken: Taken) -> str:
        """Goes on with a run, failed calls among it; returns what is to be said."""
        try:
            await self._sweeps.resume(run, voter or request.session_hash or "", keys=taken.keys)
        except PlaygroundError as error:
            return view.notes((), str(error))
        return ""

    async def stop(self, run: str) -> None:
        await self._sweeps.stop(run)

    async def reopen(self, run: str, runs: Any) -> dict[Any, Any]:
        """The newest run of this browser, the first time that somebody looks."""
        return {self._tab.run: run} if run or not _ids(runs) else await self._framed(_ids(runs)[0], _ids(runs))

    async def open(self, run: str | None, runs: Any) -> dict[Any, Any]:
        """One of the earlier runs."""
        return await self._framed(run, _ids(runs)) if run else {self._tab.run: ""}

    async def follow(self, request: Request, run: str, page: int | None, marked: bool) -> AsyncGenerator[list[Any]]:
        """A run until it ends or this reader looks at another one, or another page of it; at least one look at it."""
        values = self._values_of(run, page or 0, marked)
        shown = self._looks.of(request.session_hash or "", values, lambda values: [gr.skip()] * len(values))
        async with aclosing(shown):
            async for values in shown:
                yield values

    async def _values_of(self, run: str, page: int, marked: bool) -> AsyncGenerator[list[Any]]:
        if not run:
            yield self._nothing("")
            return
        try:
            async with aclosing(self._sweeps.follow(run, lambda: TICK_S)) as looks:
                async for shown in looks:
                    yield await asyncio.to_thread(self._values, shown, page, marked)
        except PlaygroundError as error:
            yield self._nothing(view.notes((), str(error)))

    def fill(self, name: str) -> list[Any]:
        """A built-in prompt set in the form."""
        if not name:
            return [gr.update(), gr.update()]
        prompts, references = write_lines(built_in(name))
        return [gr.update(value=prompts), gr.update(value=references)]

    def take_file(self, path: str | None) -> list[Any]:
        """An uploaded prompt set in the form; what is wrong with it is said, and the form stays."""
        if not path:
            return [gr.update(), gr.update(), gr.update()]
        try:
            prompts, references = write_lines(read_file(Path(path).name, Path(path).read_bytes()))
        except PlaygroundError as error:
            return [gr.update(), gr.update(), view.notes((), str(error))]
        return [gr.update(value=prompts), gr.update(value=references), ""]

    def _form(self, values: Sequence[Any]) -> Form:
        return Form(**dict(zip(self._tab.fields, values, strict=True)))

    async def _framed(self, run: str, runs: Sequence[str]) -> dict[Any, Any]:
        """Everything that is set once for a run: its pages, its pair, the list of earlier ones."""
        tab = self._tab
        heads = await asyncio.to_thread(self._sweeps.heads, runs)
        try:
            plan = (await self._sweeps.look(run)).plan
        except PlaygroundError as error:
            return {tab.notes: view.notes((), str(error)), tab.runs: [head.id for head in heads]}
        pages = view.pages(plan)
        titles = [
            (layout.run_title(_moment(one.created), one.sweep.columns, len(one.sweep.prompts)), one.id) for one in heads
        ]
        return {
            tab.run: run,
            tab.runs: [head.id for head in heads],
            tab.notes: view.notes(plan.notes),
            tab.earlier: gr.update(choices=titles, value=run, visible=len(titles) > 1),
            tab.page: gr.update(choices=[(one, at) for at, one in enumerate(pages)], value=0, visible=len(pages) > 1),
            **_pair(tab, plan),
            tab.battle_note: "",
        }

    def _values(self, shown: Shown, page: int, marked: bool) -> list[Any]:
        """Values of ExperimentsTab.shown."""
        worth_it = not shown.running or shown.progress.total <= FIGURES_WHILE_RUNNING
        figures = summarize(shown.plan, shown.results) if worth_it else []
        return [
            view.progress(shown),
            view.grid(shown, page, marked=marked),
            figures_table(shown.plan, figures),
            plots(shown.plan, figures),
            view.downloads(shown.id),
            gr.update(visible=bool(shown.results)),
            gr.update(visible=shown.running),
            gr.update(visible=not shown.running and bool(shown.left + shown.progress.failed), value=_resume(shown)),
        ]

    def _nothing(self, said: str) -> list[Any]:
        hidden = gr.update(visible=False)
        return [said, view.EMPTY, "", "", "", hidden, hidden, hidden]


def build(
    backends: Backends,
    sweeps: Sweeps,
    voter: Any,
    taken: Any,
    opened: Callable[..., Any],
    handover: Any,
    tabs: Any,
) -> list[Any]:
    """Renders the tab; `taken` holds the reader's own keys, `opened` is the event of looking at it.

    Returns the events that put a BattleQueue into `handover` and turn `tabs` to the arena, or else None into it.
    """
    tab = layout.lay_out(backends.catalog, gr.BrowserState([], **STORAGE))
    wiring = _Wiring(tab, backends, sweeps)
    fields = list(tab.fields.values())
    checked = [tab.start, tab.notes, tab.confirm, tab.asked]
    asks = [tab.asked, tab.runs, tab.reuse, taken, *fields]
    changed = [component.change for component in (*fields, tab.reuse)]
    gr.on(changed, wiring.check, asks, checked, trigger_mode="always_last", **DIRECT)
    opened(wiring.models, [taken, tab.fields["models"]], tab.fields["models"], **DIRECT)
    opened(wiring.check, asks, checked, **DIRECT)
    for name, button in tab.presets.items():
        button.click(wiring.choosing(name), taken, fields, **DIRECT)
    lines = [tab.fields["prompts"], tab.fields["references"]]
    tab.built_in.input(wiring.fill, tab.built_in, lines, **DIRECT)
    tab.upload.upload(wiring.take_file, tab.upload, [*lines, tab.notes], **DIRECT)
    ended = _wire_runs(tab, wiring, voter, taken, opened)
    ended.then(wiring.check, asks, checked, **DIRECT)
    tab.stop.click(wiring.stop, tab.run, None, **DIRECT)
    return experiments_battles.wire(tab, backends, sweeps, handover, tabs)


def _wire_runs(tab: ExperimentsTab, wiring: _Wiring, voter: Any, taken: Any, opened: Callable[..., Any]) -> Any:
    """Whatever opens a run, follows it. Returns the event of a new run's end."""
    asks = [tab.runs, voter, tab.confirm, tab.asked, tab.reuse, taken, *tab.fields.values()]
    begun = tab.start.click(wiring.begin, asks, tab.frame, **DIRECT)
    openings = [
        begun,
        opened(wiring.reopen, [tab.run, tab.runs], tab.frame, **DIRECT),
        tab.earlier.input(wiring.open, [tab.earlier, tab.runs], tab.frame, **DIRECT),
        tab.resume.click(wiring.resume, [tab.run, voter, taken], tab.notes, **DIRECT),
    ]
    seen = [tab.run, tab.page, tab.marked]
    # Gradio's own trigger mode would leave out whoever looks at the next while the one before still grows.
    following: dict[str, Any] = {**STREAMED, "trigger_mode": "multiple"}
    ended, *_ = [one.then(wiring.follow, seen, tab.shown, **following) for one in openings]
    gr.on([tab.page.input, tab.marked.input], wiring.follow, seen, tab.shown, **following)
    begun.then(None, js=SHOW)
    return ended


def _pair(tab: ExperimentsTab, plan: Plan) -> dict[Any, Any]:
    choices = [(plan.label(setting), at) for at, setting in enumerate(plan.settings)]
    last = len(choices) - 1
    values = (0, last if last else None)
    return {box: gr.update(choices=choices, value=value) for box, value in zip(tab.pair, values, strict=True)}


def _resume(shown: Shown) -> str:
    failed = shown.progress.failed
    return f"Resume: {shown.left + failed:,} left" if shown.left else f"Ask again: {failed:,} failed"


def _ids(runs: Any) -> list[str]:
    """What the browser keeps, whoever wrote it there."""
    kept = cast(list[Any], runs) if isinstance(runs, list) else []
    return [run for run in kept if isinstance(run, str)][:MOST_REMEMBERED]


def _reused(runs: Any) -> list[str]:
    return _ids(runs)[:REUSED_FROM]


def _moment(created: float) -> str:
    return f"{datetime.fromtimestamp(created, UTC):%d %b %H:%M}"
