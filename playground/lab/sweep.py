"""A sweep and its plan: every prompt under every setting, and which settings a model would not tell apart.

Pure: knows the catalog's rules, asks nobody, and writes nothing.
"""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

from ..errors import PlaygroundError, ProviderError
from ..models.capabilities import fit, refusals
from ..models.catalog import Catalog
from ..models.contenders import contender_id
from ..models.learned import NOTHING
from ..models.tokens import half_character
from ..types import Contender, ModelSpec, SamplingParams
from .prompts import Prompt

MOST_SAMPLES = 100
# More than this is no experiment any more, and listing it would fill the memory.
MOST_CELLS = 100_000

AXES: Mapping[str, str] = {
    "model": "Model",
    "system_prompt": "System prompt",
    "temperature": "Temperature",
    "top_p": "Top-p",
    "top_k": "Top-k",
    "effort": "Effort",
}
SAMPLED = ("temperature", "top_p", "top_k", "effort")
UNSET = "default"

# What providers have refused since the start: parameter -> why, by model.
Refused = Mapping[str, Mapping[str, str]]
NONE_REFUSED: Refused = MappingProxyType({})


class SweepError(PlaygroundError):
    """A sweep that cannot be run as it is; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """Prompts times the values of every axis times `samples`. None in an axis means "not sent".

    `max_tokens` holds for every call; None leaves it to the provider.
    """

    prompts: tuple[Prompt, ...]
    models: tuple[str, ...]
    system_prompts: tuple[str, ...] = ("",)
    temperature: tuple[float | None, ...] = (None,)
    top_p: tuple[float | None, ...] = (None,)
    top_k: tuple[int | None, ...] = (None,)
    effort: tuple[str | None, ...] = (None,)
    max_tokens: int | None = None
    samples: int = 1

    @property
    def axes(self) -> dict[str, tuple[Any, ...]]:
        """The values of each axis, by the names of AXES."""
        return {
            "model": self.models,
            "system_prompt": self.system_prompts,
            **{name: getattr(self, name) for name in SAMPLED},
        }

    @property
    def columns(self) -> int:
        """How many settings this lists."""
        return math.prod(len(values) for values in self.axes.values())

    @property
    def cells(self) -> int:
        """How many answers this asks for, before settings that would be the same are put together."""
        return len(self.prompts) * self.samples * self.columns


@dataclass(frozen=True, slots=True)
class Setting:
    """One column: a contender, known by the hash of what it does, and its place on each axis."""

    id: str
    contender: Contender
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Cell:
    """One call: places of its prompt and its setting, and which of the samples. Equal keys ask for the same."""

    prompt: int
    setting: int
    sample: int
    key: str


@dataclass(frozen=True)
class Plan:
    """What a sweep comes to. `notes` say what models do not take, a sentence each; `varied` are the axes that vary.

    `refused` is what it was planned with, beyond what the catalog knows: with it, it comes to the same again. `own`
    names the providers of its models that are asked with a key of the reader's.
    """

    sweep: Sweep
    settings: tuple[Setting, ...]
    varied: tuple[str, ...]
    notes: tuple[str, ...]
    models: Mapping[str, ModelSpec]
    refused: Refused
    own: frozenset[str]

    @property
    def axis(self) -> str | None:
        """The axis to draw figures against: the first number that varies, else whatever does."""
        numbers = [name for name in self.varied if name in SAMPLED and name != "effort"]
        return next(iter(numbers or self.varied), None)

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """Every cell, prompt by prompt and sample by sample, so that all columns fill at about the same time."""
        places = itertools.product(range(len(self.sweep.prompts)), range(self.sweep.samples), range(len(self.settings)))
        return tuple(
            Cell(prompt, setting, sample, cell_key(self.settings[setting], self.sweep.prompts[prompt], sample))
            for prompt, sample, setting in places
        )

    @cached_property
    def at(self) -> Mapping[tuple[int, int, int], Cell]:
        """Cells by (prompt, sample, setting)."""
        return {(cell.prompt, cell.sample, cell.setting): cell for cell in self.cells}

    def label(self, setting: Setting) -> str:
        """What tells a setting from the others; from all of itself where nothing varies."""
        parts = [self.said(name, setting.values[name]) for name in self.varied]
        return " · ".join(parts) or self.said("model", setting.contender.model)

    def said(self, axis: str, value: Any) -> str:
        """One value of one axis, in words."""
        if axis == "model":
            return self.models[value].name
        if axis == "system_prompt":
            return f"“{value[:60]}…”" if len(value) > 60 else f"“{value}”" if value else "no system prompt"
        name = AXES[axis].lower()
        return f"{name} {UNSET if value is None else value if isinstance(value, str) else f'{value:g}'}"


def plan(
    sweep: Sweep,
    catalog: Catalog,
    *,
    refused: Refused = NONE_REFUSED,
    own: Collection[str] = (),
    asked: bool = True,
) -> Plan:
    """Checks a sweep and lists its settings, once where a model would not tell them apart. Raises SweepError.

    `refused` is what providers have refused so far, on top of what the catalog knows; `own` names those for which the
    reader has brought a key.
    A sweep that is only looked at, not to be `asked`, may have models that cannot be asked any more.
    """
    _check(sweep)
    settings: dict[str, Setting] = {}
    models = {model_id: _model(model_id, catalog) for model_id in sweep.models}
    if asked:
        _check_asked(models.values(), own)
    left_out: dict[str, dict[str, str]] = {}
    listed: dict[str, int] = {}
    for row in itertools.product(*sweep.axes.values()):
        values = dict(zip(AXES, row, strict=True))
        model: str = values["model"]
        setting, dropped = _setting(models[model], values, sweep.max_tokens, refused.get(model, NOTHING))
        left_out.setdefault(model, {}).update(dropped)
        listed[model] = listed.get(model, 0) + 1
        settings.setdefault(setting.id, setting)
    found = tuple(settings.values())
    notes = tuple(_note(models[one].name, why, listed[one], _of(found, one)) for one, why in left_out.items() if why)
    varied = tuple(name for name in AXES if len({setting.values[name] for setting in found}) > 1)
    return Plan(
        sweep, found, varied, notes, models, refused, frozenset(own) & {model.provider for model in models.values()}
    )


def cell_key(setting: Setting, prompt: Prompt, sample: int) -> str:
    """The hash of what is asked: the contender, the prompt, and which of several samples it is."""
    content = f"{setting.id} {sample} {prompt.text}"
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def read_values(axis: str, text: str) -> tuple[Any, ...]:
    """The values of a sampled axis from "0, 0.5, 1"; an empty text is one value that is not sent.

    `default` stands for "not sent" among others. Raises SweepError naming what cannot be read.
    """
    parts = [part.strip() for part in text.replace(";", ",").split(",") if part.strip()]
    values = tuple(dict.fromkeys(_value(axis, part) for part in parts))
    return values or (None,)


def _value(axis: str, part: str) -> Any:
    if part.lower() == UNSET:
        return None
    if axis == "effort":
        return part.lower()
    try:
        value = float(part)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise SweepError(
            f"{AXES[axis]}: {part[:40]!r} is not a number. Write numbers separated by commas, like 0, 0.5, 1."
        )
    if axis != "top_k":
        return value
    if value != int(value):
        raise SweepError(
            f"{AXES[axis]}: {part[:40]} is not a whole number. Write whole numbers separated by commas, like 1, 2, 3."
        )
    return int(value)


def _check(sweep: Sweep) -> None:
    if not sweep.prompts:
        raise SweepError("There is no prompt: write one per line, or choose a prompt set.")
    for name, values in sweep.axes.items():
        if not values:
            raise SweepError(
                "Choose at least one model." if name == "model" else f"{AXES[name]} has no value: write at least one."
            )
        for value in values:
            if isinstance(value, float) and not math.isfinite(value):
                raise SweepError(f"{AXES[name]}: {value} is not a number.")
            if isinstance(value, str) and half_character(value) is not None:
                raise SweepError(f"{AXES[name]}: it contains half a character (a lone surrogate): remove it.")
    if not 1 <= sweep.samples <= MOST_SAMPLES:
        raise SweepError(f"Use 1 to {MOST_SAMPLES} samples, not {sweep.samples:,}.")
    if sweep.max_tokens is not None and sweep.max_tokens < 1:
        raise SweepError("Max tokens must be at least 1; leave it empty for the provider's default.")
    if sweep.cells > MOST_CELLS:
        raise SweepError(
            f"This would be {sweep.cells:,} calls; {MOST_CELLS:,} is the most. Use fewer prompts, values or samples."
        )


def _model(model_id: str, catalog: Catalog) -> ModelSpec:
    try:
        return catalog.get(model_id)
    except ProviderError as error:
        raise SweepError(error.message) from None


def _check_asked(models: Iterable[ModelSpec], own: Collection[str]) -> None:
    for model in models:
        if model.can_be_asked(own):
            continue
        reason = model.reason or "it is not available"
        key = ", or a key of your own (Chat, “Your own keys”)" if reason.startswith("needs ") else ""
        raise SweepError(f"{model.name} cannot be asked: {reason}{key}.")


def _setting(
    model: ModelSpec, values: Mapping[str, Any], max_tokens: int | None, learned: Mapping[str, str]
) -> tuple[Setting, dict[str, str]]:
    """The setting as its model takes it, and why parameters were left out, by name."""
    sampling = SamplingParams(**{name: values[name] for name in SAMPLED}, max_tokens=max_tokens)
    try:
        kept, dropped = fit(model, sampling, learned)
    except ProviderError as error:
        raise SweepError(error.message) from None
    contender = Contender(model.id, values["system_prompt"], kept)
    why = refusals(model.family, sampling.effort, learned)
    reasons = {name: why.get(name, "not together with another one that is set") for name in dropped}
    taken = {**values, **{name: getattr(kept, name) for name in SAMPLED}}
    return Setting(contender_id(contender, model), contender, taken), reasons


def _of(settings: Sequence[Setting], model: str) -> int:
    return sum(setting.contender.model == model for setting in settings)


def _note(name: str, refused: Mapping[str, str], listed: int, kept: int) -> str:
    whats = " and ".join(f"{in_words(param)} ({why})" for param, why in refused.items())
    same = "" if kept == listed else f" Of its {listed} settings {kept} {'is' if kept == 1 else 'are'} left."
    return f"{name} will not be sent {whats}.{same}"


def in_words(param: str) -> str:
    """A sampling parameter as people call it, amid a sentence."""
    return AXES.get(param, param.replace("_", " ")).lower()


def unique(cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """The cells of which each asks for something else."""
    found: dict[str, Cell] = {}
    for cell in cells:
        found.setdefault(cell.key, cell)
    return tuple(found.values())
