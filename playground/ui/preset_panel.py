"""Choosing, keeping and carrying off system prompts. Layout and wiring; what a preset is, is the conversation's."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

from ..conversation import presets
from ..errors import ProviderError
from ..types import Preset
from . import keeping
from .chat_page import ChatPage
from .chat_session import Session
from .quiet import CHOSEN, DIRECT, QUIET
from .refusal import refusal
from .untyped import gr

# Fixed, so that what a browser keeps outlasts a restart; presets are no secret from their own reader.
STORAGE_KEY, STORAGE_SECRET = "llm-playground-presets", "llm-playground"
LIBRARY, OWN = "library:", "own:"
FILE_NAME = "presets.json"


@dataclass(frozen=True)
class PresetPanel:
    """`own` is kept by the browser: [{"name", "prompt"}]."""

    own: Any
    chosen: Any
    name: Any
    save: Any
    delete: Any
    give: Any
    take: Any


def lay_out_choice(library: Sequence[Preset]) -> Any:
    """The picker above the system prompt."""
    return gr.Dropdown(
        choices(library, ()),
        value=None,
        label="Preset",
        info="Fills in the system prompt below.",
        filterable=True,
        elem_id="preset",
    )


def lay_out(chosen: Any) -> PresetPanel:
    """What can be done with one's own, below the system prompt."""
    own = gr.BrowserState([], storage_key=STORAGE_KEY, secret=STORAGE_SECRET)
    with gr.Accordion("Your presets", open=False, elem_classes="own-presets"):
        name = gr.Textbox(label="Name", placeholder="Saves the prompt above", max_lines=1)
        with gr.Row():
            save = gr.Button("Save", size="sm")
            delete = gr.Button("Delete", size="sm")
            give = gr.Button("Export", size="sm")
            take = gr.UploadButton("Import", size="sm", file_types=[".json"])
    return PresetPanel(own, chosen, name, save, delete, give, take)


def choices(library: Sequence[Preset], own: Sequence[Preset]) -> list[tuple[str, str]]:
    """The picker's entries, one's own first."""
    return [
        *((f"{preset.name} (yours)", f"{OWN}{preset.name}") for preset in own),
        *((preset.name, f"{LIBRARY}{preset.name}") for preset in library),
    ]


def read(stored: object) -> tuple[Preset, ...]:
    """One's own presets as a browser has kept them; what is no preset is passed over, since anybody can edit it."""
    if not isinstance(stored, list):
        return ()
    found: list[Preset] = []
    for row in cast(list[Any], stored)[: presets.MOST_PRESETS]:
        with suppress(ProviderError):
            found += presets.imported(json.dumps([row]))
    return presets.together((), found)


def prompt_of(choice: str | None, library: Sequence[Preset], own: Sequence[Preset]) -> str | None:
    """The prompt of a picker's entry, None for one that is gone."""
    by_choice = {f"{OWN}{preset.name}": preset.prompt for preset in own}
    by_choice |= {f"{LIBRARY}{preset.name}": preset.prompt for preset in library}
    return by_choice.get(choice or "")


def wire(panel: PresetPanel, page: ChatPage, library: Sequence[Preset], loaded: Any) -> None:
    """`loaded` is the event of an opened page."""
    prompt = page.tab.askings.system_prompt

    def rows(own: Sequence[Preset]) -> list[dict[str, Any]]:
        return [asdict(preset) for preset in own]

    def choose(choice: str | None, stored: object) -> Any:
        found = prompt_of(choice, library, read(stored))
        return gr.skip() if found is None else found

    def keep(name: str, text: str, stored: object) -> dict[Any, Any]:
        new = Preset((name or "").strip()[:100], text or "")
        if not new.name or not new.prompt.strip():
            raise refusal("A preset needs a name and a system prompt: write both.")
        try:
            own = presets.added(read(stored), [new])
        except ProviderError as error:
            raise refusal(f"Not saved. {error.message}") from None
        return {panel.own: rows(own), panel.chosen: gr.update(choices=choices(library, own), value=f"{OWN}{new.name}")}

    def drop(choice: str | None, stored: object) -> dict[Any, Any]:
        own = tuple(preset for preset in read(stored) if f"{OWN}{preset.name}" != choice)
        if len(own) == len(read(stored)):
            raise refusal("Choose one of your own presets first.")
        return {panel.own: rows(own), panel.chosen: gr.update(choices=choices(library, own), value=None)}

    def take(path: str, stored: object) -> dict[Any, Any]:
        try:
            new = presets.imported(Path(path).read_text("utf-8", "replace"))
            own = presets.added(read(stored), new)
        except ProviderError as error:
            raise refusal(f"Nothing was imported. {error.message}") from None
        gr.Info(f"{len(new)} preset{'' if len(new) == 1 else 's'} imported.")
        return {panel.own: rows(own), panel.chosen: gr.update(choices=choices(library, own))}

    def give(session: Session, stored: object) -> str:
        own = read(stored)
        shown = session.conversation.id if session.conversation.turns else None
        if not own:
            return keeping.told(shown=shown, note="You have not saved a preset yet: name the prompt above and save it.")
        return keeping.told(shown=shown, file={"name": FILE_NAME, "text": presets.exported(own)})

    def show(stored: object) -> Any:
        return gr.update(choices=choices(library, read(stored)))

    changed = [panel.own, panel.chosen]
    panel.chosen.input(choose, [panel.chosen, panel.own], prompt, **CHOSEN)
    panel.save.click(keep, [panel.name, prompt, panel.own], changed, **QUIET)
    panel.delete.click(drop, [panel.chosen, panel.own], changed, **QUIET)
    panel.take.upload(take, [panel.take, panel.own], changed, **QUIET)
    panel.give.click(give, [page.tab.session, panel.own], page.tab.page, **DIRECT)
    loaded(show, panel.own, panel.chosen, **DIRECT)
