"""The owner's panel for the judge: estimate, start, stop. Each handler asks for the owner's token. Layout and wiring.

The page has no login and its functions can be called by anybody, so a hidden button protects nothing.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from html import escape
from typing import Any

from pydantic import SecretStr

from ..api.owner_token import is_token
from ..arena.battle import Arena
from ..arena.judge import Progress, estimate, judge
from ..conversation.reply import Backends
from ..errors import ProviderError
from . import format
from .judge_view import ended_text, estimate_text, progress_text
from .quiet import DIRECT, QUIET
from .untyped import gr

MOST = 10_000
ABOUT = (
    "A model judges battles that people have voted on, in both orders; where the two verdicts differ, it is a tie. Its "
    "votes have a board of their own (Judge, above) and are never mixed with people's."
)
WRONG = "That is not the owner's token (PLAYGROUND_ADMIN_TOKEN)."
ANEW = "Get an estimate first: the model or the number has changed since the last one."
STOPPED = "Stopped. What has been judged is kept; start again to go on."

Asked = tuple[str, int]


@dataclass(frozen=True)
class _Panel:
    """The components that the wiring needs. `asked` holds what the last estimate was for, on the server."""

    token: Any
    model: Any
    limit: Any
    look: Any
    start: Any
    stop: Any
    said: Any
    asked: Any


class _Wiring:
    def __init__(self, panel: _Panel, backends: Backends, arena: Arena, token: SecretStr) -> None:
        self._panel = panel
        self._backends = backends
        self._arena = arena
        self._token = token

    async def look(self, token: str, model: str, limit: float | None) -> dict[Any, Any]:
        """The estimate, which opens the start."""
        if not is_token(token or "", self._token):
            return self._refused(WRONG)
        asked = _asked(model, limit)
        try:
            found = await estimate(self._backends, await self._arena.store(), *asked)
        except ProviderError as error:
            return self._refused(error.message)
        can_start = found.battles > 0
        return {
            self._panel.said: _note(estimate_text(found)),
            self._panel.asked: asked if can_start else None,
            self._panel.start: gr.update(interactive=can_start),
        }

    async def run(
        self, token: str, model: str, limit: float | None, asked: Asked | None
    ) -> AsyncGenerator[dict[Any, Any]]:
        """Judges what the estimate was for, and says how far it is."""
        if not is_token(token or "", self._token):
            yield self._refused(WRONG)
            return
        if asked is None or tuple(asked) != _asked(model, limit):
            yield self._refused(ANEW)
            return
        progress = Progress(0)
        busy = {self._panel.start: gr.update(interactive=False), self._panel.stop: gr.update(interactive=True)}
        try:
            async with aclosing(judge(self._backends, await self._arena.store(), *asked)) as steps:
                async for progress in steps:
                    yield {**busy, self._panel.said: _note(progress_text(progress), progress)}
        except ProviderError as error:
            yield self._refused(error.message)
            return
        yield self._refused(ended_text(progress, stopped=False))

    def stopped(self) -> dict[Any, Any]:
        return self._refused(STOPPED)

    def _refused(self, why: str) -> dict[Any, Any]:
        """Nothing runs and nothing may start before the next estimate."""
        return {
            self._panel.said: _note(why),
            self._panel.asked: None,
            self._panel.start: gr.update(interactive=False),
            self._panel.stop: gr.update(interactive=False),
        }


def build(backends: Backends, arena: Arena, token: SecretStr) -> None:
    """Renders the panel into the surrounding Blocks."""
    panel = _lay_out(backends)
    wiring = _Wiring(panel, backends, arena, token)
    given = [panel.token, panel.model, panel.limit]
    every = [panel.said, panel.asked, panel.start, panel.stop]
    panel.look.click(wiring.look, given, every, **QUIET)
    running = panel.start.click(wiring.run, [*given, panel.asked], every, **QUIET)
    # Ends the run of this window alone, which only a token has started.
    panel.stop.click(wiring.stopped, None, every, cancels=[running], **DIRECT)


def _lay_out(backends: Backends) -> _Panel:
    models = [model for model in backends.catalog.models.values() if model.available]
    choices = [(format.model_label(model), model.id) for model in models]
    with gr.Accordion("Judge: label battles with a model (owner only)", open=False, elem_id="judge-panel"):
        gr.HTML(f'<p class="fine-print">{escape(ABOUT)}</p>', padding=False)
        with gr.Row(elem_classes="judge-row"):
            token = gr.Textbox(label="Owner's token", type="password", min_width=180, elem_id="judge-token")
            first = models[0].id if models else None
            model = gr.Dropdown(choices, value=first, label="Model", min_width=220, elem_id="judge-model")
            limit = gr.Number(
                100,
                label="Most battles to judge",
                precision=0,
                minimum=1,
                maximum=MOST,
                min_width=120,
                elem_id="judge-limit",
            )
        with gr.Row(elem_classes="judge-row"):
            look = gr.Button("Estimate", min_width=110, elem_id="judge-look")
            start = gr.Button("Start", variant="primary", interactive=False, min_width=110, elem_id="judge-start")
            stop = gr.Button("Stop", interactive=False, min_width=110, elem_id="judge-stop")
        said = gr.HTML("", padding=False, elem_id="judge-said")
        asked = gr.State(None)
    return _Panel(token, model, limit, look, start, stop, said, asked)


def _asked(model: str | None, limit: float | None) -> Asked:
    """What was asked for, within bounds whatever a caller sends."""
    wanted = int(limit) if isinstance(limit, int | float) and limit == limit and abs(limit) <= MOST else MOST
    return str(model or ""), max(wanted, 1)


def _note(text: str, progress: Progress | None = None) -> str:
    bar = ""
    if progress is not None:
        bar = f'<progress value="{progress.done}" max="{max(progress.battles, 1)}"></progress> '
    return f'<p class="board-note" role="status">{bar}{escape(text)}</p>'
