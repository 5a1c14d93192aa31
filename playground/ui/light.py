"""Gradio's page and sessions without what this page does not use. Knows no component of ours.

Gradio keeps, of each open page, the configuration of all its components (for links into a page's state, which are not
offered here) and rebuilds parts of it with every input and output; and before each step of a stream it looks among all
functions for those that follow a change of a State (none does). With some hundred components this is most of what an
open page and an update of it cost.
"""

# Gradio types little of what it keeps to itself.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import datetime
import inspect
import sys
from collections.abc import Iterator
from copy import copy
from functools import cache, wraps
from typing import Any, cast

from gradio import processing_utils, utils
from gradio.blocks import Block, BlocksConfig
from gradio.components import State
from gradio.state_holder import SessionState, StateHolder

from . import ways
from .untyped import gr

# Sessions that are kept, open or not; whoever was longest away goes first, and finds the page as after a reload.
MOST_SESSIONS = 1000
# A closed page may come back, as a laptop does that was asleep.
KEPT_FOR = datetime.timedelta(hours=1)
LOOKED_EVERY = datetime.timedelta(minutes=1)


# What of a component is for the eye alone: no value is read or written by it.
LOOKS = frozenset(
    {"submit_btn", "stop_btn", "visible", "interactive", "label", "info", "placeholder", "open", "elem_classes"}
)
# Their values take less time to read and to write than the way to a thread takes, where Gradio does both.
QUICK = (gr.Textbox, gr.Number, gr.Slider, gr.Checkbox, gr.Dropdown, gr.Radio, gr.CheckboxGroup, gr.HTML, gr.Chatbot)
checked_files: Any = processing_utils.async_move_files_to_cache
# Values that name no file.
PLAIN = frozenset({str, int, float, bool, type(None)})
AS_IT_IS: dict[str, Any] = {"__type__": "update"}


class Page(gr.Blocks):
    """A page on which nothing listens to the change of a State, and an event costs by what it reads and changes."""

    def get_state_ids_to_track(self, *_: Any) -> tuple[list[int], list[Any]]:
        """None: see the class."""
        return [], []

    async def preprocess_data(
        self, block_fn: Any, inputs: list[Any], state: Any, explicit_call: bool = False
    ) -> list[Any]:
        """The values that a handler is given. Checks what Gradio checks; quick ones do not go through a thread."""
        whole: Any = super()
        self.validate_inputs(block_fn, inputs)
        if block_fn.component_prop_inputs or not block_fn.preprocess or state is None:
            return await whole.preprocess_data(block_fn, inputs, state, explicit_call)
        values: list[Any] = []
        changed = state.blocks_config.blocks
        for block, given in zip(block_fn.inputs, inputs, strict=False):
            if block.stateful:
                values.append(state[block._id])
                continue
            own = changed.get(block._id, block)
            if _is_quick(cast(type, own.__class__)):
                if given.__class__ not in PLAIN:
                    given = await checked_files(given, own, check_in_upload_folder=not explicit_call)
                values.append(own.preprocess(given))
            elif isinstance(own, gr.MultimodalTextbox) and isinstance(given, dict) and not given.get("files"):
                values.append(own.preprocess(own.data_model.model_validate(given)))
            else:
                values += await whole.preprocess_data(_with(block_fn, inputs=[block]), [given], state, explicit_call)
        return values

    async def call_function(
        self,
        block_fn: Any,
        processed_input: list[Any],
        iterator: Any = None,
        requests: Any = None,
        event_id: str | None = None,
        event_data: Any = None,
        in_event_listener: bool = False,
        state: Any = None,
        oauth_token: Any = None,
    ) -> Any:
        """One step of a handler. To call an asynchronous generator only makes it: Gradio would do that in a thread."""
        whole: Any = super()
        rest = (event_id, event_data, in_event_listener, state, oauth_token)
        if iterator is None and inspect.isasyncgenfunction(block_fn.fn):
            request: Any = cast("list[Any]", requests)[0] if isinstance(requests, list) else requests
            stream = utils.get_function_with_locals(
                block_fn.fn, cast(Any, self), event_id, in_event_listener, request, state
            )

            @wraps(block_fn.fn)
            async def begin(*values: Any, **named: Any) -> Any:
                return stream(*values, **named)

            begun = await whole.call_function(_with(block_fn, fn=begin), processed_input, None, requests, *rest)
            iterator = begun["prediction"]
        return await whole.call_function(block_fn, processed_input, iterator, requests, *rest)

    async def postprocess_data(self, block_fn: Any, predictions: Any, state: Any) -> list[Any]:
        """What a page is sent. Outputs that a handler's dictionary leaves out stay as they are; Gradio would build
        each of these components anew, as it does for one whose looks alone change."""
        whole: Any = super()
        given: dict[Any, Any] = predictions if isinstance(predictions, dict) else {}
        if not given or state is None or not block_fn.postprocess or not given.keys() <= set(block_fn.outputs):
            return await whole.postprocess_data(block_fn, predictions, state)
        return [
            await self._shown(block_fn, block, given[block], state) if block in given else AS_IT_IS
            for block in block_fn.outputs
        ]

    async def _shown(self, block_fn: Any, block: Any, value: Any, state: Any) -> Any:
        whole: Any = super()
        own = block if block.stateful else state.get(block._id, block)
        changes = cast("dict[str, Any]", value) if isinstance(value, dict) and "__type__" in value else None
        if changes is not None and changes.keys() - {"__type__", "value"} <= LOOKS:
            if "value" not in changes:
                return changes
            looks = {name: look for name, look in changes.items() if name != "value"}
            # First, because a browser sets a component's properties one after the other: what is typed as soon as a
            # button has come would be taken away again.
            return {"value": await checked_files(own.postprocess(changes["value"]), own, postprocess=True), **looks}
        if changes is None and isinstance(block, QUICK) and not is_component_update(value):
            return await checked_files(own.postprocess(value), own, postprocess=True)
        [shown] = await whole.postprocess_data(_with(block_fn, outputs=[block]), value, state)
        return shown


@cache
def _is_quick(kind: type) -> bool:
    return issubclass(kind, QUICK) and not getattr(kind, "data_model", None)


def _with(block_fn: Any, **parts: Any) -> Any:
    """An event's function with other inputs or outputs."""
    changed = copy(block_fn)
    for name, part in parts.items():
        setattr(changed, name, part)
    return changed


def is_component_update(value: Any) -> bool:
    """Whether a handler returned a component (`gr.Textbox(...)`), which stands for an update."""
    return isinstance(value, Block) or getattr(value, "_is_component_update", False)


class Overlay(dict[int, Any]):
    """What one session changed, over what all share. Iterating it shows the changes alone."""

    def __init__(self, shared: dict[int, Any]) -> None:
        super().__init__()
        self._shared = shared

    def __missing__(self, key: int) -> Any:
        return self._shared[key]

    def __contains__(self, key: object) -> bool:
        return super().__contains__(key) or key in self._shared

    def get(self, key: int, default: Any = None) -> Any:
        return dict[int, Any].get(self, key) or self._shared.get(key, default)


class LightSession(SessionState):
    """What one open page holds: its States, and the components that were changed for it alone."""

    def __init__(self, blocks: Any) -> None:
        whole = blocks.default_config
        own = BlocksConfig(whole.root_block)
        own.blocks = Overlay(whole.blocks)
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
            lifetimes: Any = self._state_ttl
            lifetimes[key] = (block.time_to_live, datetime.datetime.now())
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

    _looked = datetime.datetime.min

    def delete_all_expired_state(self) -> None:
        """Forgets closed pages. Called each second, by a task that has the pages' answers wait meanwhile."""
        now = datetime.datetime.now()
        if now - self._looked < LOOKED_EVERY:
            return
        self._looked = now
        for key, session in list(self.session_data.items()):
            if session.is_closed and now - self.time_last_used[key] > KEPT_FOR:
                del self.session_data[key], self.time_last_used[key]

    def __getitem__(self, session_id: str) -> SessionState:
        if session_id not in self.session_data:
            self.session_data[session_id] = LightSession(self.blocks)
        return super().__getitem__(session_id)


def lighten(page: Page) -> None:
    """Gives the server of a launched page light sessions and short ways, and spares it a search for matplotlib with
    each step.

    No plot here is matplotlib's; without this, Gradio would look for it on the disk twice with each update of a page.
    """
    ways.shorten(page.app)
    ways.remember_addresses()
    sys.modules.setdefault("matplotlib", None)  # type: ignore[arg-type]
    sessions = LightSessions()
    page.state_session_capacity = MOST_SESSIONS
    sessions.set_blocks(page)
    page.app.state_holder = sessions
