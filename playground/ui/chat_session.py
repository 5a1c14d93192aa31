"""What one open page holds of its conversation, as values that follow from each other. Knows no component."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field, replace

from ..conversation.archive import Conversation, joined
from ..conversation.growing import Reply
from ..conversation.jsonmode import repair_prompt
from ..conversation.output import unmasked
from ..errors import ProviderError
from ..types import Contender, Message, Options

GO_ON = "Go on exactly where your last message stopped. Do not repeat anything and do not comment."


def new_id() -> str:
    return secrets.token_hex(8)


def new_conversation() -> Conversation:
    now = time.time()
    return Conversation(new_id(), created=now, updated=now)


@dataclass(frozen=True, slots=True)
class Asking:
    """Who is to answer, and how.

    `contender` is what the page shows, with the variables of its prompt; `sent` has them filled in. With a `problem`
    nothing can be sent.
    """

    contender: Contender
    sent: Contender
    options: Options = field(default_factory=Options)
    problem: ProviderError | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """The conversation, and while an answer is written: the question it answers, and the answer so far.

    `asking` says who answers, and how. `cut` is an earlier part of the same answer, where it goes on after it was cut.
    `saved` counts the turns that the page's script has been told of. `run` names this answering, and no other.
    """

    conversation: Conversation = field(default_factory=new_conversation)
    question: int | None = None
    reply: Reply | None = None
    cut: Reply | None = None
    saved: int = 0
    asking: Asking | None = None
    run: str = ""

    @property
    def running(self) -> bool:
        return self.question is not None

    def asked(self, message: Message) -> Session:
        """A new question at the end of what is in view."""
        conversation = self.conversation.said(message, under=self.conversation.leaf)
        return replace(self, conversation=conversation).answering(conversation.leaf)

    def answering(self, question: int | None) -> Session:
        """The question at that place is to be answered, whatever answers it already has."""
        conversation = self.conversation.ending(question)
        return replace(self, conversation=conversation, question=question, reply=None, cut=None, run=new_id())

    def retried(self, at: int) -> Session:
        """Another answer in the place of the turn at `at`; a question is answered anew."""
        turn = self.conversation.turns[at]
        return self.answering(at if turn.message.role == "user" else turn.parent)

    def edited(self, at: int, text: str) -> Session:
        """Another wording of a turn. A question is to be answered; an answer stands as it was written.

        Whoever edits an answer sees masks in the place of keys: where one still stands the key stays what it was.
        """
        old = self.conversation.turns[at]
        text = unmasked(text, old.message.content) if old.message.role == "assistant" else text
        conversation = self.conversation.said(replace(old.message, content=text), under=old.parent)
        changed = replace(self, conversation=conversation)
        return changed.answering(conversation.leaf) if old.message.role == "user" else changed.touched()

    def going_on(self, at: int) -> Session:
        """The answer at `at` was cut and is to be written on."""
        turn = self.conversation.turns[at]
        return replace(self.answering(turn.parent), cut=turn.reply)

    def repairing(self, at: int) -> Session:
        """The JSON answer at `at` does not fit and is to be given once more, with what is wrong with it."""
        wrong = (reply := self.conversation.turns[at].reply) and reply.violations
        ends = replace(self, conversation=self.conversation.ending(at))
        return ends.asked(Message("user", repair_prompt(wrong or ())))

    def undone(self) -> tuple[Session, Message]:
        """Without the last question and its answer in view, and the question with its pictures."""
        conversation = self.conversation
        for at in reversed(conversation.path()):
            turn = conversation.turns[at]
            if turn.message.role == "user":
                return replace(self, conversation=conversation.ending(turn.parent)), turn.message
        return self, Message("user", "")

    def forked(self, at: int) -> Session:
        """A new conversation that goes on from the turn at `at`; the old one stays as it is."""
        return Session(self.conversation.forked(at, new_id())).touched()

    def renamed(self, title: str) -> Session:
        return replace(self, conversation=replace(self.conversation, title=title))

    def history(self) -> list[Message]:
        """What the model is to answer now, the question last."""
        messages = self.conversation.messages(self.question)
        if self.cut is None:
            return messages
        return [*messages, Message("assistant", self.cut.text), Message("user", GO_ON)]

    def shown_reply(self) -> Reply | None:
        """The answer so far, with the part from before it was cut."""
        return joined(self.cut, self.reply) if self.cut and self.reply else self.reply

    def settled(self, contender: Contender) -> Session:
        """The answer, as far as it came, is part of the conversation."""
        if self.question is None:
            return self
        reply = self.shown_reply() or (self.cut and replace(self.cut, begun=len(self.cut.text)))
        conversation = replace(self.conversation, contender=contender)
        if reply is not None:
            conversation = conversation.said(Message("assistant", reply.text), reply, under=self.question)
        return Session(conversation, saved=self.saved).touched()

    def touched(self) -> Session:
        return replace(self, conversation=replace(self.conversation, updated=time.time()))
