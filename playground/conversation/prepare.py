"""A contender and a history -> the request that goes out, or why none may. Asks no provider."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..errors import ProviderError
from ..models import tokens
from ..models.capabilities import fit
from ..settings import is_sendable
from ..types import Contender, Message, ModelSpec, Request, SamplingParams
from .context import trim

Count = Callable[[Sequence[Message]], Awaitable[list[int]]]

# Room kept for an answer whose length nobody limited, in tokens.
RESERVE_TOKENS = 1024
UNKNOWN_WINDOW = 2**31
# More than any chat format puts around one message, in tokens.
MOST_OVERHEAD = 32


@dataclass(frozen=True, slots=True)
class Limits:
    """The owner's own limits for one request, in tokens; None is no limit."""

    input_tokens: int | None = None
    output_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """What goes out, and how many messages of the history did not fit."""

    request: Request
    left_out: int


async def prepare(
    model: ModelSpec,
    contender: Contender,
    history: Sequence[Message],
    limits: Limits,
    count: Count | None = None,
    *,
    key: str | None = None,
    json_schema: Mapping[str, Any] | None = None,
) -> Prepared:
    """Checks, drops what the model does not take, trims the history. Raises ProviderError for what must not be sent.

    `count` returns the exact tokens of each message where somebody knows them; else they are estimated.
    """
    check_available(model, key)
    if json_schema is not None and not model.family.json_schema:
        text = f"{model.name} cannot be held to a JSON schema: leave it out, or choose another model."
        raise ProviderError("unsupported_param", text, param="json_schema")
    system = (Message("system", contender.system_prompt),) if contender.system_prompt.strip() else ()
    messages = (*system, *history)
    check_messages(messages)
    sampling, dropped = fit(model, _limited(contender.sampling, limits))
    budget = _budget(model, sampling, limits)
    if surely_fits(messages, budget):
        return Prepared(Request(model, messages, sampling, dropped, json_schema), 0)
    sizes = await (count(messages) if count else _estimate(model, messages))
    trimmed = trim(messages, sizes, budget)
    if trimmed.tokens > budget:
        raise ProviderError(
            "context_length",
            f"The message is too long: about {trimmed.tokens:,} tokens, and {model.name} has room for {budget:,}. "
            "Shorten it, or choose a model with a larger window.",
        )
    return Prepared(Request(model, trimmed.messages, sampling, dropped, json_schema), trimmed.left_out)


def surely_fits(messages: Sequence[Message], budget: int) -> bool:
    """Whether a conversation fits without being counted: no tokenizer makes more tokens than there are bytes."""
    return sum(len(message.content.encode("utf-8")) + MOST_OVERHEAD for message in messages) <= budget


def check_available(model: ModelSpec, key: str | None) -> None:
    """Raises ProviderError `auth` for a model that nobody here can pay for, naming the variable to set."""
    if key is not None and not is_sendable(key):
        raise ProviderError("auth", "The key holds a space or a character that no key has: copy it once more.")
    if model.available or key:
        return
    reason = model.reason or "not configured"
    if reason.startswith("needs "):
        text = f"{model.name} {reason}: set it in .env or the environment, and start again."
    else:
        text = f"{model.name} is {reason}."
    raise ProviderError("auth", text)


def check_messages(messages: Sequence[Message]) -> None:
    """Raises ProviderError `bad_request` for a conversation that asks nothing or cannot be sent as UTF-8."""
    turns = [message for message in messages if message.role != "system"]
    if not turns:
        raise ProviderError("bad_request", "There is no question: add a message with the role user.")
    if turns[-1].role != "user":
        raise ProviderError("bad_request", "The last message must be the user's: it is what the model answers.")
    if not turns[-1].content.strip():
        raise ProviderError("bad_request", "The message is empty: write something to send.")
    for message in messages:
        try:
            message.content.encode("utf-8")
        except UnicodeEncodeError as error:
            raise ProviderError(
                "bad_request",
                f"The {message.role} message has half a character at position {error.start} (a lone surrogate, "
                "which no text can hold): remove it and send again.",
            ) from None


def _limited(sampling: SamplingParams, limits: Limits) -> SamplingParams:
    if limits.output_tokens is None:
        return sampling
    wanted = limits.output_tokens if sampling.max_tokens is None else sampling.max_tokens
    return replace(sampling, max_tokens=min(wanted, limits.output_tokens))


def _budget(model: ModelSpec, sampling: SamplingParams, limits: Limits) -> int:
    """Tokens that the prompt may take: the window less room for the answer, and never over the owner's limit.

    An answer never claims more than half of the window, so that a large max_tokens does not shut the prompt out.
    """
    window = model.context_window or UNKNOWN_WINDOW
    reserve = min(sampling.max_tokens or min(RESERVE_TOKENS, window // 4), window // 2)
    return min(window - reserve, limits.input_tokens or UNKNOWN_WINDOW)


async def _estimate(model: ModelSpec, messages: Sequence[Message]) -> list[int]:
    # Off the loop: the first count loads a vocabulary, and a long history takes its time.
    return await asyncio.to_thread(lambda: [tokens.message_size(model, message) for message in messages])
