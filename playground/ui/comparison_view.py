"""What a named comparison shows, as values: columns, controls. Knows no component and no store."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from html import escape

from ..arena.comparison import Choice, Column
from ..arena.records import Answer
from ..conversation.growing import Reply
from ..models.contenders import ListedContender
from ..types import Message, ModelSpec
from . import transcript
from .transcript import Shown, text_block

MOST_COLUMNS = 4
LETTERS = "ABCD"
# A comparison, and how often its columns have been asked.
Run = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The conversation of all columns: prompts, and by column the reply to each.

    `id` is the comparison's own, which takes one vote. `contenders` are those of the last run. `note` is what went
    wrong last.
    """

    id: str = ""
    prompts: tuple[str, ...] = ()
    replies: tuple[tuple[Reply, ...], ...] = ()
    contenders: tuple[ListedContender, ...] = ()
    running: bool = False
    voted: Choice | None = None
    note: str = ""

    def asked(self, prompt: str, contenders: tuple[ListedContender, ...]) -> Comparison:
        """One more prompt to the same columns; other columns, or a vote, start anew."""
        goes_on = self.voted is None and contenders == self.contenders
        before = self if goes_on else Comparison(secrets.token_urlsafe(18), replies=((),) * len(contenders))
        replies = tuple(
            (*column, Reply(one.contender.model)) for column, one in zip(before.replies, contenders, strict=True)
        )
        return Comparison(before.id, (*before.prompts, prompt), replies, contenders, running=True)

    def grown(self, latest: Mapping[int, Reply]) -> Comparison:
        """The last replies as far as they have come."""
        replies = tuple((*column[:-1], latest.get(at, column[-1])) for at, column in enumerate(self.replies))
        return replace(self, replies=replies)

    @property
    def run(self) -> Run:
        """What tells this asking of all columns from every other."""
        return self.id, len(self.prompts)

    @property
    def answered(self) -> bool:
        """Whether every column has ended its last answer."""
        return all(column[-1].done for column in self.replies)

    def history(self, at: int) -> list[Message]:
        """What column `at` has been asked and has answered, its open question last."""
        messages: list[Message] = []
        for prompt, reply in zip(self.prompts, self.replies[at], strict=True):
            messages.append(Message("user", prompt))
            if reply.text:
                messages.append(Message("assistant", reply.text))
        return messages

    @property
    def can_vote(self) -> bool:
        """Whether every column has answered the last prompt and nobody has voted."""
        texts = bool(self.replies) and all(column and column[-1].text for column in self.replies)
        return texts and not self.running and self.voted is None

    def columns(self) -> list[Column]:
        return [
            Column(one, tuple(Answer.of(reply, reply.text) for reply in replies))
            for one, replies in zip(self.contenders, self.replies, strict=True)
        ]


def messages(comparison: Comparison, at: int, model: ModelSpec | None) -> list[Shown]:
    """The chatbot messages of column `at`."""
    shown: list[Shown] = []
    if at >= len(comparison.replies):
        return shown
    for prompt, reply in zip(comparison.prompts, comparison.replies[at], strict=True):
        shown.append({"role": "user", "content": text_block(prompt)})
        shown += transcript.turn(reply, model)
    return shown if comparison.running else transcript.stopped(shown)


def notice(comparison: Comparison) -> str:
    """The sentence above the votes, as HTML."""
    if comparison.note:
        return f'<span class="wrong">{escape(comparison.note)}</span>'
    if comparison.running:
        return "All columns are answering."
    if comparison.can_vote:
        return "Which is best? Named votes are kept apart from the blind ones."
    if isinstance(comparison.voted, int):
        return f"You voted: <strong>{LETTERS[comparison.voted]} is best</strong>. It is kept with the named votes."
    if comparison.voted is not None:
        said = {"tie": "Tie", "both_bad": "All bad"}[comparison.voted]
        return f"You voted: <strong>{said}</strong>. It is kept with the named votes."
    if comparison.replies:
        return "A column gave no answer, so there is nothing to vote on. Ask again, or change that column."
    return ""
