"""Gradio's page and sessions without what this page does not use. Knows no component of ours.

Gradio keeps, of each open page, the configuration of all its components (for links into a page's state, which are not
offered here) and rebuilds parts of it with every input and output; and before each step of a stream it looks among all
functions for those that follow a change of a State (none does). With some hundred components this is most of what an
open page and an update of it cost.
"""

from __future__ import annotations

import datetime
from collections import ChainMap
from collections.abc import Iterator
from typing import Any

from gradio.blocks import BlocksConfig
from gradio.components import State
from gradio.state_holder import SessionState, StateHolder

from .untyped import gr

# Sessions that are kept, open or not; whoever was longest away goes first, and finds the page as after a reload.
MOST_SESSIONS = 2000


class Page(gr.Blocks):
    """A page on which nothing listens to the change of a State."""

    def get_state_ids_to_track(self, block_fn: Any, state: Any) -> tuple[list[int], list[Any]]:
        """None: see the class."""
        return [], []


class LightSession(SessionState):
    """What one open page holds: its States, and the components that were changed for it alone."""

    def __init__(self, blocks: Any) -> None:
        whole = blocks.default_config
        own = BlocksConfig(whole.root_block)
        own.blocks = ChainMap({}, whole.blocks)  # type: ignore[assignment]
        own.fns, own.fn_id, own.renderables = whole.fns, whole.fn_id, whole.renderables
        self.blocks_config = own
        self.config_values = {}
        self.state_data = {}
        self._state_ttl = {}
        self.is_closed = False
        self.STATE_TTL_WHEN_CLOSED = 3600

    def __setitem__(self, key: int, value: Any) -> None:
        block = self.blocks_config.blocks.get(key)
        if isinstance(block, State):
            self._state_ttl[key] = (block.time_to_live, datetime.datetime.now())
            self.state_data[key] = value
        elif block is not value:
            self.blocks_config.blocks[key] = value

    def _update_config(self, key: int) -> None:
        pass

    def _update_value_in_config(self, key: int, value: Any) -> None:
        pass

    @property
    def components(self) -> Iterator[dict[str, Any]]:
        return iter(())


class LightSessions(StateHolder):
    """The sessions of one server."""

    def __getitem__(self, session_id: str) -> SessionState:
        if session_id not in self.session_data:
            self.session_data[session_id] = LightSession(self.blocks)
        return super().__getitem__(session_id)


def lighten(page: Page) -> None:
    """Gives the server of a launched page light sessions."""
    sessions = LightSessions()
    page.state_session_capacity = MOST_SESSIONS
    sessions.set_blocks(page)
    page.app.state_holder = sessions
