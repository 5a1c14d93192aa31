"""How the page's events run: without Gradio's own signs of progress, and not as a part of its API. Knows no event."""

from __future__ import annotations

from typing import Any

# Through the queue: what streams, what can be cancelled, and what may refuse, because only there the text of a
# refusal reaches the reader. The progress is on nothing, which is more than hidden: at each word of a stream the
# browser reads all values of every component that ever had a progress, also those of a conversation of 200 messages.
QUIET: dict[str, Any] = {"show_progress": "hidden", "show_progress_on": [], "api_visibility": "private"}
# At once, beside the queue.
DIRECT: dict[str, Any] = {**QUIET, "queue": False}
# What grows while it is looked at, however many look.
STREAMED: dict[str, Any] = {**QUIET, "concurrency_limit": None}
# What follows a choice: whoever makes two in quick succession sees in the end what both leave. Gradio's own way is to
# leave the second out. Not for the opening of a tab: with the second choice Gradio runs everything that hangs on it.
CHOSEN: dict[str, Any] = {**QUIET, "trigger_mode": "always_last"}
# What follows each key: while somebody types, only the newest text is worth an answer.
TYPED: dict[str, Any] = {**CHOSEN, "concurrency_limit": None}
