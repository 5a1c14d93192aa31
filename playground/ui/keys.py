"""The reader's own keys: typed in, taken to this session's memory on the server, never sent back. Knows no provider."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from ..models.catalog import Catalog
from ..settings import clean_key, is_sendable
from . import theme
from .brought import brought
from .light import AS_IT_IS
from .quiet import DIRECT
from .untyped import gr

HINT = (
    "Kept in this session's memory on the server, used only for your own calls, and gone when the page is reloaded; "
    "an experiment that is running keeps its key until it ends. "
    "They never appear in conversations, links or exports."
)


@dataclass(frozen=True)
class Taken:
    """The reader's keys by provider, and what they were found to reach. The keys stay out of every repr."""

    keys: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    served: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]], repr=False)


@dataclass(frozen=True)
class Keys:
    """`taken` stays on the server; `carrier` only carries what the tab has remembered up once, and is never shown."""

    taken: Any
    carrier: Any
    remember: Any
    fields: dict[str, Any]
    forget: Any


def lay_out(catalog: Catalog) -> Keys:
    """An accordion with a password field for each provider that wants a key."""
    with gr.Accordion("Your own keys", open=False, elem_classes="own-keys"):
        gr.HTML(f"<p>{HINT}</p>", padding=False, elem_classes="fine-print")
        remember = gr.Checkbox(
            False,
            label="Remember in this tab",
            info="Keys entered from now on survive a reload, until the tab is closed.",
            container=False,
        )
        fields = {
            name: gr.Textbox(
                label=spec.label,
                type="password",
                placeholder=spec.api_key_env,
                max_lines=1,
                elem_id=f"key-{name}",
                html_attributes=gr.InputHTMLAttributes(autocomplete="off", spellcheck=False),
            )
            for name, spec in catalog.providers.items()
            if spec.api_key_env
        }
        forget = gr.Button("Forget all", size="sm", visible=False)
        carrier = gr.Textbox(visible=False)
    return Keys(gr.State(Taken()), carrier, remember, fields, forget)


def wire(keys: Keys, catalog: Catalog, picker: Any, shows: Callable[[Catalog, Taken], Any], loaded: Any) -> None:
    """`shows` makes the picker's update after the keys have changed; `loaded` is the event of an opened page."""
    changed = [keys.taken, keys.forget, picker, *keys.fields.values()]

    def updates(taken: Taken) -> dict[Any, Any]:
        fields = {
            component: gr.update(value="", placeholder="In use" if name in taken.keys else env)
            for name, component in keys.fields.items()
            for env in [catalog.providers[name].api_key_env]
        }
        return {
            keys.taken: taken,
            keys.forget: gr.update(visible=bool(taken.keys)),
            picker: shows(catalog, taken),
            **fields,
        }

    nothing: dict[Any, Any] = {keys.forget: AS_IT_IS}

    def taking(name: str) -> Callable[..., dict[Any, Any]]:
        def take(typed: str, taken: Taken, _remembers: bool) -> dict[Any, Any]:
            key = clean_key(typed or "")
            if not key:  # left without a key, perhaps for the next field, whose key may come first
                return nothing
            if not is_sendable(key):
                gr.Warning("The key contains a character that no key has: copy it again.")
                return {keys.fields[name]: ""}
            return updates(Taken({**taken.keys, name: key}, taken.served))

        return take

    def restore(remembered: str, taken: Taken) -> dict[Any, Any]:
        restored = read(remembered, keys.fields)
        return updates(Taken({**taken.keys, **restored}, taken.served)) if restored else nothing

    script = theme.script("keys.js")
    for name, component in keys.fields.items():
        for event in (component.submit, component.blur):
            event(
                taking(name),
                [component, keys.taken, keys.remember],
                changed,
                js=f"(typed, taken, remembers) => {{ {script} return take({json.dumps(name)}, typed, remembers); }}",
                **DIRECT,
            )
    keys.remember.input(None, keys.remember, None, js=f"(remembers) => {{ {script} choose(remembers); }}", **DIRECT)
    keys.forget.click(lambda: updates(Taken()), None, changed, js=f"() => {{ {script} forget(); }}", **DIRECT)
    js = f"() => {{ {script} return [remembered(), null]; }}"
    brought(loaded(restore, [keys.carrier, keys.taken], changed, js=js, **DIRECT), "keys")


def read(remembered: str | None, known: Mapping[str, Any]) -> dict[str, str]:
    """Keys from what a tab has remembered; whatever else stands there is passed over."""
    try:
        given: Any = json.loads(remembered or "{}")
    except ValueError:
        return {}
    if not isinstance(given, dict):
        return {}
    return {
        name: value
        for name, value in cast(dict[str, Any], given).items()
        if name in known and isinstance(value, str) and value and is_sendable(value)
    }
