"""What a battle is, as values: answers, turns, seats, votes. Knows no store, no provider and no page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from ..conversation.growing import Reply
from ..errors import PlaygroundError
from ..models.contenders import ListedContender
from ..types import FinishReason, Message, Usage
from .counts import Outcome

Seat = Literal["a", "b"]
SEATS: tuple[Seat, Seat] = ("a", "b")
Kind = Literal["blind", "side_by_side"]
# running: streams now. ready: the vote is open. failed: a seat gave no answer. interrupted: the process died or
# nobody stayed to read. replaced: goes on as another battle, with a new opponent.
Status = Literal["running", "ready", "failed", "interrupted", "replaced"]

MOST_TURNS = 21


class ArenaError(PlaygroundError):
    """The arena cannot do what was asked. `kind` says why, the message is for people.

    Its words are the same whoever sits in a battle.
    """

    def __init__(self, kind: ArenaErrorKind, message: str, *, outcome: Outcome | None = None) -> None:
        super().__init__(message)
        self.kind: ArenaErrorKind = kind
        self.message = message
        self.outcome = outcome


# bad_request: prompt or outcome cannot be used. not_found: no such battle. too_early: nothing to vote on yet.
# auth: only who is signed in may vote. conflict: voted already (`outcome` is the first vote), or not possible any more.
# unavailable: fewer than two. rate_limit: more votes than are taken from one in a day.
ArenaErrorKind = Literal[
    "bad_request", "context_length", "not_found", "too_early", "auth", "conflict", "unavailable", "rate_limit"
]


@dataclass(frozen=True, slots=True)
class Answer:
    """One side's answer in one turn: `text` exactly as far as the voter saw it, and the figures of the call.

    `stopped`: the voter ended it. `error` is the kind of failure and `error_message` its sentence, for the owner and
    for the time after the vote. Seconds; cost in USD, None when the price is unknown.
    """

    text: str = ""
    finish_reason: FinishReason | None = None
    stopped: bool = False
    error: str | None = None
    error_message: str = ""
    usage: Usage | None = None
    cost: float | None = None
    ttft_s: float | None = None
    duration_s: float = 0.0
    dropped: tuple[str, ...] = ()
    left_out: int = 0

    @property
    def failed(self) -> bool:
        """Whether the side gave no answer that can be compared: it broke off, refused, or said nothing."""
        refused = self.finish_reason == "content_filter"
        return not self.stopped and (self.error is not None or refused or not self.text)

    @classmethod
    def of(cls, reply: Reply, shown: str) -> Answer:
        """What a Reply leaves behind of which `shown` was shown; less than all of it means that it was stopped."""
        error = reply.error
        return cls(
            text=shown,
            finish_reason=reply.finish_reason,
            stopped=not reply.done or shown != reply.text,
            error=error.kind if error else None,
            error_message=error.message if error else "",
            usage=reply.usage,
            cost=reply.cost,
            ttft_s=reply.ttft_s,
            duration_s=reply.duration_s,
            dropped=reply.dropped,
            left_out=reply.left_out,
        )


@dataclass(frozen=True, slots=True)
class Turn:
    """A prompt and what each side answered; an answer is None until it has ended."""

    prompt: str
    a: Answer | None = None
    b: Answer | None = None

    def answer(self, seat: Seat) -> Answer | None:
        return self.a if seat == "a" else self.b


@dataclass(frozen=True, slots=True)
class Battle:
    """The record of one battle. `a` and `b` are contender ids; nothing of it but `id` may be shown before the vote.

    `created` is in seconds since the epoch, `voter` a salted hash, `leaked` the seats whose answer named a maker
    or a model, `category` what the first prompt is about ("" where nobody has looked).
    """

    id: str
    a: str
    b: str
    voter: str
    created: float
    turns: tuple[Turn, ...]
    kind: Kind = "blind"
    status: Status = "running"
    leaked: tuple[Seat, ...] = ()
    category: str = ""

    @property
    def prompts(self) -> tuple[str, ...]:
        return tuple(turn.prompt for turn in self.turns)

    def contender(self, seat: Seat) -> str:
        return self.a if seat == "a" else self.b

    def with_answers(self, at: int, answers: Mapping[Seat, Answer]) -> Battle:
        """The battle with answers of turn `at` filled in."""
        turn = replace(self.turns[at], **answers)
        return replace(self, turns=(*self.turns[:at], turn, *self.turns[at + 1 :]))

    def answers(self, seat: Seat) -> tuple[Answer, ...]:
        """What one side has answered, turn by turn."""
        return tuple(answer for turn in self.turns if (answer := turn.answer(seat)) is not None)

    @property
    def failed(self) -> tuple[Seat, ...]:
        """The seats that gave no answer to the last prompt anybody answered: each can be given to another opponent.

        That includes a newcomer who did not come as far as the side that stayed, not one whom a failure kept waiting.
        """
        answered = [turn for turn in self.turns if turn.a is not None or turn.b is not None]
        if not answered:
            return ()
        broken: tuple[Seat, ...] = tuple(
            seat for seat in SEATS if (answer := answered[-1].answer(seat)) is not None and answer.failed
        )
        return broken or tuple(seat for seat in SEATS if answered[-1].answer(seat) is None)


def history(turns: Sequence[Turn], seat: Seat) -> list[Message]:
    """What one side has been asked and has answered so far, its open question last."""
    messages: list[Message] = []
    for turn in turns:
        messages.append(Message("user", turn.prompt))
        answer = turn.answer(seat)
        if answer is not None and answer.text:
            messages.append(Message("assistant", answer.text))
    return messages


@dataclass(frozen=True, slots=True)
class Stats:
    """The figures of one side over a whole battle. `ttft_s` is that of the first turn, tokens/s over all of them."""

    usage: Usage
    ttft_s: float | None
    tokens_per_s: float | None
    cost: float | None
    duration_s: float

    @classmethod
    def of(cls, answers: Sequence[Answer]) -> Stats:
        usage = sum((answer.usage for answer in answers if answer.usage), Usage())
        writing_s = sum(answer.duration_s - answer.ttft_s for answer in answers if answer.ttft_s is not None)
        costs = [answer.cost for answer in answers]
        return cls(
            usage=usage,
            ttft_s=answers[0].ttft_s if answers else None,
            tokens_per_s=usage.output_tokens / writing_s if writing_s > 0.01 else None,
            cost=None if None in costs else sum(cost for cost in costs if cost is not None),
            duration_s=sum(answer.duration_s for answer in answers),
        )


@dataclass(frozen=True, slots=True)
class Side:
    """Who sat in a seat, after the vote."""

    contender: ListedContender
    stats: Stats


@dataclass(frozen=True, slots=True)
class Reveal:
    """What a voter learns after the vote. `counts` is False for a vote that the ratings leave out: `leaked` or
    `revised` (changed after the names had been shown) say why."""

    outcome: Outcome
    a: Side
    b: Side
    leaked: tuple[Seat, ...]
    revised: bool

    @property
    def counts(self) -> bool:
        return not self.leaked and not self.revised
