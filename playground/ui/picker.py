"""The model picker as a component: Gradio's own cannot show what cannot be chosen. Knows no vendor."""

from __future__ import annotations

from typing import Any

from ..models.catalog import Catalog
from ..providers.listing import Listings
from . import picker_view, theme
from .keys import Keys, Taken
from .quiet import STREAMED
from .untyped import gr


def lay_out(catalog: Catalog) -> Any:
    """The component; its value is the id of the chosen model."""
    return gr.HTML(
        catalog.default().id,
        html_template=theme.script("picker.html"),
        js_on_load=theme.script("picker.js"),
        groups=picker_view.groups(catalog, (), {}),
        note="",
        label="Model",
        elem_id="model",
        padding=False,
        apply_default_css=False,
    )


def wire(picker: Any, keys: Keys, catalog: Catalog, listings: Listings) -> None:
    """The refresh: asks who has a key, in the background, and shows what was found."""

    async def refresh(taken: Taken) -> dict[Any, Any]:
        reasons = {model.provider: model.available for model in catalog.models.values()}
        names = [name for name in catalog.providers if reasons.get(name, True) or name in taken.keys]
        found = await listings.every(names, taken.keys)
        own = {name: listing.models for name, listing in found.items() if name in taken.keys}
        taken = Taken(taken.keys, {**taken.served, **own})
        return {
            keys.taken: taken,
            picker: gr.update(
                groups=picker_view.groups(catalog, taken.keys, taken.served),
                note=picker_view.listing_note(catalog, found),
            ),
        }

    picker.submit(
        refresh,
        keys.taken,
        [keys.taken, picker],
        **STREAMED,
    )


def shows(catalog: Catalog, taken: Taken) -> Any:
    """The update after the reader's keys have changed."""
    return gr.update(groups=picker_view.groups(catalog, taken.keys, taken.served))
