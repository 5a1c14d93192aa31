"""Reads the [contenders] of the catalog: who may fight in the arena. Knows no battle and no vote."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Annotated, Any, cast

from pydantic import Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as checked

from ..errors import ProviderError
from ..types import Contender, ModelSpec, SamplingParams
from .capabilities import fit

ID_LENGTH = 16


@dataclass(frozen=True, slots=True)
class ListedContender:
    """A contender as the arena lists it. `id` is a hash of what it does, so editing it makes another one.

    `weight` makes it be drawn more or less often, `pinned` puts it into every battle,
    `retired` and unavailable ones are listed and never drawn.
    """

    id: str
    name: str
    contender: Contender
    weight: float = 1.0
    pinned: bool = False
    retired: bool = False
    available: bool = True


@checked(frozen=True, kw_only=True)
class ContenderLine:
    """One row of [contenders] as it is written: what makes it, and beside these any sampling parameter.

    A `fallback` contender fights only where the embedded model is all there is.
    """

    model: str
    name: str | None = None
    system_prompt: str = ""
    sampling: SamplingParams = field(default_factory=SamplingParams)
    weight: Annotated[float, Field(gt=0, le=1000)] = 1.0
    pinned: bool = False
    retired: bool = False
    fallback: bool = False


LINE: TypeAdapter[ContenderLine] = TypeAdapter(ContenderLine)
SAMPLING = {field.name for field in fields(SamplingParams)}
WRITTEN = ({field.name for field in fields(cast(Any, ContenderLine))} - {"sampling"}) | SAMPLING


def contender_id(contender: Contender, model: ModelSpec) -> str:
    """The hash of all that shapes its answers; a new name or weight leaves it as it is."""
    content = {
        "model": contender.model,
        "provider": model.provider,
        "upstream": model.upstream,
        "system_prompt": contender.system_prompt,
        "sampling": {name: _number(value) for name, value in contender.sampling.sent().items()},
    }
    written = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()[:ID_LENGTH]


def _number(value: Any) -> Any:
    """1 and 1.0 are the same setting."""
    return float(value) if isinstance(value, int | float) else value


def listed(contender: Contender, model: ModelSpec, name: str | None = None, **how: Any) -> ListedContender:
    """`contender` with its id, and with a name even where nobody gave one."""
    given = {**contender.sampling.sent(), **({"system prompt": "own"} if contender.system_prompt else {})}
    described = ", ".join(f"{key} {value}" for key, value in given.items())
    name = name or (f"{model.name} ({described})" if described else model.name)
    return ListedContender(contender_id(contender, model), name, contender, available=model.available, **how)


def labelled(contenders: Mapping[str, ListedContender]) -> dict[str, ListedContender]:
    """The same by id, each under a name of its own: who shares one has a part of the id behind it."""
    shared = Counter(one.name for one in contenders.values())
    return {
        key: replace(one, name=f"{one.name} ({key[:8]})") if shared[one.name] > 1 else one
        for key, one in contenders.items()
    }


def read_contenders(rows: Any, models: Mapping[str, ModelSpec], problems: list[str]) -> tuple[ListedContender, ...]:
    """Every contender: the rows, and each available model at its defaults unless a row has the model's id.

    Where the embedded model is all there is, it fights itself: the rows marked `fallback`, and not at its defaults.
    Adds a sentence to `problems` for each row that cannot be used.
    """
    read = {row_id: _line(row_id, row, models, problems) for row_id, row in rows.items()}
    lines = {row_id: line for row_id, line in read.items() if line}
    alone = not any(model.available and model.provider != "local" for model in models.values())
    plain = [listed(Contender(model.id), model) for model in models.values() if model.available and not alone]
    found = {one.id: one for one in plain if one.contender.model not in rows}
    row_of: dict[str, str] = {}
    for row_id, line in lines.items():
        if line.fallback and not alone:
            continue
        how = {"weight": line.weight, "pinned": line.pinned, "retired": line.retired}
        one = listed(
            Contender(line.model, line.system_prompt, line.sampling), models[line.model], line.name or row_id, **how
        )
        if one.id in row_of:
            problems.append(f"contenders.{row_id}: is the same as contenders.{row_of[one.id]}: remove one of them.")
        row_of[one.id] = row_id
        found[one.id] = one
    return tuple(found.values())


def _line(row_id: str, row: Any, models: Mapping[str, ModelSpec], problems: list[str]) -> ContenderLine | None:
    where = f"contenders.{row_id}"
    if not isinstance(row, dict):
        problems.append(f"{where} must be a table.")
        return None
    row = cast(dict[str, Any], row)
    if unknown := sorted(set(row) - WRITTEN):
        problems.append(f"{where}: unknown {', '.join(unknown)}; known ones are {', '.join(sorted(WRITTEN))}.")
        return None
    sampling = {key: value for key, value in row.items() if key in SAMPLING}
    rest = {key: value for key, value in row.items() if key not in SAMPLING}
    try:
        line = LINE.validate_python({"model": row_id, **rest, "sampling": sampling})
    except ValidationError as error:
        problems += [f"{where}.{'.'.join(map(str, p['loc']))}: {p['msg']}." for p in error.errors()]
        return None
    if line.model not in models:
        problems.append(f"{where}: there is no model {line.model!r}; name one from [models].")
        return None
    try:
        _, dropped = fit(models[line.model], line.sampling)
    except ProviderError as error:
        problems.append(f"{where}: {error.message}")
        return None
    if dropped:
        problems.append(f"{where}: {models[line.model].name} does not accept {', '.join(dropped)}: remove it.")
        return None
    return line
