"""What of a run's settings was really sent: a provider may refuse a parameter no sooner than it is asked. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ..models.contenders import contender_id
from .runs import Result
from .sweep import SAMPLED, Plan, Setting, in_words


def unsent(setting: Setting, result: Result) -> tuple[str, ...]:
    """The parameters of a setting that one answer was asked for without."""
    given = setting.contender.sampling.sent()
    return tuple(name for name in result.dropped if name in given)


def as_sent(plan: Plan, setting: Setting, without: tuple[str, ...]) -> Setting:
    """The setting that a call came to: the same for all that differ in nothing else than what was not sent."""
    if not without:
        return setting
    contender = setting.contender
    contender = replace(contender, sampling=replace(contender.sampling, **dict.fromkeys(without)))
    values = {**setting.values, **{name: None for name in without if name in SAMPLED}}
    return Setting(contender_id(contender, plan.models[contender.model]), contender, values)


@dataclass
class _Missed:
    """What one model was not sent: in how many answers, and which settings came to the same."""

    names: dict[str, None] = field(default_factory=dict[str, None])
    answers: int = 0
    came_to: dict[str, set[str]] = field(default_factory=dict[str, set[str]])


def notes(plan: Plan, results: Mapping[str, Result]) -> tuple[str, ...]:
    """A sentence for each model that answered without a parameter, and how many of its settings are the same so."""
    missed: dict[str, _Missed] = {}
    for cell in plan.cells:
        result = results.get(cell.key)
        setting = plan.settings[cell.setting]
        if result is None or result.failed or not (without := unsent(setting, result)):
            continue
        one = missed.setdefault(setting.contender.model, _Missed())
        one.names |= dict.fromkeys(without)
        one.answers += 1
        one.came_to.setdefault(as_sent(plan, setting, without).id, set()).add(setting.id)
    return tuple(_note(plan.models[model].name, one) for model, one in missed.items())


def _note(name: str, missed: _Missed) -> str:
    whats = " and ".join(map(in_words, missed.names))
    count = f"{missed.answers:,} answers" if missed.answers > 1 else "1 answer"
    text = f"{name} was not sent {whats} in {count}: its provider refused what was asked first."
    alike = sum(len(settings) for settings in missed.came_to.values() if len(settings) > 1)
    if alike:
        text += f" So {alike} of its settings are the same: their answers differ by chance, and count as one setting."
    return text
