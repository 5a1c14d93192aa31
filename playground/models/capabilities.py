"""What of a request a model takes: pure rules over Family data. Knows no provider and no SDK."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace

from ..errors import ProviderError
from ..types import Family, ModelSpec, SamplingParams
from .learned import NOTHING

RANGES: dict[str, tuple[float, float]] = {
    "temperature": (0, 2),
    "top_p": (0, 1),
    "top_k": (0, 1000),
    "min_p": (0, 1),
    "seed": (0, 2**32 - 1),
    "presence_penalty": (-2, 2),
    "frequency_penalty": (-2, 2),
}
MOST_STOPS = 16
PARAMS = tuple(field.name for field in fields(SamplingParams))


def refusals(family: Family, effort: str | None, learned: Mapping[str, str] = NOTHING) -> dict[str, str]:
    """Parameter -> why this family does not take it at this effort. What is missing here is taken.

    `learned` is what the provider itself has refused since the start, on top of what the catalog knows.
    """
    in_effect = effort if "effort" in family.accepts and effort else family.default_effort
    why: dict[str, str] = {}
    for param in PARAMS:
        if param in family.accepts or (param in family.accepts_when and in_effect in family.when_effort):
            continue
        if param in family.accepts_when:
            why[param] = f"accepted only at effort {' or '.join(family.when_effort)}"
        else:
            why[param] = "not accepted by this model"
    return {**why, **{param: reason for param, reason in learned.items() if param in PARAMS}}


def fit(
    model: ModelSpec, sampling: SamplingParams, learned: Mapping[str, str] = NOTHING
) -> tuple[SamplingParams, tuple[str, ...]]:
    """(what is sent, names of what was set and is not sent), by the family's rules.

    Raises ProviderError `bad_request` for a value no model of this family could take.
    """
    family = model.family
    wanted = sampling.sent()
    dropped = [param for param in wanted if param in refusals(family, sampling.effort, learned)]
    for group in family.exclusive:
        together = [param for param in group if param in wanted and param not in dropped]
        dropped += together[1:]
    kept = replace(sampling, **dict.fromkeys(dropped))
    _check_values(model, kept)
    return kept, tuple(dropped)


def range_of(model: ModelSpec, param: str) -> tuple[float, float]:
    """Lowest and highest value of a numeric parameter for this model."""
    if param == "max_tokens":
        return 1, model.max_output_tokens or model.context_window or 2**20
    return (model.family.ranges or {}).get(param, RANGES[param])


def clamped(model: ModelSpec, param: str, value: float) -> float:
    """The value of a numeric parameter nearest to `value` that this model takes."""
    low, high = range_of(model, param)
    return type(value)(min(max(value, low), high))


def _check_values(model: ModelSpec, sampling: SamplingParams) -> None:
    for param, value in sampling.sent().items():
        if param == "effort":
            if value not in model.family.efforts:
                known = ", ".join(model.family.efforts)
                raise ProviderError("bad_request", f"effort must be one of {known} for {model.name}.", param=param)
        elif param == "stop":
            if len(value) > MOST_STOPS or not all(value):
                raise ProviderError("bad_request", f"stop takes 1 to {MOST_STOPS} non-empty strings.", param=param)
        else:
            low, high = range_of(model, param)
            if not low <= value <= high:
                raise ProviderError(
                    "bad_request",
                    f"{param} must be between {low:,g} and {high:,g} for {model.name}, not {value:g}."
                    if param != "max_tokens"
                    else f"max_tokens must be between 1 and {int(high):,} for {model.name}, not {value:,}.",
                    param=param,
                )
