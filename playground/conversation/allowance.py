"""May this be asked, and what has it come to: the seam between answers and whoever guards the owner's money.

Knows no database, no address and no page. Who is asking travels in a context variable, because it concerns every
call and none of the functions between the door and the provider.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol

from ..models import tokens
from ..models.image_tokens import image_tokens
from ..models.pricing import cost
from ..types import ModelSpec, Request, Usage
from .growing import Reply
from .prepare import MOST_OVERHEAD

# What a provider adds to the prompt to hold an answer to a schema, in tokens: more than any is known to.
SCHEMA_OVERHEAD = 1024
# A foreign tokenizer makes up to twice as many tokens as are counted here (see models/tokens.py).
FOREIGN = 2
# Tokens may have been made and not have arrived. Of every other error nobody has billed a token before the first.
MAY_BE_BILLED = frozenset({"blocked", "timeout", "truncated", "protocol"})


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks, as nearly as anybody knows: a network address, and a page or program there."""

    address: str = ""
    session: str = ""


NOBODY = Visitor()
ASKING: ContextVar[Visitor] = ContextVar("asking", default=NOBODY)
# How whoever asks takes a turn before a model works, where no turn has been taken at the door; it raises what refuses.
TURN: ContextVar[Callable[[], Awaitable[None]] | None] = ContextVar("turn", default=None)


class Grant(Protocol):
    """Leave to ask once. `settle` is called exactly once, when the answer has ended in whatever way."""

    async def settle(self, usd: float | None) -> None:
        """`usd` is what it came to; None means that nobody knows, and that the most it can be is taken."""
        ...


class Allowance(Protocol):
    """Who may ask what. One per process."""

    async def grant(self, request: Request, key: str | None) -> Grant:
        """Leave to send `request`, with the reader's own `key` if there is one. Raises ProviderError."""
        ...

    async def admit(self, tokens: int) -> None:
        """Leave for the embedded model to work outside of an answer, as much as for `tokens`. Raises ProviderError."""
        ...


class Free:
    """Leave for everything: the allowance and the grant of a playground that nobody has limited."""

    async def grant(self, request: Request, key: str | None) -> Grant:  # noqa: ARG002
        return self

    async def admit(self, tokens: int) -> None:
        pass

    async def settle(self, usd: float | None) -> None:
        pass


def most_tokens(request: Request) -> Usage | None:
    """The most that a request can use: no tokenizer makes more tokens than bytes. None where its answer is unbounded.

    A picture is taken for twice what its vendor's formula says. An answer is bounded by max_tokens, else by what the
    model can write, else by its window.
    """
    model = request.model
    answer = request.sampling.max_tokens or model.max_output_tokens or model.context_window
    if answer is None:
        return None
    asked = sum(len(message.content.encode("utf-8")) + MOST_OVERHEAD for message in request.messages)
    pictures = (picture for message in request.messages for picture in message.images)
    asked += sum(FOREIGN * image_tokens(model.family, picture) for picture in pictures)
    if request.json_schema is not None:
        asked += len(json.dumps(request.json_schema)) + SCHEMA_OVERHEAD
    return Usage(asked, answer)


def bill(request: Request, reply: Reply) -> float | None:
    """USD that an answer came to, None where only its provider knows.

    What the provider reported is taken as it is. Where it reported nothing (a stop, a broken line) what arrived is
    counted here and doubled for a foreign tokenizer; a model that thinks unseen may have written anything.
    """
    if reply.usage is not None and not reply.usage.estimated:
        return reply.cost
    arrived = bool(reply.text or reply.thinking)
    if reply.error is not None and not arrived and reply.error.kind not in MAY_BE_BILLED:
        return 0.0
    if _thinks(request.model):
        return None
    counted = reply.usage or Usage(
        tokens.count_messages(request.model, request.messages).tokens,
        sum(tokens.count_for(request.model, part).tokens for part in (reply.text, reply.thinking)),
    )
    factor = 1 if request.model.family.encoding_exact else FOREIGN
    return cost(request.model, Usage(counted.input_tokens * factor, counted.output_tokens * factor))


def _thinks(model: ModelSpec) -> bool:
    return bool(model.family.efforts) or model.family.thinking != "none"
