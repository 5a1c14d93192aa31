"""The section on the next token: prefix, filters, bars, greedy path, draws. Layout and wiring; knows no tokenizer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from ..errors import ProviderError
from ..lab.decoding import Filters
from ..lab.token_lab import Context, TokenLab
from . import next_token_view as view
from .quiet import QUIET, TYPED
from .tokens_view import trouble
from .untyped import EventData, gr

PAUSE_S = 0.2
PREFIX = "The best thing about the sea is"
RAW, CHAT = "Raw text", "Chat question"
DRAWS, LENGTH = 10, 12
MOST_CHOSEN = 64
# In llama.cpp's order, and with its defaults: label, lowest, highest, step, start, what it does.
SLIDERS = {
    "top_k": ("Top-k", 0, 100, 1, 40, "Keeps this many of the likeliest tokens; 0 keeps all"),
    "top_p": ("Top-p", 0, 1, 0.01, 0.95, "Keeps the likeliest that add up to this probability; 1 keeps all"),
    "min_p": ("Min-p", 0, 1, 0.01, 0.05, "Drops those less likely than this share of the likeliest; 0 keeps all"),
    "temperature": ("Temperature", 0, 2, 0.05, 0.8, "Lower is more focused, 0 takes the likeliest; applied last"),
}
# Buttons that hold token ids send them with the click.
ON_CLICK = (
    "element.addEventListener('click', event => { const button = event.target.closest('[data-ids]'); "
    "if (button) trigger('click', {ids: button.dataset.ids}); });"
)


@dataclass(frozen=True)
class Walk:
    """Where a reader is: what was typed, its tokens, and those that were appended; `seed` is the next draw's."""

    text: str = ""
    chat: bool = False
    prefix: Context = ()
    chosen: Context = ()
    seed: int = 1

    @property
    def context(self) -> Context:
        return (*self.prefix, *self.chosen)


@dataclass(frozen=True)
class NextPart:
    """The components of the section; `filters` by the name of Filters' field."""

    walk: Any
    prefix: Any
    kind: Any
    filters: dict[str, Any]
    note: Any
    strip: Any
    bars: Any
    greedy: Any
    tree: Any
    draw: Any
    back: Any
    anew: Any

    @property
    def shown(self) -> list[Any]:
        return [self.walk, self.note, self.strip, self.bars, self.greedy, self.tree, self.back, self.anew]


@dataclass(frozen=True)
class NextSection:
    """`begin` shows the section for the first time after a Gradio event, and returns the event that is then done."""

    begin: Callable[[Any], Any]


class _Wiring:
    def __init__(self, lab: TokenLab, part: NextPart) -> None:
        self._lab = lab
        self._part = part

    async def typed(self, text: str, kind: str, walk: Walk, *filters: Any) -> dict[Any, Any]:
        """Begins anew with what was typed."""
        if walk.prefix and (text, kind == CHAT) == (walk.text, walk.chat):
            return {self._part.note: ""}
        await asyncio.sleep(PAUSE_S)

        async def begun() -> Walk:
            chat = kind == CHAT
            return Walk(text, chat, await self._lab.context(text, chat=chat), seed=walk.seed)

        return await self._go(begun, filters)

    async def first(self, text: str, kind: str, walk: Walk, *filters: Any) -> dict[Any, Any]:
        """What stands there when the tab is opened; nothing happens when it is opened again."""
        return {self._part.walk: walk} if walk.prefix else await self.typed(text, kind, walk, *filters)

    async def appended(self, walk: Walk, data: EventData, *filters: Any) -> dict[Any, Any]:
        """Goes on with the tokens that were clicked."""

        async def longer() -> Walk:
            ids = _ids(data, len(await self._lab.pieces()))
            if len(walk.chosen) + len(ids) > MOST_CHOSEN:
                raise ProviderError("bad_request", f"At most {MOST_CHOSEN} tokens can be appended: start over.")
            return replace(walk, chosen=(*walk.chosen, *ids))

        return await self._go(longer, filters)

    async def taken_back(self, walk: Walk, *filters: Any) -> dict[Any, Any]:
        return await self._go(lambda: _as_it_is(replace(walk, chosen=walk.chosen[:-1])), filters)

    async def started_over(self, walk: Walk, *filters: Any) -> dict[Any, Any]:
        return await self._go(lambda: _as_it_is(replace(walk, chosen=())), filters)

    async def filtered(self, walk: Walk, *filters: Any) -> dict[Any, Any]:
        """The same distribution through other filters: the bars change, and the draws were not through these."""
        if not walk.prefix:
            return {self._part.note: ""}
        try:
            found = await self._lab.distribution(walk.context)
            bars = view.bars(found, _filters(filters), await self._lab.pieces())
            return {self._part.note: "", self._part.bars: bars, self._part.tree: ""}
        except ProviderError as error:
            return {self._part.note: trouble(error.message)}

    async def drawn(self, walk: Walk, *filters: Any) -> dict[Any, Any]:
        """Ten other ways to go on."""
        if not walk.prefix:
            return {self._part.note: trouble("The prefix is empty: write something for the model to continue.")}
        try:
            paths = await self._lab.continuations(
                walk.context, _filters(filters), draws=DRAWS, length=LENGTH, seed=walk.seed
            )
            return {
                self._part.note: "",
                self._part.walk: replace(walk, seed=walk.seed + DRAWS),
                self._part.tree: view.tree(paths, await self._lab.pieces()),
            }
        except ProviderError as error:
            return {self._part.note: trouble(error.message)}

    async def first_drawn(self, walk: Walk, tree: str, *filters: Any) -> dict[Any, Any]:
        return {self._part.walk: walk} if tree or not walk.prefix else await self.drawn(walk, *filters)

    async def _go(self, new: Callable[[], Awaitable[Walk]], values: tuple[Any, ...]) -> dict[Any, Any]:
        """The section for a new walk; after an error what was there stays."""
        part = self._part
        try:
            filters = _filters(values)
            walk = await new()
            if not walk.prefix:
                return {part.note: trouble("The prefix is empty: write something for the model to continue.")}
            found, path = await asyncio.gather(
                self._lab.distribution(walk.context), self._lab.greedy(walk.context, LENGTH)
            )
            pieces = await self._lab.pieces()
        except ProviderError as error:
            return {part.note: trouble(error.message)}
        return {
            part.walk: walk,
            part.note: "",
            part.strip: view.strip(walk.text, walk.chat, walk.chosen, pieces),
            part.bars: view.bars(found, filters, pieces),
            part.greedy: view.greedy_path(path, pieces),
            part.tree: "",
            part.back: gr.update(interactive=bool(walk.chosen)),
            part.anew: gr.update(interactive=bool(walk.chosen)),
        }


def build(lab: TokenLab) -> NextSection:
    """Renders the section into the surrounding tab."""
    part = _lay_out()
    wiring = _Wiring(lab, part)
    filters = list(part.filters.values())
    typed = [part.prefix, part.kind, part.walk, *filters]
    walked = [part.walk, *filters]
    # One event for each kind of change, so that the newest is the last to be shown.
    gr.on([part.prefix.change, part.kind.change], wiring.typed, typed, part.shown, **TYPED)
    filtered = [part.note, part.bars, part.tree]
    gr.on([slider.input for slider in filters], wiring.filtered, walked, filtered, **TYPED)
    for buttons in (part.bars, part.greedy, part.tree):
        buttons.click(wiring.appended, walked, part.shown, **QUIET)
    part.back.click(wiring.taken_back, walked, part.shown, **QUIET)
    part.anew.click(wiring.started_over, walked, part.shown, **QUIET)
    part.draw.click(wiring.drawn, walked, [part.note, part.walk, part.tree], **QUIET)

    def begin(after: Any) -> Any:
        looked = after.then(wiring.first, typed, part.shown, **QUIET)
        drawn = [part.walk, part.tree, *filters]
        return looked.then(wiring.first_drawn, drawn, [part.note, part.walk, part.tree], **QUIET)

    return NextSection(begin)


def _lay_out() -> NextPart:
    walk = gr.State(Walk())
    gr.HTML("<h2>Next token</h2>", padding=False, elem_classes="token-head")
    with gr.Row(elem_classes="token-part"):
        with gr.Column(scale=7, min_width=320):
            prefix = gr.Textbox(PREFIX, label="Prefix", show_label=False, lines=2, max_lines=6, elem_id="next-prefix")
            with gr.Row(elem_classes="next-row"):
                kind = gr.Radio(
                    [RAW, CHAT],
                    value=RAW,
                    label="The prefix is",
                    show_label=False,
                    container=False,
                    elem_classes="segmented",
                    elem_id="next-kind",
                )
                back = gr.Button("Take back", size="sm", interactive=False, elem_id="next-back")
                anew = gr.Button("Start over", size="sm", interactive=False, elem_id="next-anew")
            note = gr.HTML("", padding=False, elem_id="next-note")
            strip = gr.HTML("", padding=False, elem_id="next-strip")
            bars = gr.HTML("", padding=False, elem_id="next-bars", js_on_load=ON_CLICK)
        with gr.Column(scale=3, min_width=280):
            filters = _lay_out_filters()
            gr.HTML("<h3 title='The likeliest token at every step'>Greedy path</h3>", padding=False)
            greedy = gr.HTML("", padding=False, elem_id="next-greedy", js_on_load=ON_CLICK)
            gr.HTML("<h3 title='Drawn at random, as a tree'>Ten draws through these filters</h3>", padding=False)
            tree = gr.HTML("", padding=False, elem_id="next-tree", js_on_load=ON_CLICK)
            draw = gr.Button("Draw ten", size="sm", elem_id="next-draw")
    return NextPart(walk, prefix, kind, filters, note, strip, bars, greedy, tree, draw, back, anew)


def _lay_out_filters() -> dict[str, Any]:
    with gr.Column(elem_classes="next-filters"):
        return {
            name: gr.Slider(low, high, start, step=step, label=label, info=info, elem_id=f"next-{name}")
            for name, (label, low, high, step, start, info) in SLIDERS.items()
        }


def _filters(values: tuple[Any, ...]) -> Filters:
    """An emptied field filters nothing. Raises ProviderError as Filters does."""
    given = {name: value for name, value in zip(SLIDERS, values, strict=True) if value not in ("", None)}
    if "top_k" in given:
        given["top_k"] = int(given["top_k"])
    return Filters(**given)


def _ids(data: EventData, size: int) -> Context:
    """The token ids that came with a click. Anyone can forge them, so they are checked."""
    listed = str(data._data.get("ids", ""))[:1000].split()  # pyright: ignore[reportPrivateUsage]
    if not listed or not all(one.isdecimal() and int(one) < size for one in listed):
        raise ProviderError("bad_request", "The model has no such token: click one that is shown.")
    return tuple(map(int, listed))


async def _as_it_is(walk: Walk) -> Walk:
    return walk
