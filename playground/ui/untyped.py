"""Gradio as a value without types: its own are partial, and strict checking would report every use of them."""

from __future__ import annotations

from typing import Any

import gradio

gr: Any = gradio
