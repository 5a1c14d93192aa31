"""What the blind arena shows, as values: panes, controls, reveal. Knows no component and no store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from html import escape
from typing import Literal, cast

from ..arena.blinding import Pane, Seen
from ..arena.bout import Panes
from ..arena.counts import Outcome, Tally
from ..arena.fights import Showing
from ..arena.records import SEATS, Answer, Battle, Reveal, Seat, Side
from ..models.contenders import ListedContender
from . import format
from .transcript import NOTE, Shown, failed, folded, text_block

# empty: nothing asked yet. cut: it ended before there was anything to vote on.
Phase = Literal["empty", "running", "ready", "failed", "cut", "voted"]

VOTES: Mapping[Outcome, str] = {"a": "A is better", "b": "B is better", "tie": "Tie", "both_bad": "Both bad"}
TALLY_HEADS = {
    "": "",
    "Battles": "Your votes on its battles",
    "Won": "You found its answer better",
    "Lost": "You found the other answer better",
    "Tie": "You found both equally good",
    "Both bad": "You found neither good",
}
ASK = "Ask both. They answer without names until you vote."
GO_ON = "Ask both one more thing, or vote."
ANEW = "Ask both: this starts the next battle."
NOBODY = "The answer appears here, without a name."
FAILED = "This side could not answer."
BROKE_OFF = "This side could not finish."
DEFAULTS = "the provider's defaults"
WAITING = "Waiting for both sides"
BROKEN = "The playground itself failed on this battle. Ask again."


@dataclass(frozen=True, slots=True)
class Board:
    """One battle as its reader knows it. `battle` is its id and stays on the server.

    `panes` by turn. `note` is what went wrong last, `draft` a prompt that could not be asked.
    """

    battle: str = ""
    phase: Phase = "empty"
    prompts: tuple[str, ...] = ()
    panes: tuple[Panes, ...] = ()
    failed: tuple[Seat, ...] = ()
    note: str = ""
    draft: str = ""
    reveal: Reveal | None = None

    @classmethod
    def of(cls, battle: Battle) -> Board:
        """A battle whose missing answers stream now."""
        panes = tuple(Panes((seat, _pane(turn.answer(seat))) for seat in SEATS) for turn in battle.turns)
        return cls(battle.id, "running", battle.prompts, panes)

    @property
    def can_go_on(self) -> bool:
        """Whether a further prompt belongs to this battle."""
        return self.phase == "ready" and self.reveal is None

    def shown(self, showing: Showing) -> Board:
        panes = (*self.panes[: showing.turn], showing.panes, *self.panes[showing.turn + 1 :])
        phase: Phase = "running"
        if showing.over:
            phase = "ready" if showing.ready else "failed" if showing.failed else "cut"
        return replace(self, panes=panes, phase=phase, failed=showing.failed)

    def voted(self, reveal: Reveal) -> Board:
        return replace(self, phase="voted", reveal=reveal, note="", draft="")

    def undone(self) -> Board:
        """The vote is open again; what was seen stays seen."""
        return replace(self, phase="ready", note="")


@dataclass(frozen=True, slots=True)
class Controls:
    """What the reader can do now, and what is said."""

    running: bool
    can_vote: bool
    can_redraw: bool
    can_undo: bool
    can_leave: bool
    can_suggest: bool
    notice: str
    placeholder: str


def controls(board: Board) -> Controls:
    running = board.phase == "running"
    return Controls(
        running=running,
        can_vote=board.phase == "ready",
        can_redraw=bool(board.failed) and board.phase in {"ready", "failed"} and board.reveal is None,
        can_undo=board.phase == "voted",
        can_leave=board.phase not in {"running", "empty"},
        can_suggest=board.phase == "empty",
        notice=notice(board),
        placeholder={"empty": ASK, "running": ASK, "ready": GO_ON}.get(board.phase, ANEW),
    )


def notice(board: Board) -> str:
    """The sentence above the votes, as HTML."""
    if board.note:
        return f'<span class="wrong">{escape(board.note)}</span>'
    sides = " and ".join(f"side {seat.upper()}" for seat in board.failed)
    match board.phase:
        case "running":
            return "Both are answering. You can stop them and vote on what is there."
        case "ready" if board.reveal is not None:
            return "Vote again. You have seen the names, so this vote is kept but not counted in the ratings."
        case "ready" if board.failed:
            return f"No answer from {sides} this time. Vote on what is there, or draw another opponent."
        case "ready":
            return 'Which is better? <span class="keys">Vote below, or with the keys 1 to 4.</span>'
        case "failed":
            return f"No answer from {sides}. Draw another opponent" + (
                ": the other answer stays." if len(board.failed) == 1 else "."
            )
        case "cut":
            return "Stopped before there was anything to compare. Ask again."
        case "voted" if board.reveal is not None:
            return _verdict(board.reveal)
        case _:
            return ""


def messages(board: Board, seat: Seat) -> list[Shown]:
    """The chatbot messages of one pane."""
    shown: list[Shown] = []
    for at, (prompt, panes) in enumerate(zip(board.prompts, board.panes, strict=True)):
        pane = panes[seat]
        shown.append({"role": "user", "content": text_block(prompt)})
        if pane.text:
            shown.append({"role": "assistant", "content": text_block(pane.text)})
        if pane.failed:
            shown.append(failed(BROKE_OFF if pane.text else FAILED))
        elif board.phase == "running" and at == len(board.prompts) - 1 and not (pane.text or pane.done):
            shown.append(folded(NOTE, WAITING, pending=True))
    return shown


def seat_card(board: Board, seat: Seat, model_name: Callable[[str], str]) -> str:
    """The head of a pane as HTML: its letter, and after the vote who sat there. `model_name` names a model's id."""
    letter = f"<b>{seat.upper()}</b>"
    if board.reveal is None:
        return f'<div class="seat"><h2>{letter}</h2></div>'
    side = board.reveal.a if seat == "a" else board.reveal.b
    contender = side.contender.contender
    sampling = ", ".join(f"{name} {_value(value)}" for name, value in contender.sampling.sent().items())
    prompt = contender.system_prompt.strip()
    won = " won" if board.reveal.outcome == seat else ""
    return (
        f'<div class="seat{won}"><h2>{letter} {escape(side.contender.name)}</h2><dl>'
        f"<dt>Model</dt><dd>{escape(model_name(contender.model))}</dd>"
        f"<dt>System prompt</dt><dd>{f'<q>{escape(prompt)}</q>' if prompt else 'none'}</dd>"
        f"<dt>Parameters</dt><dd>{escape(sampling) or DEFAULTS}</dd>"
        f'<dt title="{escape(format.EXPLAINED)}">Figures</dt>'
        f'<dd class="figures">{format.unbroken(_figures(side))}</dd></dl></div>'
    )


def tally_table(tallies: Iterable[tuple[ListedContender, Tally]]) -> str:
    """One voter's own votes by contender, as HTML."""
    rows = "".join(
        f"<tr><th scope='row'>{escape(one.name)}</th><td>{tally.battles}</td><td>{tally.wins}</td>"
        f"<td>{tally.losses}</td><td>{tally.ties}</td><td>{tally.both_bad}</td></tr>"
        for one, tally in tallies
    )
    if not rows:
        return "<p>You have not voted yet.</p>"
    head = "".join(f"<th scope='col' title='{title}'>{name}</th>" for name, title in TALLY_HEADS.items())
    return f"<table class='tally'><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _pane(answer: Answer | None) -> Pane:
    return Pane() if answer is None else Pane.whole(Seen(answer.text, ended=True, failed=answer.failed))


def _verdict(reveal: Reveal) -> str:
    said = [f"You voted: <strong>{VOTES[reveal.outcome]}</strong>."]
    if reveal.leaked:
        sides = " and ".join(f"Side {seat.upper()}" for seat in reveal.leaked)
        said.append(f"{sides} named a maker or a model, so this vote is kept but not counted in the ratings.")
    elif reveal.revised:
        said.append("It is kept but not counted in the ratings: you had seen the names.")
    return " ".join(said)


def _figures(side: Side) -> str:
    stats = side.stats
    return format.DOT.join(format.numbers(stats.ttft_s, stats.tokens_per_s, stats.usage, stats.cost))


def _value(value: object) -> str:
    return " ".join(map(repr, cast(tuple[object, ...], value))) if isinstance(value, tuple) else str(value)
