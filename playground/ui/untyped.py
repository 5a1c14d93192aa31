"""Gradio as a value without types: its own are partial, and strict checking would report every use of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gradio

gr: Any = gradio

if TYPE_CHECKING:

    class Request:
        """Who called; Gradio fills a handler's parameter of this type in. `session_hash` is new on each page load."""

        session_hash: str | None

    class EventData:
        """What a page's own script sent with its event; anyone can forge it."""

        _data: dict[str, Any]
else:
    Request = gradio.Request
    EventData = gradio.EventData
