"""Contender + history -> a growing Reply. Knows neither wire formats nor pages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any

from ..errors import ProviderError
from ..models import tokens
from ..models.capabilities import fit
from ..models.catalog import Catalog
from ..models.pricing import cost
from ..providers.base import Deadlines, Provider, Pump, drive
from ..types import (
    Contender,
    Event,
    Finished,
    FinishReason,
    Message,
    ModelSpec,
    Request,
    Started,
    TextDelta,
    ThinkingDelta,
    Usage,
    Waiting,
)
from .context import trim

DEFAULT_RESERVE_TOKENS = 1024


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer so far. It is done once `finish_reason` or `error` is set; text that came before an error stays.

    Seconds count from the moment the request went out. `cost` is in USD, None when the price is unknown.
    `dropped` names parameters that were set and not sent, `left_out` counts messages that did not fit the window,
    `status` says what is being waited for before the request can go out.
    """

    model: str
    text: str = ""
    thinking: str = ""
    usage: Usage | None = None
    finish_reason: FinishReason | None = None
    detail: str = ""
    ttft_s: float | None = None
    thinking_s: float | None = None
    duration_s: float = 0.0
    cost: float | None = None
    error: ProviderError | None = None
    dropped: tuple[str, ...] = ()
    left_out: int = 0
    status: str = ""

    @property
    def done(self) -> bool:
        return self.finish_reason is not None or self.error is not None


Replies = Callable[..., AsyncGenerator[Reply]]
Count = Callable[[Sequence[Message]], Awaitable[list[int]]]


@dataclass(frozen=True)
class Backends:
    """What a reply needs of the world: the catalog, who serves it, and exact counters where there are any.

    `counters` maps a provider to a function that returns the tokens of each message, its overhead included.
    """

    catalog: Catalog
    providers: Mapping[str, Provider]
    counters: Mapping[str, Count] = field(default_factory=dict[str, Count])
    deadlines: Deadlines = Deadlines()
    max_input_tokens: int | None = None
    max_output_tokens: int | None = None

    async def reply(
        self,
        contender: Contender,
        history: Sequence[Message],
        *,
        key: str | None = None,
        json_schema: Mapping[str, Any] | None = None,
    ) -> AsyncGenerator[Reply]:
        """Yields the latest Reply each time it is asked and something is new; the last one is `done`.

        The reader sets the pace: between two looks the answer goes on growing in a task of its own.
        Closing the generator cancels that task, which closes the upstream socket. A failure is a Reply
        with `error`, never an exception.
        """
        shown = Reply(contender.model)
        try:
            model = self.catalog.get(contender.model)
            request, left_out = await self._prepare(model, contender, history, key, json_schema)
        except ProviderError as error:
            yield replace(shown, error=error)
            return
        shown = replace(shown, left_out=left_out)
        answer = _Growing(shown)
        events = drive(self.providers[model.provider], request, key, self.deadlines)
        async with Pump(events) as pump:
            try:
                async for batch in pump:
                    for event in batch:
                        answer.take(event, pump.duration_s)
                    if answer.finished is None:
                        yield answer.now(pump)
            except ProviderError as error:
                yield self._ended(answer.now(pump), request, error=error)
                return
            yield self._ended(answer.now(pump), request, finished=answer.finished)

    async def _prepare(
        self,
        model: ModelSpec,
        contender: Contender,
        history: Sequence[Message],
        key: str | None,
        json_schema: Mapping[str, Any] | None,
    ) -> tuple[Request, int]:
        """(the request, messages left out). Raises ProviderError for what must not be sent."""
        if not model.available and not key:
            raise ProviderError("auth", _unavailable(model))
        if json_schema is not None and not model.family.json_schema:
            raise ProviderError(
                "unsupported_param", f"{model.name} cannot be held to a JSON schema.", param="json_schema"
            )
        system = (Message("system", contender.system_prompt),) if contender.system_prompt.strip() else ()
        messages = (*system, *history)
        check_messages(messages)
        wanted = contender.sampling
        if self.max_output_tokens:
            wanted = replace(
                wanted, max_tokens=min(wanted.max_tokens or self.max_output_tokens, self.max_output_tokens)
            )
        sampling, dropped = fit(model, wanted)
        window = min(model.context_window or 2**31, self.max_input_tokens or 2**31)
        reserve = min(sampling.max_tokens or DEFAULT_RESERVE_TOKENS, (model.context_window or 2**31) // 4)
        budget = min(window, (model.context_window or 2**31) - reserve)
        sizes = await self._sizes(model, messages)
        trimmed = trim(messages, sizes, budget)
        self._check_fits(model, trimmed.messages, dict(zip(map(id, messages), sizes, strict=True)), budget)
        return Request(model, trimmed.messages, sampling, dropped, json_schema), trimmed.left_out

    async def _sizes(self, model: ModelSpec, messages: Sequence[Message]) -> list[int]:
        counter = self.counters.get(model.provider)
        if counter is not None:
            return await counter(messages)
        # Off the loop: the first count loads a vocabulary, and a long history takes its time.
        return await asyncio.to_thread(lambda: [tokens.message_size(model, message) for message in messages])

    @staticmethod
    def _check_fits(model: ModelSpec, messages: Sequence[Message], sizes: Mapping[int, int], budget: int) -> None:
        needed = sum(sizes[id(message)] for message in messages)
        if needed > budget:
            raise ProviderError(
                "context_length",
                f"The message is too long: about {needed:,} tokens, and {model.name} has room for {budget:,}. "
                "Shorten it, or choose a model with a larger window.",
            )

    def _ended(
        self,
        reply: Reply,
        request: Request,
        *,
        finished: Finished | None = None,
        error: ProviderError | None = None,
    ) -> Reply:
        usage = finished.usage if finished else None
        if usage is None and (reply.text or reply.thinking or finished):
            usage = _estimated(request, reply)
        return replace(
            reply,
            usage=usage,
            cost=cost(request.model, usage) if usage else None,
            finish_reason=finished.reason if finished else None,
            detail=finished.detail if finished else "",
            error=error,
            status="",
        )


class _Growing:
    """Folds events into a Reply; text is kept in pieces and joined only when somebody looks."""

    def __init__(self, start: Reply) -> None:
        self._start = start
        self._text: list[str] = []
        self._thinking: list[str] = []
        self._thinking_s: float | None = None
        self.finished: Finished | None = None

    def take(self, event: Event, at_s: float) -> None:
        match event:
            case TextDelta():
                if self._thinking and self._thinking_s is None:
                    self._thinking_s = at_s
                self._text.append(event.text)
            case ThinkingDelta():
                self._thinking.append(event.text)
            case Started():
                self._start = replace(self._start, dropped=event.dropped, status="")
            case Waiting():
                self._start = replace(self._start, status=event.status)
            case Finished():
                self.finished = event

    def now(self, pump: Pump) -> Reply:
        self._text[:] = ["".join(self._text)]
        self._thinking[:] = ["".join(self._thinking)] if self._thinking else []
        return replace(
            self._start,
            text=self._text[0],
            thinking=self._thinking[0] if self._thinking else "",
            ttft_s=pump.ttft_s,
            thinking_s=self._thinking_s,
            duration_s=pump.duration_s,
        )


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


def _unavailable(model: ModelSpec) -> str:
    reason = model.reason or "is not configured"
    if reason.startswith("needs "):
        return f"{model.name} {reason}: set it in .env or the environment, and start again."
    return f"{model.name} is {reason}."


def _estimated(request: Request, reply: Reply) -> Usage:
    """What the provider did not report, counted here; thinking is part of the output."""
    encoded = (
        tokens.count_for(request.model, reply.text).tokens + tokens.count_for(request.model, reply.thinking).tokens
    )
    thinking = tokens.count_for(request.model, reply.thinking).tokens
    return Usage(tokens.count_messages(request.model, request.messages).tokens, encoded, 0, thinking, estimated=True)
