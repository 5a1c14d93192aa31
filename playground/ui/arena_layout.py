"""The blind arena's components, and how a Board sets them. Knows no event; what is shown is decided in arena_view."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..arena.counts import Outcome
from ..arena.records import SEATS, Seat
from . import arena_view, suggestions
from .arena_view import VOTES, Board
from .chatbot import chatbot
from .untyped import gr

KEPT = (
    "Two contenders answer, each a model with its own system prompt and parameters. Prompts, answers and votes are "
    "stored to rank them. Names appear after your vote."
)
SUGGESTED = 4


@dataclass(frozen=True)
class ArenaTab:
    """The components that the wiring needs. `board` stays on the server."""

    board: Any
    cards: dict[Seat, Any]
    panes: dict[Seat, Any]
    notice: Any
    redraw: Any
    votes: dict[Outcome, Any]
    undo: Any
    leave: Any
    composer: Any
    suggestion_row: Any
    suggested: list[Any]
    surprise: Any
    pair_box: Any
    pair: tuple[Any, Any]
    tally_box: Any
    tally: Any
    queue_row: Any
    queue_line: Any
    queue_end: Any

    @property
    def controls(self) -> list[Any]:
        """What `set_controls` updates."""
        return [
            *self.cards.values(),
            self.notice,
            self.redraw,
            *self.votes.values(),
            self.undo,
            self.leave,
            self.composer,
            self.suggestion_row,
            *self.suggested,
            *self.pair,
        ]

    @property
    def queue_parts(self) -> list[Any]:
        return [self.queue_row, self.queue_line]

    @property
    def stream(self) -> list[Any]:
        """What asking updates."""
        return [*self.panes.values(), self.board, *self.controls]


def lay_out() -> ArenaTab:
    with gr.Row(visible=False, elem_classes="notice-row battle-queue") as queue_row:
        queue_line = gr.HTML("", padding=False, elem_id="battle-queue")
        queue_end = gr.Button("Back to other battles", size="sm", elem_id="queue-end", scale=0)
    cards: dict[Seat, Any] = {}
    panes: dict[Seat, Any] = {}
    with gr.Row(equal_height=False, elem_classes="panes"):
        for seat in SEATS:
            with gr.Column(min_width=300, elem_classes="pane"):
                card = arena_view.seat_card(Board(), seat, str)
                cards[seat] = gr.HTML(card, padding=False, elem_id=f"seat-{seat}")
                panes[seat] = _pane(seat)
    with gr.Row(elem_classes="notice-row"):
        notice = gr.HTML("", padding=False, elem_id="arena-notice")
        redraw = gr.Button("Draw another opponent", visible=False, size="sm", elem_id="redraw", scale=0)
        undo = gr.Button("Undo", visible=False, size="sm", elem_id="undo", scale=0)
        leave = gr.Button("Next battle", visible=False, size="sm", elem_id="next-battle", scale=0)
    votes: dict[Outcome, Any] = {}
    with gr.Row(elem_classes="votes"):
        for at, (outcome, said) in enumerate(VOTES.items(), 1):
            votes[outcome] = gr.Button(f"{at}  {said}", interactive=False, min_width=120, elem_id=f"vote-{outcome}")
    composer = gr.Textbox(
        placeholder=arena_view.ASK,
        show_label=False,
        label="Prompt for both",
        container=False,
        lines=1,
        max_lines=8,
        submit_btn="Send",
        elem_id="arena-composer",
        elem_classes="composer",
    )
    with gr.Row(elem_classes="suggestions") as suggestion_row:
        texts = suggestions.prompts()[:SUGGESTED]
        suggested = [gr.Button(text, size="sm", min_width=60, elem_classes="suggestion") for text in texts]
        surprise = gr.Button("Surprise me", size="sm", min_width=60, elem_classes="suggestion", elem_id="surprise")
    with gr.Row(elem_classes="arena-more"):
        with gr.Accordion("Choose the pair", open=False) as pair_box, gr.Row():
            pair = (_choice("First contender"), _choice("Second contender"))
        with gr.Accordion("Your votes", open=False) as tally_box:
            tally = gr.HTML("", padding=False, elem_id="tally")
    gr.HTML(KEPT, padding=False, elem_classes="fine-print")
    return ArenaTab(
        board=gr.State(Board()),
        cards=cards,
        panes=panes,
        notice=notice,
        redraw=redraw,
        votes=votes,
        undo=undo,
        leave=leave,
        composer=composer,
        suggestion_row=suggestion_row,
        suggested=suggested,
        surprise=surprise,
        pair_box=pair_box,
        pair=pair,
        tally_box=tally_box,
        tally=tally,
        queue_row=queue_row,
        queue_line=queue_line,
        queue_end=queue_end,
    )


def _pane(seat: Seat) -> Any:
    return chatbot(
        f"pane-{seat}",
        label=seat.upper(),
        height="calc(100dvh - 445px)",
        min_height=200,
        placeholder=arena_view.NOBODY,
    )


def _choice(label: str) -> Any:
    return gr.Dropdown(
        [], value=None, label=label, info="Leave empty to draw one at random.", interactive=True, filterable=True
    )


def set_controls(tab: ArenaTab, board: Board, model_name: Callable[[str], str]) -> dict[Any, Any]:
    """Every control as `board` wants it."""
    now = arena_view.controls(board)
    cards = {card: gr.update(value=arena_view.seat_card(board, seat, model_name)) for seat, card in tab.cards.items()}
    votes = {button: gr.update(interactive=now.can_vote) for button in tab.votes.values()}
    draft = {"value": board.draft} if board.draft else {}
    return {
        **cards,
        **votes,
        tab.notice: now.notice,
        tab.redraw: gr.update(visible=now.can_redraw),
        tab.undo: gr.update(visible=now.can_undo),
        tab.leave: gr.update(visible=now.can_leave),
        tab.composer: gr.update(
            submit_btn=False if now.running else "Send",
            stop_btn="Stop" if now.running else False,
            placeholder=now.placeholder,
            **draft,
        ),
        tab.suggestion_row: gr.update(visible=now.can_suggest),
        **{choice: gr.update(interactive=not now.running) for choice in tab.pair},
    }
