"""A contender and a history -> the request that goes out, or why none may. Asks no provider."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from ..errors import ProviderError
from ..models import tokens
from ..models.capabilities import fit
from ..models.image_tokens import image_tokens
from ..models.learned import NOTHING
from ..settings import is_sendable
from ..types import Contender, Message, ModelSpec, Options, Request, SamplingParams
from .context import trim
from .images import check_together
from .jsonmode import instruction

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
    options: Options = Options(),
    learned: Mapping[str, str] = NOTHING,
) -> Prepared:
    """Checks, drops what the model does not take, trims the history. Raises ProviderError for what must not be sent.

    `count` returns the exact tokens of each message where somebody knows them; else they are estimated.
    `learned` is what the provider has refused before.
    """
    check_available(model, key)
    request = fitted(model, contender, history, limits, options, learned)
    check_messages(request.messages)
    budget = budget_of(request, limits)
    if surely_fits(model, request.messages, budget):
        return Prepared(request, 0)
    sizes = await sizes_of(model, request.messages, count)
    trimmed = trim(request.messages, sizes, budget, options.strategy)
    if trimmed.tokens > budget:
        raise ProviderError("context_length", _too_long(model, len(history), trimmed.tokens, budget, options))
    return Prepared(replace(request, messages=trimmed.messages), trimmed.left_out)


def fitted(
    model: ModelSpec,
    contender: Contender,
    history: Sequence[Message],
    limits: Limits,
    options: Options = Options(),
    learned: Mapping[str, str] = NOTHING,
) -> Request:
    """The request as this model takes it, with the whole history. Raises ProviderError for what it cannot take.

    JSON is asked of the wire where it has a way for that, and in the system prompt where it has none or where the
    wire wants the word to be said as well; a schema without `json_mode` must be kept by the wire itself.
    """
    family, dropped = model.family, list[str]()
    native = "json_schema" not in learned
    schema = options.json_schema if family.json_schema and native else None
    if options.json_schema is not None and schema is None and not options.json_mode:
        text = f"{model.name} cannot be made to follow a JSON schema: remove the schema, or choose another model."
        raise ProviderError("unsupported_param", text, param="json_schema")
    told = options.json_mode and schema is None
    prompts = [contender.system_prompt] if contender.system_prompt.strip() else []
    system = "\n\n".join([*prompts, *([instruction(options.json_schema)] if told else [])])
    messages = (*((Message("system", system),) if system else ()), *history)
    sampling, refused = fit(model, _limited(model, contender.sampling, limits), learned)
    if options.logprobs is not None and (not family.logprobs or "logprobs" in learned):
        dropped.append("logprobs")
    messages, blind = _seen(model, messages)
    return Request(
        model,
        messages,
        sampling,
        (*refused, *dropped, *blind),
        schema,
        told and family.json_mode and native,
        None if dropped else options.logprobs,
    )


def budget_of(request: Request, limits: Limits) -> int:
    """Tokens that the prompt may take: the window less room for the answer, and never over the owner's limit.

    An answer never claims more than half of the window, so that a large max_tokens does not shut the prompt out.
    """
    window = request.model.context_window or UNKNOWN_WINDOW
    reserve = min(request.sampling.max_tokens or min(RESERVE_TOKENS, window // 4), window // 2)
    return min(window - reserve, limits.input_tokens or UNKNOWN_WINDOW)


async def sizes_of(model: ModelSpec, messages: Sequence[Message], count: Count | None = None) -> list[int]:
    """Tokens of each message, by `count` where there is one. Off the loop: the first count loads a vocabulary."""
    return await (count(messages) if count else asyncio.to_thread(tokens.sizes, model, messages))


def sent_names(request: Request) -> frozenset[str]:
    """The optional parameters that go out with a request, by our names."""
    optional = {
        "json_schema": request.json_schema is not None or request.json_mode,
        "logprobs": request.logprobs is not None,
    }
    return frozenset({*request.sampling.sent(), *(name for name, given in optional.items() if given)})


def surely_fits(model: ModelSpec, messages: Sequence[Message], budget: int) -> bool:
    """Whether a conversation fits without being counted: no tokenizer makes more tokens than there are bytes."""
    seen = sum(image_tokens(model.family, image) for message in messages for image in message.images)
    return seen + sum(len(message.content.encode("utf-8")) + MOST_OVERHEAD for message in messages) <= budget


def check_available(model: ModelSpec, key: str | None) -> None:
    """Raises ProviderError `auth` for a model that nobody here can pay for, naming the variable to set."""
    if key is not None and not is_sendable(key):
        raise ProviderError("auth", "The key contains a space or a character that no key has: copy it again.")
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
    if not turns[-1].content.strip() and not turns[-1].images:
        raise ProviderError("bad_request", "The message is empty: write something to send.")
    if any(message.images and message.role != "user" for message in messages):
        raise ProviderError("bad_request", "Only the user's messages can contain images: remove the others.")
    check_together([image for message in messages for image in message.images])
    for message in messages:
        if (at := tokens.half_character(message.content)) is not None:
            raise ProviderError(
                "bad_request",
                f"The {message.role} message contains half a character at position {at} (a lone surrogate, "
                "which no text can hold): remove it and send again.",
            )


def _limited(model: ModelSpec, sampling: SamplingParams, limits: Limits) -> SamplingParams:
    """Within the owner's limit, which stands in for what nobody has asked for; a model may write less than that."""
    if limits.output_tokens is None:
        return sampling
    least = min(limits.output_tokens, model.max_output_tokens or limits.output_tokens)
    wanted = least if sampling.max_tokens is None else sampling.max_tokens
    return replace(sampling, max_tokens=min(wanted, limits.output_tokens))


def _seen(model: ModelSpec, messages: tuple[Message, ...]) -> tuple[tuple[Message, ...], tuple[str, ...]]:
    """(messages as this model can see them, "images" where older ones had to go without theirs)."""
    if model.family.images or not any(message.images for message in messages):
        return messages, ()
    if messages[-1].images:
        raise ProviderError(
            "unsupported_param", f"{model.name} does not accept images: remove them, or choose a model that does."
        )
    return tuple(replace(message, images=()) if message.images else message for message in messages), ("images",)


def _too_long(model: ModelSpec, turns: int, size: int, budget: int, options: Options) -> str:
    room = f"about {size:,} tokens, and {model.name} has room for {budget:,}"
    if options.strategy == "stop" and turns > 1:
        return (
            f"The conversation is too long: {room}. Nothing was left out, as you chose: start a new conversation, "
            "choose a model with a larger context window, or let messages be left out."
        )
    return f"The message is too long: {room}. Shorten it, or choose a model with a larger context window."
