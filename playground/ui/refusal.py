"""A refusal in Gradio's own notice, which it reads as HTML. Knows no tab."""

from __future__ import annotations

from html import escape

from .untyped import gr


def refusal(message: str) -> Exception:
    """What a function raises for `message` to be shown as it is: it may quote a file, a link or a model."""
    return gr.Error(escape(message), print_exception=False)
