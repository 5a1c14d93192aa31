"""Puts the page together: header, tabs in order. Knows no tab's inside."""

from __future__ import annotations

from html import escape
from typing import Any

from ..compose import Composition
from . import (
    arena_tab,
    budget_line,
    chat_tab,
    experiments_tab,
    judge_panel,
    leaderboard_tab,
    sign_in,
    tokens_tab,
    votes_kept,
)
from .gate import guard
from .header import state_line, state_of
from .light import Page
from .pacing import Pace
from .quiet import DIRECT
from .untyped import gr
from .voter import remember

TITLE = "LLM Playground"
LIGHT_OR_DARK = '<button id="light-or-dark" title="Light or dark" aria-label="Light or dark"></button>'
POLL_S = 1.0
# Seconds: how often uploaded files are looked through, and how old one may become. A conversation has its own pictures.
DELETED = (3600, 24 * 3600)


def build(composition: Composition) -> Any:
    """The whole page. The header follows `local` until the embedded model is ready or has failed."""
    backends, arena, local = composition.backends, composition.arena, composition.local
    pace = Pace()

    def look() -> tuple[str, Any]:
        now = state_of(backends.catalog, local.state if local else None)
        return state_line(now), gr.Timer(active=not now.settled)

    page: Any = Page(title=TITLE, fill_width=True, analytics_enabled=False, delete_cache=DELETED)
    with page:
        voter = remember(page)
        with gr.Row(elem_classes="head"):
            gr.HTML(f"<h1>{escape(TITLE)}</h1>", padding=False, elem_classes="name")
            line = gr.HTML(look()[0], padding=False, elem_classes="state")
            budget_line.show(page, composition.guard)
            if composition.offers_sign_in:
                sign_in.show()
            gr.HTML(LIGHT_OR_DARK, padding=False, elem_classes="light-or-dark")
        handover = gr.State(None)  # blind battles that were lined up in an experiment
        with gr.Tabs() as tabs:
            with gr.Tab("Chat", id="chat"):
                own_keys = chat_tab.build(composition, pace, page.load).tab.keys.taken
            with gr.Tab("Arena", id="arena") as opened:
                take_over = arena_tab.build(backends, arena, pace, voter, handover, own_keys, opened.select)
                votes_kept.show(composition.keeping, page.load, changes=composition.copies_votes)
            with gr.Tab("Leaderboard", id="leaderboard") as opened:
                leaderboard_tab.build(arena, composition.standings, voter, opened.select)
                if composition.admin_token is not None:
                    judge_panel.build(backends, arena, composition.admin_token)
            with gr.Tab("Experiments", id="experiments") as opened:
                around = (opened.select, handover, tabs)
                sent = experiments_tab.build(backends, composition.sweeps, voter, own_keys, *around)
            for event in sent:
                take_over(event)
            with gr.Tab("Tokens", id="tokens") as opened:
                tokens_tab.build(composition.token_lab, backends.catalog, opened.select)
        timer = gr.Timer(POLL_S)
        for event in (page.load, timer.tick):
            event(look, None, [line, timer], **DIRECT)
    guard(page, composition.gate)
    return page
