"""What a control means, for who rests the pointer on it or has the page read aloud. Knows no tab."""

from __future__ import annotations

import json
from collections.abc import Mapping


def hints(told: Mapping[str, str]) -> str:
    """A script that explains each component, by its elem_id; Gradio has no attribute for that."""
    each = "for (const [id, text] of Object.entries(told)) for (const one of document.querySelectorAll(`#${id}`))"
    set_all = "{ one.title = text; one.querySelector('input')?.setAttribute('aria-description', text); }"
    return f"() => {{ const told = {json.dumps(told)}; {each} {set_all} }}"
