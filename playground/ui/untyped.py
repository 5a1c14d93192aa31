"""Gradio as a value without types: its own are partial, and strict checking would report every use of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import gradio

gr: Any = gradio

if TYPE_CHECKING:

    class Request:
        """Who called; Gradio fills a handler's parameter of this type in. `session_hash` is new on each page load."""

        session_hash: str | None
        query_params: Mapping[str, str]

    class EventData:
        """What an event carries besides its inputs, as attributes: whatever the page's script gave it."""

        def __getattr__(self, name: str) -> Any: ...

    class EditData:
        """Which message of a chatbot was edited, by its place among all, and its new text."""

        index: int
        value: Any
else:
    Request, EventData, EditData = gradio.Request, gradio.EventData, gradio.EditData
