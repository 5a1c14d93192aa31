"""The leaderboard tab: filters, table, who beat whom, votes over time, a verdict on two. Layout and wiring."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..arena.battle import Arena
from ..arena.counts import BadVoteError
from ..arena.ratings import Options
from ..arena.selection import CATEGORIES, Selection
from ..arena.standings import Board, Standings, UnknownContenderError
from . import leaderboard_view as view
from .hints import hints
from .quiet import CHOSEN, QUIET
from .untyped import Request, gr
from .verdict_view import verdict_panel
from .voter import voter_of

DAY_S = 86_400
VOTES: dict[str, Selection] = {
    "Blind votes": Selection(),
    "Named votes": Selection(kind="side_by_side"),
    "Judge": Selection(source="judge"),
}
PERIODS = [("All time", 0), ("Last 90 days", 90), ("Last 30 days", 30), ("Last 7 days", 7)]
TIES = [("Ties count half", "half"), ("Ties dropped", "drop"), ("Ties modelled (Davidson)", "davidson")]
HINTS = {
    "board-votes": "Blind: the names were hidden until the vote. Named: side by side, with the names in view. Judge: a "
    "model voted, asked once in each order.",
    "board-ties": "A tie counts as half a win for both, is left out, or is an outcome of its own (Davidson's model).",
    "board-mine": "Only the votes that were cast in this browser, or with your account.",
    "board-leaked": "Votes on battles in which an answer named its model or maker; otherwise they are left out.",
    "board-styled": "Ratings as if all answers had the same length and formatting, so that style alone wins nothing.",
    "verdict": "The evidence is an e-value: how many times likelier the votes are if one is better than if both are "
    "equal. At 40 it is decided, and you may look as often as you like.",
}
PROMPTS = [("All prompts", ""), *((one.capitalize(), one) for one in CATEGORIES)]


@dataclass(frozen=True)
class LeaderboardTab:
    """The components that the wiring needs; `filters` by the name of `_Asked`'s field."""

    filters: dict[str, Any]
    headline: Any
    table: Any
    cautions: Any
    heat: Any
    days: Any
    downloads: Any
    more: Any
    pair: tuple[Any, Any]
    verdict: Any

    @property
    def shown(self) -> list[Any]:
        parts = [self.headline, self.table, self.cautions, self.heat, self.days, self.downloads, self.more]
        return [*parts, self.filters["styled"], *self.pair, self.verdict]


@dataclass(frozen=True)
class _Asked:
    """What the filters say."""

    votes: str
    category: str
    days: int
    ties: str
    mine: bool
    leaked: bool
    styled: bool

    def selection(self, voter: str) -> Selection:
        of = VOTES[self.votes]
        since = time.time() - self.days * DAY_S if self.days else None
        # On the minute, so that the same question asked again is answered from what was kept.
        return Selection(
            source=of.source,
            kind=of.kind,
            leaked=self.leaked,
            since=None if since is None else since // 60 * 60,
            category=next((one for one in CATEGORIES if one == self.category), None),
            voter=voter if self.mine else None,
        )

    @property
    def options(self) -> Options:
        return Options("drop" if self.ties == "drop" else "davidson" if self.ties == "davidson" else "half")

    @property
    def narrowed(self) -> bool:
        return bool(self.category or self.days or self.mine)


class _Wiring:
    def __init__(self, tab: LeaderboardTab, arena: Arena, standings: Standings) -> None:
        self._tab = tab
        self._arena = arena
        self._standings = standings

    async def show(
        self, request: Request, voter: str, one: str | None, other: str | None, *filters: Any
    ) -> Mapping[Any, Any]:
        """Everything at once, so that all of it is about the same votes."""
        asked = _Asked(**dict(zip(self._tab.filters, filters, strict=True)))
        selection = asked.selection(await voter_of(self._arena, voter, request))
        board = await self._standings.board(selection, asked.options, styled=asked.styled)
        known = await self._standings.figures(board.contenders[one.contender].id for one in board.board.ratings)
        tab = self._tab
        pair, choices = _pair(board, one, other), _choices(board)
        return {
            tab.headline: await self._headline(board, asked, selection),
            tab.table: view.table(board, known),
            tab.cautions: view.cautions(board),
            tab.heat: view.heat_map(board),
            tab.days: view.votes_over_time(await self._standings.days(selection)),
            tab.downloads: view.downloads(_query(selection, asked)),
            tab.more: gr.update(visible=bool(board.board.ratings)),
            tab.filters["styled"]: gr.update(interactive=asked.styled or board.can_be_styled),
            **{box: gr.update(choices=choices, value=one) for box, one in zip(tab.pair, pair, strict=True)},
            tab.verdict: await self._verdict(selection, board, *pair),
        }

    async def _headline(self, board: Board, asked: _Asked, selection: Selection) -> str:
        """A judge is only worth as much as it agrees with people, so its board says that first."""
        judged = selection.source == "judge"
        said = view.headline(board, asked.narrowed, judged)
        return said + view.agreement_note(await self._standings.agreement()) if judged and board.board.votes else said

    async def compare(self, request: Request, voter: str, one: str | None, other: str | None, *filters: Any) -> str:
        """The verdict on the two that were chosen."""
        asked = _Asked(**dict(zip(self._tab.filters, filters, strict=True)))
        selection = asked.selection(await voter_of(self._arena, voter, request))
        return await self._verdict(selection, await self._standings.board(selection), one, other)

    async def _verdict(self, selection: Selection, board: Board, one: str | None, other: str | None) -> str:
        if not one or not other:
            return ""
        try:
            found = await self._standings.verdict(one, other, selection)
            steps = await self._standings.evidence(one, other, selection)
        except (UnknownContenderError, BadVoteError):
            return '<p class="board-note">Choose two different contenders.</p>'
        names = {key: name for name, key in board.ids.items()}
        return verdict_panel(found, names.get(one, one), names.get(other, other), steps)


def build(arena: Arena, standings: Standings, voter: Any, opened: Callable[..., Any]) -> None:
    """Renders the tab; `voter` holds what tells one browser from another, `opened` is the event of looking at it."""
    tab = _lay_out()
    wiring = _Wiring(tab, arena, standings)
    inputs = [voter, *tab.pair, *tab.filters.values()]
    opened(wiring.show, inputs, tab.shown, **QUIET)
    opened(None, js=hints(HINTS))
    # One event for all filters: whoever sets two in quick succession sees what both leave.
    gr.on([one.input for one in tab.filters.values()], wiring.show, inputs, tab.shown, **CHOSEN)
    gr.on([one.input for one in tab.pair], wiring.compare, inputs, tab.verdict, **CHOSEN)


def _lay_out() -> LeaderboardTab:
    plain: dict[str, Any] = {"show_label": False, "container": False}
    pick: dict[str, Any] = {**plain, "elem_classes": "board-pick"}
    with gr.Row(elem_classes="board-filters"):
        filters: dict[str, Any] = {
            "votes": gr.Radio(
                list(VOTES),
                value="Blind votes",
                label="Votes",
                elem_classes="segmented",
                **plain,
                elem_id="board-votes",
            ),
            "category": gr.Dropdown(PROMPTS, value="", label="Prompts", min_width=140, **pick),
            "days": gr.Dropdown(PERIODS, value=0, label="Period", min_width=140, **pick),
            "ties": gr.Dropdown(TIES, value="half", label="Ties", min_width=180, **pick, elem_id="board-ties"),
            "mine": gr.Checkbox(label="My votes only", container=False, min_width=100, elem_id="board-mine"),
            "leaked": gr.Checkbox(label="Include leaked names", container=False, min_width=150, elem_id="board-leaked"),
            "styled": gr.Checkbox(
                label="Style control", interactive=False, container=False, min_width=120, elem_id="board-styled"
            ),
        }
    headline = gr.HTML("", padding=False, elem_id="board-headline")
    table = gr.HTML("", padding=False, elem_id="board")
    cautions = gr.HTML("", padding=False, elem_id="board-cautions")
    with gr.Column(visible=False) as more:
        with gr.Row(elem_classes="board-more"):
            with gr.Column(min_width=320, elem_classes="board-part"):
                gr.HTML("<h2>Which of the two is better?</h2>", padding=False)
                with gr.Row():
                    pair = (
                        gr.Dropdown([], label="First contender", min_width=130, **pick, elem_id="verdict-a"),
                        gr.Dropdown([], label="Second contender", min_width=130, **pick, elem_id="verdict-b"),
                    )
                verdict = gr.HTML("", padding=False, elem_id="verdict")
            with gr.Column(min_width=320, elem_classes="board-part"):
                gr.HTML("<h2>Who beat whom</h2>", padding=False)
                heat = gr.HTML("", padding=False, elem_id="heat")
            with gr.Column(min_width=320, elem_classes="board-part"):
                gr.HTML("<h2>Votes over time</h2>", padding=False)
                days = gr.HTML("", padding=False, elem_id="days")
        downloads = gr.HTML("", padding=False, elem_id="board-downloads")
    return LeaderboardTab(filters, headline, table, cautions, heat, days, downloads, more, pair, verdict)


def _choices(board: Board) -> list[tuple[str, str]]:
    return [(name, board.ids[name]) for name in (*(one.contender for one in board.board.ratings), *board.board.unmet)]


def _pair(board: Board, one: str | None, other: str | None) -> tuple[str | None, str | None]:
    """The chosen two as long as they are on the board, else the first two."""
    known = [key for _, key in _choices(board)]
    if one in known and other in known:
        return one, other
    first, second, *_ = [*known[:2], None, None]
    return first, second


def _query(selection: Selection, asked: _Asked) -> dict[str, str]:
    """The same question to GET /leaderboard, which knows no voter."""
    query = {"source": selection.source, "kind": selection.kind, "ties": asked.ties, "leaked": str(int(asked.leaked))}
    if selection.category:
        query["category"] = selection.category
    if selection.since is not None:
        query["since"] = f"{selection.since:.0f}"
    return query
