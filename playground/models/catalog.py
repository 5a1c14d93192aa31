"""Reads catalog.toml and the owner's file over it into ModelSpecs. Knows no SDK and asks nobody anything."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field, fields, replace
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

from ..errors import ConfigError, ProviderError
from ..settings import Settings
from ..types import Family, ModelSpec, Preset
from .contenders import ListedContender, read_contenders
from .pricing import context_window_of, price_of

Table = dict[str, Any]
T = TypeVar("T")
SECTIONS = ("providers", "endpoints", "families", "models", "successors", "contenders", "makers", "presets")
COMPATIBLE = "*"


@dataclass(frozen=True, slots=True)
class ProviderSpec:
    """Who serves: `label` for people, `api_key_env` the variable with its key, `base_url` if not the SDK's own."""

    id: str
    label: str
    api_key_env: str | None = None
    base_url: str | None = None


@dataclass(frozen=True, slots=True)
class ModelLine:
    """One line of `[models]` as it is written; what it leaves out is looked up."""

    provider: str
    name: str | None = None
    upstream: str | None = None
    family: str | None = None
    context_window: int | None = None
    max_output_tokens: int | None = None
    input_price: float | None = None
    output_price: float | None = None


@dataclass(frozen=True, slots=True)
class Maker:
    """What a maker and its models are called: `names` in any case, `as_written` only so (they are words, too)."""

    names: tuple[str, ...] = ()
    as_written: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Catalog:
    """Every model that is listed, in the order of the file, who serves them, who makes them, and who fights.

    `served` is what providers said of late that they serve, by provider.
    """

    models: Mapping[str, ModelSpec]
    providers: Mapping[str, ProviderSpec]
    successors: Mapping[str, str]
    contenders: tuple[ListedContender, ...] = ()
    makers: tuple[Maker, ...] = ()
    presets: tuple[Preset, ...] = ()
    families: tuple[Family, ...] = ()
    served: MutableMapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])

    def get(self, model_id: str) -> ModelSpec:
        """The model of that id. Raises ProviderError `not_found`, naming a successor where one is known."""
        if model_id in self.models:
            return self.models[model_id]
        provider, _, upstream = model_id.partition(":")
        if upstream and (found := self.unlisted(provider, upstream)):
            return found
        successor = self.successors.get(model_id)
        instead = f"use {successor!r} instead." if successor else "GET /models lists what there is."
        raise ProviderError("not_found", f"There is no model {model_id[:100]!r}: {instead}")

    def unlisted(self, provider: str, upstream: str) -> ModelSpec | None:
        """A model that the catalog does not list, by the rules for its name; its id is `provider:upstream`.

        It is available where the owner's key is known to serve it (`served`); a reader's own key may ask for any.
        """
        family = family_for(provider, upstream, self.families)
        if provider not in self.providers or provider == "local" or family is None:
            return None
        price = price_of(provider, upstream) or (None, None)
        is_served = upstream in self.served.get(provider, ())
        return ModelSpec(
            id=f"{provider}:{upstream}",
            provider=provider,
            family=family,
            name=upstream,
            upstream=upstream,
            context_window=context_window_of(provider, upstream),
            input_price=price[0],
            output_price=price[1],
            available=is_served,
            reason=None if is_served else f"not known to be served by {self.providers[provider].label}",
        )

    def default(self) -> ModelSpec:
        """What the page starts with: the first model that is available, else the first of all."""
        return next((model for model in self.models.values() if model.available), next(iter(self.models.values())))


def load_catalog(settings: Settings) -> Catalog:
    """catalog.toml with the owner's PLAYGROUND_CONFIG merged over it.

    Raises ConfigError with one sentence per problem, each naming its place in the file.
    """
    tables = tomllib.loads(resources.files(__package__ or __name__).joinpath("catalog.toml").read_text("utf-8"))
    if settings.config_file:
        tables = _merge(tables, _read_override(Path(settings.config_file)))
    problems: list[str] = []
    providers = _providers(tables, settings, problems)
    families = [
        family
        for name, row in tables.get("families", {}).items()
        if (family := _parse(Family, f"families.{name}", {"name": name, **_matched(row)}, problems))
    ]
    models: dict[str, ModelSpec] = {}
    for model_id, row in tables.get("models", {}).items():
        line = _parse(ModelLine, f"models.{model_id}", row, problems)
        if line and (spec := _model(model_id, line, providers, families, settings, problems)):
            models[model_id] = spec
    if not models and not problems:
        problems.append("The catalog lists no model.")
    makers = [_parse(Maker, f"makers.{name}", row, problems) for name, row in tables.get("makers", {}).items()]
    presets = [_preset(name, row, problems) for name, row in tables.get("presets", {}).items()]
    contenders = read_contenders(tables.get("contenders", {}), models, problems) if not problems else ()
    if problems:
        raise ConfigError(problems)
    return Catalog(
        models,
        providers,
        tables.get("successors", {}),
        contenders,
        tuple(maker for maker in makers if maker),
        families=tuple(families),
        presets=tuple(preset for preset in presets if preset),
    )


def family_for(provider: str, upstream: str, families: Iterable[Family]) -> Family | None:
    """The first family whose provider and pattern fit; one with provider "*" serves every compatible endpoint."""
    return next(
        (
            family
            for family in families
            if family.provider in {provider, COMPATIBLE}
            and any(fnmatchcase(upstream, pattern) for pattern in family.match)
        ),
        None,
    )


def _read_override(path: Path) -> Table:
    try:
        tables = tomllib.loads(path.expanduser().read_text("utf-8"))
    except FileNotFoundError:
        raise ConfigError([f"PLAYGROUND_CONFIG names {str(path)!r}, which does not exist."]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"PLAYGROUND_CONFIG {str(path)!r} cannot be read: {error}."]) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([f"PLAYGROUND_CONFIG {str(path)!r} is not valid TOML: {error}."]) from None
    unknown = [name for name in tables if name not in SECTIONS]
    if unknown:
        raise ConfigError(
            [f"PLAYGROUND_CONFIG: unknown section [{name}]; known ones are {', '.join(SECTIONS)}." for name in unknown]
        )
    return {name: _by_id(name, section) for name, section in tables.items()}


def _by_id(section_name: str, section: Any) -> Table:
    """A section as a table by id; an array of tables, each with its `id` or `name`, does as well."""
    rows: Table = {}
    if isinstance(section, list):
        for at, row in enumerate(cast(list[Any], section)):
            if not isinstance(row, dict):
                raise ConfigError([f"{section_name}[{at}] must be a table."])
            row = dict(cast(Table, row))
            row_id = row.pop("id", None) or row.pop("name", None)
            if not row_id:
                raise ConfigError([f"{section_name}[{at}] needs an id."])
            rows[str(row_id)] = row
        return rows
    if not isinstance(section, dict):
        raise ConfigError([f"[{section_name}] must be a table."])
    return cast(Table, section)


def _merge(base: Table, over: Table) -> Table:
    """`over` wins row by row and field by field; its families are tried first, because the first match wins."""
    merged = dict(base)
    for section, rows in over.items():
        below: Table = base.get(section, {})
        together: Table = {}
        for row_id in [*rows, *below] if section == "families" else [*below, *rows]:
            old, new = below.get(row_id), rows.get(row_id)
            both = isinstance(old, dict) and isinstance(new, dict)
            together[row_id] = {**cast(Table, old), **cast(Table, new)} if both else (old if new is None else new)
        merged[section] = together
    return merged


def _providers(tables: Table, settings: Settings, problems: list[str]) -> dict[str, ProviderSpec]:
    providers: dict[str, ProviderSpec] = {}
    for section in ("providers", "endpoints"):
        for name, row in tables.get(section, {}).items():
            where = f"{section}.{name}"
            spec = _parse(ProviderSpec, where, {"label": name, **row, "id": name}, problems)
            if spec is None:
                continue
            if section == "endpoints" and not (spec.base_url or "").startswith(("http://", "https://")):
                problems.append(f"{where}: base_url must be an address that starts with http:// or https://.")
            providers[name] = spec
    own_urls = {
        "openai": settings.openai_base_url,
        "anthropic": settings.anthropic_base_url,
        "google": settings.google_gemini_base_url,
    }
    for name, url in own_urls.items():
        if url and name in providers:
            providers[name] = replace(providers[name], base_url=url)
    return providers


def _model(
    model_id: str,
    line: ModelLine,
    providers: Mapping[str, ProviderSpec],
    families: list[Family],
    settings: Settings,
    problems: list[str],
) -> ModelSpec | None:
    where = f"models.{model_id}"
    if line.provider not in providers:
        problems.append(f"{where}: there is no provider or endpoint {line.provider!r}; known: {', '.join(providers)}.")
        return None
    upstream = line.upstream or model_id
    named = [family for family in families if family.name == line.family] if line.family else families
    family = named[0] if line.family and named else family_for(line.provider, upstream, named)
    if family is None:
        problems.append(f"{where}: there is no family {line.family!r}.")
        return None
    price = price_of(line.provider, upstream) or (None, None)
    reason = _why_unavailable(providers[line.provider], settings)
    return ModelSpec(
        id=model_id,
        provider=line.provider,
        family=family,
        name=line.name or model_id,
        upstream=upstream,
        context_window=line.context_window or context_window_of(line.provider, upstream),
        max_output_tokens=line.max_output_tokens,
        input_price=price[0] if line.input_price is None else line.input_price,
        output_price=price[1] if line.output_price is None else line.output_price,
        available=reason is None,
        reason=reason,
    )


def _why_unavailable(provider: ProviderSpec, settings: Settings) -> str | None:
    if provider.id == "local":
        return "switched off by PLAYGROUND_LOCAL" if settings.local == "off" else None
    if provider.api_key_env and not settings.key(provider.api_key_env):
        return f"needs {provider.api_key_env}"
    return None


def _preset(name: str, row: Any, problems: list[str]) -> Preset | None:
    """`name = "the prompt"`, or a table with a `prompt`."""
    if isinstance(row, str):
        row = {"prompt": row}
    return _parse(Preset, f"presets.{name}", {"name": name, **row} if isinstance(row, dict) else row, problems)


@cache
def _adapter(kind: type[T]) -> TypeAdapter[T]:
    return TypeAdapter(kind)


def _matched(row: Any) -> Table:
    return {"match": ["*"], **cast(Table, row)} if isinstance(row, dict) else {}


def _parse(kind: type[T], where: str, row: Any, problems: list[str]) -> T | None:
    if not isinstance(row, dict):
        problems.append(f"{where} must be a table.")
        return None
    row = cast(Table, row)
    known = {field.name for field in fields(cast(Any, kind))}
    unknown = sorted(set(row) - known)
    if unknown:
        problems.append(f"{where}: unknown {', '.join(unknown)}; known ones are {', '.join(sorted(known))}.")
        return None
    try:
        return _adapter(kind).validate_python(row)
    except ValidationError as error:
        problems += [f"{where}.{'.'.join(map(str, p['loc']))}: {p['msg']}." for p in error.errors()]
        return None
