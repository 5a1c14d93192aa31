"""A conversation as a value: a tree of turns with one branch in view. Pure; knows no page, no file and no provider.

Nothing is ever taken out: a retry, an edit or an undo only moves to another branch of the tree.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from statistics import median

from ..types import Contender, Message, TokenLogprob, Usage
from .growing import Reply

TITLE_LENGTH = 60
UNTITLED = "New conversation"


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of the tree; `parent` is the place of the turn it answers, None for a first one.

    `reply` is how an answer came about, None for a question and for an answer that somebody wrote or edited.
    `lost_images` counts pictures that it had when it was written, and that were too large to be kept; `lost_tokens`
    those of its tokens whose probabilities were too many to be kept.
    """

    parent: int | None
    message: Message
    reply: Reply | None = None
    lost_images: int = 0
    lost_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Totals:
    """What all answers of a conversation have cost, the ones out of view too. `cost` is in USD.

    `unpriced` counts answers whose price is unknown: they are not in `cost`. `cost_estimated` says that a part of it
    follows from tokens that nobody reported. `ttft_s` is the median of the times to the first token in seconds,
    `tokens_per_s` the output tokens after the first ones by the time that they took; None where nobody knows.
    """

    answers: int = 0
    usage: Usage = field(default_factory=Usage)
    cost: float = 0.0
    unpriced: int = 0
    cost_estimated: bool = False
    ttft_s: float | None = None
    tokens_per_s: float | None = None


@dataclass(frozen=True, slots=True)
class Conversation:
    """`turns` in the order they came, each known by its place; `leaf` is the last turn in view.

    `contender` is who answered last. Times are in seconds since 1970.
    """

    id: str
    title: str = ""
    turns: tuple[Turn, ...] = ()
    leaf: int | None = None
    contender: Contender = field(default_factory=lambda: Contender(""))
    created: float = 0.0
    updated: float = 0.0

    @property
    def name(self) -> str:
        """The title, or what the first question begins with."""
        if self.title:
            return self.title
        words = " ".join(self.turns[0].message.content.split()) if self.turns else ""
        short = words if len(words) <= TITLE_LENGTH else f"{words[: TITLE_LENGTH - 1].rstrip()}…"
        return short or UNTITLED

    def path(self, leaf: int | None = None) -> list[int]:
        """The places of the turns in view, or of the branch that ends in `leaf`, first one first."""
        at = self.leaf if leaf is None else leaf
        places: list[int] = []
        while at is not None:
            places.append(at)
            at = self.turns[at].parent
        return places[::-1]

    def messages(self, leaf: int | None = None) -> list[Message]:
        """What a model gets of the branch in view, or of the one that ends in `leaf`; an empty answer is left out."""
        found = (self.turns[at].message for at in self.path(leaf))
        return [message for message in found if message.role != "assistant" or message.content.strip()]

    def siblings(self, at: int) -> list[int]:
        """The turns that stand where this one stands, itself among them."""
        role = self.turns[at].message.role
        same = self._children(self.turns[at].parent)
        return [one for one in same if self.turns[one].message.role == role]

    def said(self, message: Message, reply: Reply | None = None, *, under: int | None) -> Conversation:
        """One more turn after `under` (None: as a first one), and in view."""
        return replace(self, turns=(*self.turns, Turn(under, message, reply)), leaf=len(self.turns))

    def ending(self, leaf: int | None) -> Conversation:
        """The same with another last turn in view, None for an empty page."""
        return replace(self, leaf=leaf)

    def switched(self, at: int, step: int) -> Conversation:
        """With the sibling of `at` that is `step` further on in view, and what was said after it last."""
        places = self.siblings(at)
        leaf = places[(places.index(at) + step) % len(places)]
        while after := self._children(leaf):
            leaf = after[-1]
        return self.ending(leaf)

    def forked(self, at: int, conversation_id: str) -> Conversation:
        """A conversation of its own with the branch up to `at`."""
        places = self.path(at)
        turns = tuple(replace(self.turns[old], parent=new - 1 if new else None) for new, old in enumerate(places))
        return replace(self, id=conversation_id, title=f"{self.name} (fork)", turns=turns, leaf=len(turns) - 1)

    def totals(self) -> Totals:
        known = {at: turn.reply for at, turn in enumerate(self.turns) if turn.reply and turn.reply.usage}
        befores = {at: before for at in known if (before := self._goes_on_from(at)) in known}
        own = [_beyond(reply, known[befores[at]]) if at in befores else reply for at, reply in known.items()]
        whole = [reply for at, reply in known.items() if at not in befores.values()]
        waits = [reply.ttft_s for reply in whole if reply.ttft_s is not None]
        return Totals(
            answers=len(whole),
            usage=sum_usage(reply.usage for reply in own),
            cost=sum(reply.cost or 0.0 for reply in own),
            unpriced=sum(reply.cost is None for reply in whole),
            cost_estimated=any(reply.cost and reply.usage and reply.usage.estimated for reply in whole),
            ttft_s=median(waits) if waits else None,
            tokens_per_s=_tokens_per_s(whole),
        )

    def _goes_on_from(self, at: int) -> int | None:
        """The place of the answer that was cut and went on as this one, which has all that it took."""
        turn = self.turns[at]
        if turn.reply is None or not turn.reply.begun:
            return None
        begun = turn.message.content[: turn.reply.begun]
        alike = (one for one in self._children(turn.parent) if one < at and self.turns[one].message.content == begun)
        return max(alike, default=None)

    def _children(self, parent: int | None) -> list[int]:
        return [at for at, turn in enumerate(self.turns) if turn.parent == parent]


def sum_usage(usages: Iterable[Usage | None]) -> Usage:
    return sum((usage for usage in usages if usage is not None), Usage())


def _tokens_per_s(replies: Iterable[Reply]) -> float | None:
    """As of one answer, over all that say it of themselves."""
    written = seconds = 0.0
    for reply in replies:
        speed = reply.usage and reply.usage.tokens_per_s(reply.ttft_s, reply.duration_s)
        if speed and reply.usage:
            written += reply.usage.output_tokens - 1
            seconds += (reply.usage.output_tokens - 1) / speed
    return written / seconds if seconds else None


def _beyond(reply: Reply, before: Reply) -> Reply:
    """An answer with no more than what it took after the part that it goes on from."""
    cost = reply.cost if reply.cost is None or before.cost is None else reply.cost - before.cost
    return replace(reply, usage=reply.usage and before.usage and reply.usage - before.usage, cost=cost)


def joined(before: Reply, rest: Reply) -> Reply:
    """An answer that was cut, and what followed when it was asked to go on, as one answer.

    `rest` says what is wrong with the whole as JSON: it was checked with what it goes on from.
    """
    costs = (before.cost, rest.cost)
    return replace(
        rest,
        text=before.text + rest.text,
        thinking=before.thinking or rest.thinking,
        thinking_s=before.thinking_s if before.thinking else rest.thinking_s,
        tokens=_tokens_of(before, rest),
        violations=rest.violations if rest.text else before.violations,
        begun=len(before.text),
        usage=sum_usage((before.usage, rest.usage)) if rest.usage else before.usage,
        ttft_s=before.ttft_s,
        duration_s=before.duration_s + rest.duration_s,
        cost=None if rest.usage and None in costs else sum(cost or 0.0 for cost in costs),
    )


def _tokens_of(before: Reply, rest: Reply) -> tuple[TokenLogprob, ...]:
    """Those of both parts, none where they would be of one part of the text alone."""
    whole = all(part.tokens or not part.text for part in (before, rest))
    return (*before.tokens, *rest.tokens) if whole else ()
