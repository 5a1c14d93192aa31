"""The entries of the model picker as values: groups, prices, badges, what is missing. Pure; knows no component."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from ..models.catalog import Catalog
from ..providers.listing import MOST, Listing
from ..types import ModelSpec
from . import format

Entry = dict[str, Any]
# What a provider's list may have after a model's name: a date, a number of three digits, or a tag.
VERSION = re.compile(r"-\d{8}|-\d{4}-\d\d-\d\d|-\d{3}|[-:]latest")
# What a model accepts, as its badge, the badge's explanation, and how the catalog says so.
BADGES: tuple[tuple[str, str, Callable[[ModelSpec], bool]], ...] = (
    ("effort", "Accepts an effort: how long it thinks first", lambda model: "effort" in model.family.accepts),
    ("images", "Accepts images", lambda model: model.family.images),
    ("JSON", "Can be made to follow a JSON schema", lambda model: model.family.json_schema),
    ("sampling", "Accepts temperature and the like", lambda model: "temperature" in model.family.accepts),
)


def groups(catalog: Catalog, own_keys: Collection[str], served: Mapping[str, Sequence[str]]) -> list[Entry]:
    """[{"label", "models": [{"id", "name", "facts", "badges", "why", "note"}]}]: who can answer first, in the
    catalog's order.

    `own_keys` names providers that the reader has a key for, `served` what that key was found to reach.
    `note` marks a model of the catalog that its provider's own list lacks: it may answer all the same.
    """
    found: list[Entry] = []
    for provider, spec in catalog.providers.items():
        listed = [model for model in catalog.models.values() if model.provider == provider]
        known = {model.upstream for model in listed}
        more = dict.fromkeys([*catalog.served.get(provider, ()), *served.get(provider, ())])
        lacking = {model.id for model in listed if 0 < len(more) < MOST and not _is_among(model.upstream, more)}
        listed += [
            model for upstream in more if upstream not in known and (model := catalog.unlisted(provider, upstream))
        ]
        entries = [
            _entry(model, provider in own_keys, f"not listed by {spec.label}" if model.id in lacking else "")
            for model in listed
        ]
        entries.sort(key=lambda entry: bool(entry["why"]))
        if entries:
            found.append({"label": spec.label, "models": entries})
    return sorted(found, key=lambda group: bool(group["models"][0]["why"]))


def listing_note(catalog: Catalog, found: Mapping[str, Listing]) -> str:
    """What a refresh has found, in a line."""
    if not found:
        return "There is no provider to ask: add a key."
    parts = [
        f"{catalog.providers[name].label}: {listing.problem or f'{len(listing.models):,} models'}"
        for name, listing in found.items()
    ]
    return format.DOT.join(parts)


def _is_among(upstream: str, served: Collection[str]) -> bool:
    """Whether a list has a model, by its name or by the name with a version, which is all that some lists have."""
    longer = (name.removeprefix(upstream) for name in served if name.startswith(upstream))
    return upstream in served or any(VERSION.fullmatch(rest) for rest in longer)


def _entry(model: ModelSpec, has_own_key: bool, note: str) -> Entry:
    why = "" if model.available or has_own_key else model.reason or "not available"
    return {
        "id": model.id,
        "name": model.name,
        "facts": format.DOT.join([format.price(model), format.window(model.context_window)]),
        "badges": [[badge, says] for badge, says, has in BADGES if has(model)],
        "why": why,
        "note": "" if why else note,
    }
