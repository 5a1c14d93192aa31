"""The header's state line as a value. Knows no component."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Literal

from ..models.catalog import Catalog
from ..providers.local import LocalState

Mark = Literal["off", "busy", "ready", "failed"]
MARKS: dict[str, Mark] = {"off": "off", "ready": "ready", "failed": "failed"}


@dataclass(frozen=True, slots=True)
class State:
    """What the header says: of this machine's model, and of the providers. `progress` is a share from 0 to 1."""

    mark: Mark
    local: str
    providers: str
    progress: float | None = None

    @property
    def settled(self) -> bool:
        """True once nothing is going to change by itself."""
        return self.mark != "busy"


def state_of(catalog: Catalog, local: LocalState | None) -> State:
    """What the header says now; `local` is None where the embedded model is switched off."""
    if local is None:
        return State("off", "Embedded model switched off", providers_line(catalog))
    progress = local.done_bytes / local.total_bytes if local.stage == "downloading" and local.total_bytes else None
    return State(MARKS.get(local.stage, "busy"), local.status, providers_line(catalog), progress)


def providers_line(catalog: Catalog) -> str:
    """Who can be asked, and what is missing for the rest."""
    reasons: dict[str, str | None] = {}
    for model in catalog.models.values():
        if model.provider != "local":
            reasons.setdefault(model.provider, model.reason)
    ready = [catalog.providers[name].label for name, reason in reasons.items() if reason is None]
    missing = [catalog.providers[name].label for name, reason in reasons.items() if reason is not None]
    parts = [" · ".join(ready)] if ready else []
    if missing:
        parts.append(f"{', '.join(missing)}: add keys in .env")
    return " · ".join(parts)


def state_line(state: State) -> str:
    """HTML of the line; a phone leaves out `.more`."""
    more = f'<span class="more"> · {escape(state.providers)}</span>' if state.providers else ""
    bar = "" if state.progress is None else f' <progress value="{state.progress:.3f}" aria-label="Download"></progress>'
    return f'<span role="status"><i class="{state.mark}"></i>{escape(state.local)}{bar}{more}</span>'
