"""The components of the named columns. Knows no event; what is shown is decided in comparison_view."""

from __future__ import annotations

import itertools
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from ..arena.comparison import Choice
from ..conversation.reply import Backends
from ..models.catalog import Catalog
from . import format, sampling
from .chatbot import chatbot
from .comparison_view import LETTERS, MOST_COLUMNS, Comparison
from .untyped import gr

FIELDS = ("temperature", "top_p", "top_k", "max_tokens", "seed", "effort")


@dataclass(frozen=True)
class Setup:
    """The components of one column's contender."""

    box: Any
    model: Any
    own: Any
    system_prompt: Any
    sampling: sampling.Sampling

    @property
    def inputs(self) -> list[Any]:
        return [self.model, self.system_prompt, *self.sampling.inputs]


@dataclass(frozen=True)
class SideBySide:
    """The components that the wiring needs. `shared` holds the parameters for all; `state` stays on the server."""

    state: Any
    filled: Any
    count: Any
    same: Any
    shared_box: Any
    shared_prompt: Any
    shared: sampling.Sampling
    setups: list[Setup]
    panes: list[Any]
    notice: Any
    votes: dict[Choice, Any]
    anew: Any
    composer: Any

    @property
    def controls(self) -> list[Any]:
        return [self.notice, *self.votes.values(), self.anew, self.composer]

    @property
    def setup_inputs(self) -> list[Any]:
        columns = [component for setup in self.setups for component in setup.inputs]
        return [self.count, self.same, self.shared_prompt, *self.shared.inputs, *columns]


def lay_out(backends: Backends) -> SideBySide:
    """Renders the columns into the surrounding Blocks."""
    start = _first_models(backends)
    with gr.Row(elem_classes="compare-head"):
        counts = [(f"{count} columns", count) for count in range(2, MOST_COLUMNS + 1)]
        count = gr.Radio(
            counts, value=2, show_label=False, container=False, elem_classes="segmented", elem_id="columns"
        )
        same = gr.Checkbox(False, label="Same system prompt and parameters for all", elem_id="same", container=False)
    with gr.Column(visible=False, elem_classes="shared") as shared_box:
        shared_prompt = _system_prompt()
        shared = sampling.lay_out(start[0], FIELDS)
    setups: list[Setup] = []
    panes: list[Any] = []
    with gr.Row(equal_height=False, elem_classes="panes"):
        for at, model in enumerate(start):
            setup, pane = _column(at, model, backends)
            setups.append(setup)
            panes.append(pane)
    with gr.Row(elem_classes="notice-row"):
        notice = gr.HTML("", padding=False, elem_classes="notice", elem_id="compare-notice")
        anew = gr.Button("New comparison", visible=False, size="sm", scale=0, elem_id="new-comparison")
    votes: dict[Choice, Any] = {}
    with gr.Row(elem_classes="votes"):
        for at, letter in enumerate(LETTERS):
            votes[at] = _vote(f"{letter} is best", f"best-{letter.lower()}", visible=at < 2)
        votes["tie"] = _vote("Tie", "best-tie")
        votes["both_bad"] = _vote("All bad", "best-none")
    composer = gr.Textbox(
        placeholder="Ask all columns.",
        show_label=False,
        label="Prompt for all",
        container=False,
        lines=1,
        max_lines=8,
        submit_btn="Run all",
        elem_id="compare-composer",
        elem_classes="composer",
    )
    return SideBySide(
        state=gr.State(Comparison()),
        filled=gr.State(False),
        count=count,
        same=same,
        shared_box=shared_box,
        shared_prompt=shared_prompt,
        shared=shared,
        setups=setups,
        panes=panes,
        notice=notice,
        votes=votes,
        anew=anew,
        composer=composer,
    )


def offered(catalog: Catalog, own_keys: Collection[str] = ()) -> list[tuple[str, str]]:
    """The models of a column as (label, id), who can answer first; the reader has a key for those in `own_keys`."""
    able = {one.id: one.can_be_asked(own_keys) for one in catalog.models.values()}
    models = sorted(catalog.models.values(), key=lambda one: not able[one.id])
    return [(format.model_label(one, has_own_key=one.provider in own_keys), one.id) for one in models]


def _column(at: int, model: Any, backends: Backends) -> tuple[Setup, Any]:
    """One column: who answers, and the pane under it."""
    letter = LETTERS[at]
    with gr.Column(visible=at < 2, min_width=260, elem_classes="pane compare") as box:
        gr.HTML(f'<div class="seat"><h2><b>{letter}</b></h2></div>', padding=False)
        picker = gr.Dropdown(
            offered(backends.catalog),
            value=model.id,
            label=f"Model {letter}",
            show_label=False,
            container=False,
            filterable=True,
            elem_id=f"compare-model-{letter.lower()}",
        )
        with gr.Column(elem_classes="own") as own:
            prompt = _system_prompt()
            accordion = sampling.lay_out(model, FIELDS)
        pane = chatbot(
            f"compare-{letter.lower()}",
            label=letter,
            height="calc(100dvh - 580px)",
            min_height=240,
            placeholder="The answer appears here.",
        )
    return Setup(box, picker, own, prompt, accordion), pane


def _system_prompt() -> Any:
    return gr.Textbox(
        label="System prompt",
        show_label=False,
        container=False,
        placeholder="System prompt (empty: none)",
        lines=1,
        max_lines=6,
    )


def _vote(said: str, elem_id: str, *, visible: bool = True) -> Any:
    return gr.Button(said, interactive=False, min_width=90, visible=visible, elem_id=elem_id)


def _first_models(backends: Backends) -> list[Any]:
    """A model for each column: different ones as far as they can answer."""
    able = [model for model in backends.catalog.models.values() if model.available] or [backends.catalog.default()]
    return list(itertools.islice(itertools.cycle(able), MOST_COLUMNS))
