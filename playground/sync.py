"""The bridge from blocking callers to the async core: one event loop in a thread. Knows no vendor and no page."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Coroutine, Generator, Iterable, Mapping
from functools import cache
from typing import Any, TypeVar, cast

from .api.chat import model_card
from .compose import Composition, compose
from .conversation.context import trim
from .conversation.growing import Reply
from .errors import ProviderError
from .models import pricing, tokens
from .settings import load_settings
from .types import Contender, Message, SamplingParams, Usage

T = TypeVar("T")
ROLES = ("system", "user", "assistant")


@cache
def _composition() -> Composition:
    composition = compose(load_settings())
    composition.open_ledger()
    return composition


@cache
def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="playground", daemon=True).start()
    return loop


def _run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run_coroutine_threadsafe(work, _loop()).result()


def _each(values: AsyncGenerator[T]) -> Generator[T]:
    """The values of an async generator, one by one; leaving early closes it."""
    end = object()
    try:
        while (value := _run(_next(values, end))) is not end:
            yield cast(T, value)
    finally:
        _run(values.aclose())


async def _next(values: AsyncGenerator[T], end: object) -> T | object:
    return await anext(values, end)


def growing(
    model_id: str,
    messages: Iterable[Mapping[str, str]],
    temperature: float | None,
    top_p: float | None,
    max_tokens: int | None,
) -> Generator[Reply]:
    """Ever longer replies, the last one done. Raises ProviderError after the last one where it failed."""
    given = _messages(messages)
    system = "\n\n".join(message.content for message in given if message.role == "system")
    sampling = SamplingParams(temperature=temperature, top_p=top_p, max_tokens=max_tokens)
    history = [message for message in given if message.role != "system"]
    for reply in _each(_composition().backends.reply(Contender(model_id, system, sampling), history)):
        yield reply
        if reply.error:
            raise reply.error


def last(
    model_id: str,
    messages: Iterable[Mapping[str, str]],
    temperature: float | None,
    top_p: float | None,
    max_tokens: int | None,
) -> Reply:
    """The finished reply. Raises ProviderError where it failed."""
    *_, reply = growing(model_id, messages, temperature, top_p, max_tokens)
    return reply


def model_cards() -> dict[str, dict[str, Any]]:
    return {model.id: model_card(model) for model in _composition().backends.catalog.models.values()}


def count(text: str, model_id: str) -> int:
    composition = _composition()
    model = composition.backends.catalog.get(model_id)
    if model.provider == "local" and composition.local is not None:
        return _run(composition.local.count(text))
    return tokens.count_for(model, text).tokens


def cost_of(model_id: str, input_tokens: int, output_tokens: int) -> float | None:
    return pricing.cost(_composition().backends.catalog.get(model_id), Usage(input_tokens, output_tokens))


def fitted(messages: Iterable[Mapping[str, str]], max_tokens: int) -> list[dict[str, str]]:
    given = _messages(messages)
    sizes = [tokens.count(message.content, "o200k_base") for message in given]
    return [{"role": message.role, "content": message.content} for message in trim(given, sizes, max_tokens).messages]


def _messages(messages: Iterable[Mapping[str, str]]) -> list[Message]:
    parsed: list[Message] = []
    for at, message in enumerate(messages):
        role = message.get("role")
        if role not in ROLES or not isinstance(message.get("content"), str):
            raise ProviderError(
                "bad_request",
                f"messages[{at}] must be a dict with role system, user or assistant, and content as text.",
            )
        parsed.append(Message(role, message["content"]))
    return parsed
