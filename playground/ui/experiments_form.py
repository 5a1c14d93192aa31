"""The form of an experiment as a value: what is written in it -> a Sweep, its presets, what its button says. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ..lab.forecast import Forecast
from ..lab.prompts import BREAK, read_lines
from ..lab.sweep import MOST_SAMPLES, Sweep, SweepError, read_values
from ..models.catalog import Catalog
from ..types import ModelSpec
from . import format

NO_SYSTEM_PROMPT = "none"
MOST_MODELS = 6
STORY = "Write a two-sentence story about a lighthouse keeper who has never seen the sea."

Fields = Mapping[str, Any]
EMPTY: Fields = {
    "prompts": STORY,
    "references": "",
    "system_prompts": "",
    "temperature": "",
    "top_p": "",
    "top_k": "",
    "effort": "",
    "samples": 3,
    "max_tokens": 80,
}
Preset = Literal["Temperature", "Top-p", "Models"]
PRESETS: Mapping[Preset, Fields] = {
    "Temperature": {"temperature": "0, 0.4, 0.8, 1.2, 1.6"},
    "Top-p": {"temperature": "1.2", "top_p": "0.1, 0.5, 0.9, 1"},
    "Models": {},
}


@dataclass(frozen=True, slots=True)
class Form:
    """What the components hold, by their names; nothing of it is checked yet."""

    prompts: Any
    references: Any
    models: Any
    system_prompts: Any
    temperature: Any
    top_p: Any
    top_k: Any
    effort: Any
    samples: Any
    max_tokens: Any

    def sweep(self) -> Sweep:
        """What is asked for. Raises SweepError or PromptSetError naming the field."""
        samples = _whole("Samples", self.samples)
        if samples is None:
            raise SweepError(f"Samples: write a number from 1 to {MOST_SAMPLES}.")
        system_prompts = tuple(dict.fromkeys(map(_system_prompt, _lines(self.system_prompts))))
        return Sweep(
            prompts=read_lines(str(self.prompts or ""), str(self.references or "")),
            models=tuple(dict.fromkeys(map(str, self.models or ()))),
            system_prompts=system_prompts or ("",),
            temperature=read_values("temperature", str(self.temperature or "")),
            top_p=read_values("top_p", str(self.top_p or "")),
            top_k=read_values("top_k", str(self.top_k or "")),
            effort=read_values("effort", str(self.effort or "")),
            max_tokens=_whole("Max tokens", self.max_tokens),
            samples=samples,
        )


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody was asked to confirm: a run, whether it takes over earlier answers, and what it would take."""

    sweep: Sweep
    reuse: bool
    expected: Forecast


def choosable(catalog: Catalog, own: Collection[str] = ()) -> list[ModelSpec]:
    """The models that can be asked; `own` names the providers that the reader has a key for."""
    return [model for model in catalog.models.values() if model.can_be_asked(own)]


def preset(name: Preset, catalog: Catalog, own: Collection[str] = ()) -> dict[str, Any]:
    """The fields of a preset. Only the one about models takes more than the first model that can answer."""
    able = [model.id for model in choosable(catalog, own)]
    first = [model for model in able if catalog.get(model).provider == "local"] or able
    return {**EMPTY, **PRESETS[name], "models": able[:MOST_MODELS] if name == "Models" else first[:1]}


def button(expected: Forecast) -> str:
    """What the Run button says before it is pressed."""
    if not expected.calls:
        return "Run · every answer is there already"
    calls = f"{expected.calls:,} call{'s' if expected.calls != 1 else ''}"
    tokens = f"≈ {expected.input_tokens + expected.output_tokens:,} tokens, {_cost(expected)}"
    parts = [f"Run {calls}", tokens]
    return format.DOT.join(parts + ([f"{expected.reused:,} reused"] if expected.reused else []))


def confirmation(expected: Forecast) -> str:
    """The label of the box to tick before a large one."""
    return f"Yes, make {expected.calls:,} calls ({_cost(expected)})"


def _cost(expected: Forecast) -> str:
    return format.money(expected.cost, estimated=True)


def _whole(label: str, value: Any) -> int | None:
    """Raises SweepError for what is no whole number, NaN and infinity among it."""
    if value is None or value == "":
        return None
    try:
        number = float(value)
        if number != int(number):
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        raise SweepError(f"{label}: {str(value)[:40]!r} is not a whole number.") from None
    return int(number)


def _lines(text: Any) -> Sequence[str]:
    return [line.strip() for line in str(text or "").splitlines() if line.strip()]


def _system_prompt(line: str) -> str:
    return "" if line.lower() == NO_SYSTEM_PROMPT else line.replace(BREAK, "\n")
