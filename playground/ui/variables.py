"""The form for the {{variables}} of a system prompt: fields that come and go with them. Knows no preset and no chat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from ..conversation.presets import optional, variables
from ..errors import ProviderError
from .quiet import DIRECT
from .untyped import gr

# Fields are part of the page from the start; no prompt worth writing has more.
MOST = 12


@dataclass(frozen=True)
class Variables:
    """`names` stays on the server: which variable each field is for. `note` says what is wrong with the prompt."""

    fields: list[Any]
    names: Any
    note: Any

    @property
    def named(self) -> dict[str, Any]:
        """Every field by the name under which an event's values are read."""
        return {f"variable_{at}": field for at, field in enumerate(self.fields)}

    def read_named(self, prompt: str, values: Mapping[str, Any]) -> dict[str, str]:
        """Values by variable. Raises ProviderError for a prompt that is no template, or has too many variables."""
        names = named_in(prompt)
        return {name: str(values[f"variable_{at}"] or "") for at, name in enumerate(names)}


@dataclass(frozen=True, slots=True)
class Form:
    """What the fields are for: `names` in order, those that may stay empty, and what each held before."""

    names: tuple[str, ...] = ()
    optional: frozenset[str] = frozenset()
    problem: str = ""


def named_in(prompt: str) -> tuple[str, ...]:
    """The variables of a prompt. Raises ProviderError for a prompt that is no template, or has too many."""
    names = variables(prompt)
    if len(names) > MOST:
        raise ProviderError("bad_request", f"The system prompt has {len(names)} variables: use at most {MOST}.")
    return names


def form_of(prompt: str) -> Form:
    """The form for a prompt; for a broken one there is none, and its problem is said instead."""
    try:
        return Form(named_in(prompt), optional(prompt))
    except ProviderError as error:
        return Form(problem=error.message)


def carried(old: Sequence[str], values: Sequence[str], new: Sequence[str]) -> list[str]:
    """What the fields hold after the prompt has changed: a variable keeps its value wherever it goes."""
    held = dict(zip(old, values, strict=False))
    return [held.get(name, "") for name in new]


def lay_out() -> Variables:
    """The fields, none of them in view."""
    note = gr.HTML("", padding=False, visible=False, elem_classes="fine-print problem", elem_id="prompt-problem")
    fields = [gr.Textbox(visible=False, lines=1, max_lines=6, elem_classes="variable") for _ in range(MOST)]
    return Variables(fields, gr.State(()), note)


def wire(form: Variables, system_prompt: Any) -> None:
    """The fields follow the prompt."""

    def follow(prompt: str, names: Sequence[str], *values: str) -> list[Any]:
        now = form_of(prompt or "")
        if now.problem:
            shown = gr.update(value=f"<p role='alert'>{escape(now.problem)}</p>", visible=True)
            return [names, shown, *(gr.skip() for _ in form.fields)]
        held = carried(names, values, now.names)
        fields = [
            gr.update(label=name, value=value, visible=True, placeholder="Optional" if name in now.optional else "")
            for name, value in zip(now.names, held, strict=True)
        ]
        hidden = [gr.update(value="", visible=False)] * (MOST - len(fields))
        return [now.names, gr.update(value="", visible=False), *fields, *hidden]

    system_prompt.change(
        follow,
        [system_prompt, form.names, *form.fields],
        [form.names, form.note, *form.fields],
        trigger_mode="always_last",
        **DIRECT,
    )
