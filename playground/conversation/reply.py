"""Contender + history -> a growing Reply. Knows neither wire formats nor pages."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..errors import ProviderError
from ..models import tokens
from ..models.catalog import Catalog
from ..models.learned import Learned
from ..models.pricing import cost
from ..providers.base import Deadlines, Load, Provider, Pump, drive
from ..types import (
    Contender,
    Finished,
    Message,
    ModelSpec,
    Options,
    Request,
    Started,
    Usage,
)
from . import jsonmode, meter
from .allowance import Allowance, Free, Grant, bill
from .growing import Growing, Reply
from .prepare import Count, Limits, Prepared, prepare, sent_names

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Backends:
    """What a reply needs of the world: the catalog, who serves it, exact counters where there are any, and who may ask.

    `counters` maps a provider to a function that returns the tokens of each message, its overhead included;
    `exact_now` says whether that function counts by now, or still estimates. `learned` is what providers refused.
    """

    catalog: Catalog
    providers: Mapping[str, Provider]
    counters: Mapping[str, Count] = field(default_factory=dict[str, Count])
    exact_now: Mapping[str, Callable[[], bool]] = field(default_factory=dict[str, Callable[[], bool]])
    deadlines: Deadlines = field(default_factory=Deadlines)
    limits: Limits = field(default_factory=Limits)
    allowance: Allowance = field(default_factory=Free)
    learned: Learned = field(default_factory=Learned)
    load: Load = field(default_factory=Load)

    async def reply(
        self,
        contender: Contender,
        history: Sequence[Message],
        *,
        key: str | None = None,
        options: Options = Options(),
        ended: asyncio.Event | None = None,
        begun: str = "",
    ) -> AsyncGenerator[Reply]:
        """Yields the latest Reply each time it is asked and something is new; the last one is `done`.

        The reader sets the pace: between two looks the answer goes on growing in a task of its own.
        `ended` is set once nothing more will come, for readers that rest between two looks. `begun` is the part of the
        answer that is there and is to be written on: the rest of a JSON text is no JSON, so nobody is told to write
        some, and both parts are checked together.
        Closing the generator cancels that task, which closes the upstream socket. A failure is a Reply
        with `error`, never an exception.
        """
        shown = Reply(contender.model)
        key = (key and key.strip()) or None
        try:
            model = self.catalog.get(contender.model)
            asked = replace(options, json_schema=None, json_mode=False) if begun else options
            prepared = await self.prepared(model, contender, history, key=key, options=asked)
            grant = await self.allowance.grant(prepared.request, key)
        except Exception as error:
            yield replace(shown, error=_as_provider_error(error))
            return
        request = prepared.request
        answer = Growing(replace(shown, left_out=prepared.left_out, strategy=options.strategy))
        last: Reply | None = None
        pump = Pump(drive(self.providers[model.provider], request, key, self.deadlines), self.load, ended)
        try:
            async with pump:
                try:
                    async for batch in pump:
                        before = answer.status
                        for event in batch:
                            answer.take(event)
                        # A start alone is nothing to see, and whoever saw it would rest before the first word.
                        is_news = answer.status != before or not all(isinstance(event, Started) for event in batch)
                        if is_news and answer.finished is None:
                            yield answer.now(pump)
                    whole = self._ended(answer.now(pump), request, finished=answer.finished)
                    last = await _checked(whole, options, begun)
                except Exception as error:
                    self._learn(request, error)
                    last = self._ended(answer.now(pump, ended=True), request, error=_as_provider_error(error))
                # What it came to is written down before its end is told: whoever asks next finds it taken.
                await _settled(grant, request, last, own_key=key is not None)
                yield last
        finally:
            if last is None:  # stopped, or its reader has gone
                await _settled(grant, request, answer.now(pump), own_key=key is not None)

    async def prepared(
        self,
        model: ModelSpec,
        contender: Contender,
        history: Sequence[Message],
        *,
        key: str | None = None,
        options: Options = Options(),
    ) -> Prepared:
        """The request that `reply` would send. Raises ProviderError as `prepare` does."""
        count = self.counters.get(model.provider)
        learned = self.learned.of(model.id)
        return await prepare(model, contender, history, self.limits, count, key=key, options=options, learned=learned)

    async def reading(
        self, contender: Contender, history: Sequence[Message], *, options: Options = Options()
    ) -> meter.Reading:
        """What `reply` would take. Raises ProviderError for what would be refused for anything but its length."""
        model = self.catalog.get(contender.model)
        learned = self.learned.of(model.id)
        count = self.counters.get(model.provider)
        known = self.exact_now.get(model.provider)
        return await meter.read(
            model,
            contender,
            history,
            self.limits,
            count,
            options=options,
            learned=learned,
            counts_exactly=known is None or known(),
        )

    def _learn(self, request: Request, error: Exception) -> None:
        """A refusal that names a parameter we sent is remembered, so that the next try does without it."""
        if not isinstance(error, ProviderError) or error.kind != "unsupported_param" or error.param is None:
            return
        if error.param in sent_names(request):
            self.learned.note(request.model.id, error.param, self.catalog.providers[request.model.provider].label)

    def cut_off(self, contender: Contender, history: Sequence[Message], reply: Reply) -> Reply:
        """A reply that somebody stopped, with what it has cost so far as nearly as it can be counted here."""
        if reply.usage is not None or not (reply.text or reply.thinking):
            return reply
        model = self.catalog.get(contender.model)
        usage = _estimated(model, (Message("system", contender.system_prompt), *history), reply)
        return replace(reply, usage=usage, cost=cost(model, usage), status="")

    async def refusal(self, contender: Contender, history: Sequence[Message]) -> ProviderError | None:
        """Why this cannot be asked, found without asking; None if it can."""
        try:
            await self.prepared(self.catalog.get(contender.model), contender, history)
        except Exception as error:
            return _as_provider_error(error)
        return None

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
            usage = _estimated(request.model, request.messages, reply)
        return replace(
            reply,
            usage=usage,
            cost=cost(request.model, usage) if usage else None,
            finish_reason=finished.reason if finished else None,
            detail=finished.detail if finished else "",
            error=error,
            status="",
        )


async def _settled(grant: Grant, request: Request, reply: Reply, *, own_key: bool) -> None:
    """Settles even if this task is cancelled a second time; a failure to settle costs nobody the answer."""

    async def settle() -> None:
        try:
            usd = bill(request, reply)
            log.info("answered", extra={"counts": {**_counts(request, reply, usd), "own_key": own_key}})
            await grant.settle(usd)
        except Exception as error:
            log.error("a bill could not be settled", exc_info=error)

    task = asyncio.ensure_future(settle())
    _SETTLING.add(task)
    task.add_done_callback(_SETTLING.discard)
    await asyncio.shield(task)


def _counts(request: Request, reply: Reply, usd: float | None) -> dict[str, object]:
    """What the log says of an answer: who gave it, how it ended, what it took. No word of it."""
    usage = reply.usage
    return {
        "provider": request.model.provider,
        "model": request.model.id,
        "ended": reply.error.kind if reply.error else reply.finish_reason or "stopped",
        "tokens_in": usage.input_tokens if usage else None,
        "tokens_out": usage.output_tokens if usage else None,
        "usd": usd,
    }


# A loop holds its tasks weakly.
_SETTLING: set[asyncio.Task[None]] = set()


async def _checked(reply: Reply, options: Options, begun: str) -> Reply:
    """With what is wrong about it as JSON, after what was `begun`; off the loop, because a schema can take its time."""
    if not options.json_mode:
        return reply
    wrong = await asyncio.to_thread(jsonmode.violations, begun + reply.text, options.json_schema)
    return replace(reply, violations=wrong)


def _as_provider_error(error: Exception) -> ProviderError:
    """A failure of our own is told like any other, so that nobody loses what had arrived; the log has the rest."""
    if isinstance(error, ProviderError):
        return error
    log.error("a reply failed", exc_info=error)
    text = f"The playground itself failed on this answer ({type(error).__name__}). What had arrived is kept; try again."
    return ProviderError("server", text)


def _estimated(model: ModelSpec, messages: Sequence[Message], reply: Reply) -> Usage:
    """What the provider did not report, counted here; thinking is part of the output."""
    text, thinking = (tokens.count_for(model, part).tokens for part in (reply.text, reply.thinking))
    asked = tokens.count_messages(model, messages).tokens
    return Usage(asked, text + thinking, 0, thinking, estimated=True)
