"""The experiments tab's components. Knows no event; what is shown is decided in experiments_view."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from ..lab.prompts import BREAK, BUILT_IN
from ..models.catalog import Catalog
from . import experiments_view as view
from . import format
from .experiments_form import NO_SYSTEM_PROMPT, PRESETS, Preset, choosable, preset
from .sampling import HINTS
from .untyped import gr

ONE_A_LINE = f"One per line. {BREAK} inside one is a line break."

VALUES = "Empty is not sent. Values like 0, 0.5, 1"
WHOLE_VALUES = "Empty is not sent. Values like 1, 10, 40"


@dataclass(frozen=True)
class ExperimentsTab:
    """The components that the wiring needs; `fields` by the names of Form. `run` stays on the server."""

    run: Any
    runs: Any
    presets: Mapping[Preset, Any]
    fields: dict[str, Any]
    built_in: Any
    upload: Any
    queue: Any
    reuse: Any
    confirm: Any
    asked: Any
    start: Any
    notes: Any
    progress: Any
    stop: Any
    resume: Any
    earlier: Any
    page: Any
    marked: Any
    grid: Any
    more: Any
    figures: Any
    plots: Any
    pair: tuple[Any, Any]
    battle: Any
    battle_note: Any
    downloads: Any

    @property
    def shown(self) -> list[Any]:
        """What follows a run."""
        return [
            self.progress,
            self.grid,
            self.figures,
            self.plots,
            self.downloads,
            self.more,
            self.stop,
            self.resume,
        ]

    @property
    def frame(self) -> list[Any]:
        """What is set once when a run is opened."""
        return [self.run, self.runs, self.notes, self.confirm, self.earlier, self.page, *self.pair, self.battle_note]


def lay_out(catalog: Catalog, runs: Any) -> ExperimentsTab:
    """`runs` is the component with the ids of this browser's runs."""
    with gr.Row(equal_height=False, elem_classes="lab"):
        with gr.Column(scale=0, min_width=340, elem_classes="lab-form"):
            form = _form(catalog)
        with gr.Column(scale=1, min_width=320, elem_classes="lab-results"):
            results = _results()
    return ExperimentsTab(run=gr.State(""), runs=runs, **form, **results)


def _form(catalog: Catalog) -> dict[str, Any]:
    start = preset("Temperature", catalog)
    with gr.Row(elem_classes="suggestions lab-presets"):
        gr.HTML("<span>Try</span>", padding=False)
        presets = {name: gr.Button(name, size="sm", min_width=60, elem_id=_id(name)) for name in PRESETS}
    fields: dict[str, Any] = {
        "prompts": _box("Prompts", start["prompts"], ONE_A_LINE, lines=4, max_lines=8, elem_id="lab-prompts")
    }
    with gr.Row(elem_classes="lab-sets"):
        built_in = gr.Dropdown(
            [("A prompt set…", ""), *BUILT_IN],
            value="",
            label="Prompt set",
            show_label=False,
            container=False,
            min_width=150,
            elem_id="lab-set",
        )
        upload = gr.UploadButton(
            "Upload", file_types=[".txt", ".csv", ".jsonl"], size="sm", min_width=80, elem_id="lab-upload"
        )
    fields["models"] = gr.Dropdown(
        value=start["models"],
        multiselect=True,
        label="Models",
        **models(catalog),
        elem_id="lab-models",
    )
    fields["temperature"] = _box(
        "Temperature", start["temperature"], VALUES, info=HINTS["temperature"], elem_id="lab-temperature"
    )
    with gr.Row(elem_classes="lab-pair"):
        fields["samples"] = _number("Samples", start["samples"], "lab-samples", "Answers per prompt.")
        fields["max_tokens"] = _number("Max tokens", start["max_tokens"], "lab-max-tokens", "Longest answer.")
    with gr.Accordion("More parameters", open=False, elem_classes="sampling", elem_id="lab-more"):
        fields["top_p"] = _box("Top-p", "", VALUES, info=HINTS["top_p"])
        fields["top_k"] = _box("Top-k", "", WHOLE_VALUES, info=HINTS["top_k"])
        fields["effort"] = _box("Effort", "", "low, high", info=HINTS["effort"])
        said = f"One per line. A line “{NO_SYSTEM_PROMPT}” sends no system prompt."
        fields["system_prompts"] = _box("System prompts", "", said, lines=2, max_lines=6)
        said = "What good answers would say; one per line, in the order of the prompts."
        fields["references"] = _box("References", "", said, lines=2, max_lines=6, elem_id="lab-references")
        reuse = gr.Checkbox(False, label="Reuse answers from identical earlier calls", container=False)
    confirm = gr.Checkbox(False, label="Yes", visible=False, container=False, elem_id="lab-confirm")
    start_button = gr.Button("Run", variant="primary", elem_id="lab-run")
    notes = gr.HTML("", padding=False, elem_classes="lab-notes", elem_id="lab-notes")
    queue = gr.Button("Blind battles with these prompts", size="sm", elem_classes="lab-quiet", elem_id="lab-queue")
    return {
        "presets": presets,
        "fields": fields,
        "built_in": built_in,
        "upload": upload,
        "queue": queue,
        "reuse": reuse,
        "confirm": confirm,
        "asked": gr.State(None),  # of the reader, by `confirm`
        "start": start_button,
        "notes": notes,
    }


def _results() -> dict[str, Any]:
    plain: dict[str, Any] = {"show_label": False, "container": False}
    with gr.Row(elem_classes="notice-row lab-head"):
        progress = gr.HTML("", padding=False, elem_id="lab-progress")
        stop = gr.Button("Stop", visible=False, size="sm", scale=0, elem_id="lab-stop")
        resume = gr.Button("Resume", visible=False, size="sm", scale=0, elem_id="lab-resume")
        earlier = gr.Dropdown(
            [], value=None, label="Earlier runs", visible=False, min_width=200, scale=0, elem_id="lab-earlier", **plain
        )
    grid = gr.HTML(view.EMPTY, padding=False, elem_id="lab-grid")
    with gr.Column(visible=False, elem_classes="lab-more") as more:
        with gr.Row(elem_classes="lab-view"):
            marked = gr.Checkbox(
                True,
                label="Mark words that the first column does not have",
                container=False,
                min_width=300,
                elem_id="lab-marked",
            )
            page = gr.Dropdown([], value=None, label="Page", visible=False, min_width=200, elem_id="lab-page", **plain)
        figures = gr.HTML("", padding=False, elem_id="lab-figures")
        plots = gr.HTML("", padding=False, elem_id="lab-plots")
        with gr.Row(elem_classes="notice-row lab-arena"):
            gr.HTML("<h2>Which is really better?</h2>", padding=False)
            pair = (
                gr.Dropdown([], label="First setting", min_width=180, **plain, elem_id="lab-a"),
                gr.Dropdown([], label="Second setting", min_width=180, **plain, elem_id="lab-b"),
            )
            battle = gr.Button("Blind battle", size="sm", scale=0, min_width=120, elem_id="lab-battle")
        battle_note = gr.HTML("", padding=False, elem_classes="lab-notes")
        downloads = gr.HTML("", padding=False, elem_id="lab-downloads")
    return {
        "progress": progress,
        "stop": stop,
        "resume": resume,
        "earlier": earlier,
        "page": page,
        "marked": marked,
        "grid": grid,
        "more": more,
        "figures": figures,
        "plots": plots,
        "pair": pair,
        "battle": battle,
        "battle_note": battle_note,
        "downloads": downloads,
    }


def _box(label: str, value: str, hint: str, *, lines: int = 1, max_lines: int = 1, **more: str) -> Any:
    return gr.Textbox(value, label=label, placeholder=hint, lines=lines, max_lines=max_lines, **more)


def _number(label: str, value: int, elem_id: str, info: str) -> Any:
    """Without limits of its own: what is wrong with a number is said in our words."""
    return gr.Number(value, label=label, info=info, min_width=100, elem_id=elem_id)


def models(catalog: Catalog, own: Collection[str] = ()) -> dict[str, Any]:
    """What the list of models offers, and how to have more; `own` names the providers that the reader has a key for."""
    able = choosable(catalog, own)
    missing = len(catalog.models) - len(able)
    info = f"{missing} more with keys in .env, or your own in the Chat tab." if missing else None
    return {"choices": [(model.name, model.id) for model in able], "info": info}


def _id(name: str) -> str:
    return f"lab-preset-{name.lower()}"


def run_title(created: str, settings: int, prompts: int) -> str:
    """How a run is called in the list of earlier ones."""
    parts = [created, f"{settings} settings" if settings != 1 else "1 setting"]
    return format.DOT.join([*parts, f"{prompts:,} prompts" if prompts != 1 else "1 prompt"])
