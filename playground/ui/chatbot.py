"""The chatbot that every tab shows messages in. Knows no tab; what a message is, transcript.py says."""

from __future__ import annotations

from typing import Any

from .untyped import gr

LATEX = [
    {"left": "$$", "right": "$$", "display": True},
    {"left": "\\[", "right": "\\]", "display": True},
    {"left": "\\(", "right": "\\)", "display": False},
]


def chatbot(elem_id: str, **more: Any) -> Any:
    """Renders one; `more` is what is its tab's own."""
    return gr.Chatbot(
        show_label=False,
        layout="panel",
        buttons=["copy"],
        group_consecutive_messages=False,
        latex_delimiters=LATEX,
        allow_tags=False,
        feedback_options=None,
        elem_id=elem_id,
        elem_classes="transcript",
        **more,
    )
