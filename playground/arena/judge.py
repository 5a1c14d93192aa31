"""A model of the catalog as judge of finished battles: what that will cost, then vote after vote. Knows no SQL.

Its votes have the source `judge` and a board of their own: pooled with people's they would drown them, and the
interval would be one around the judge's taste.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from ..conversation.growing import Reply
from ..conversation.prepare import check_available
from ..conversation.reply import Backends
from ..errors import ErrorKind, ProviderError
from ..models import pricing, tokens
from ..types import Contender, Message, ModelSpec, Options, SamplingParams, Usage
from .judging import ORDERS, SCHEMA, comparable, outcome, question, ruling
from .records import ArenaError, Seat

if TYPE_CHECKING:
    from .votes import Votes

AT_ONCE = 4  # battles; each is two calls
PAGE = 50
SAMPLE = 200  # battles that are read for an estimate
VERDICT_TOKENS = 12
THINKING_TOKENS = 400  # a guess; only the model knows how long it will think
LONGEST_VERDICT = 200
MOST_FAILED = 5  # battles in a row
# Every further call would end like this one.
HOPELESS: frozenset[ErrorKind] = frozenset({"auth", "permission", "not_found", "quota", "unsupported_param"})
# Says something about one battle, not about the service.
OF_THE_BATTLE: frozenset[ErrorKind] = frozenset({"context_length", "blocked", "bad_request"})


@dataclass(frozen=True, slots=True)
class Estimate:
    """What judging would take. All but `battles` and `calls` are approximate; `cost` in USD, None: price unknown.

    `own`: the share of the battles in which the judge's own model answers on a side.
    """

    model: str
    battles: int
    calls: int
    input_tokens: int
    output_tokens: int
    cost: float | None
    own: float


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is. `judged` have a vote now; `unjudged` have none, because a reply could not be read or failed.

    `cost` is in USD for the calls that ended, None once one of them has no known price. `error` is what ended it early.
    """

    battles: int
    judged: int = 0
    unjudged: int = 0
    ties: int = 0
    cost: float | None = 0.0
    error: str = ""

    @property
    def done(self) -> int:
        return self.judged + self.unjudged


async def estimate(backends: Backends, votes: Votes, model_id: str, limit: int) -> Estimate:
    """What it takes to judge the newest unjudged battles, `limit` at most. Asks no provider.

    Raises ProviderError for a model that is not there or cannot be used here.
    """
    model = _usable(backends, model_id)
    battles = await asyncio.to_thread(votes.count_unjudged, limit)
    sample = [one async for one in _unjudged(votes, min(limit, SAMPLE))]
    asked = own = 0
    for battle in sample:
        read = await asyncio.to_thread(votes.battle, battle)
        known = await asyncio.to_thread(votes.contenders, [read.a, read.b])
        own += any(one.contender.model == model.id for one in known.values())
        system, message = question(comparable(read.turns), "a", secrets.token_hex(8))
        asked += tokens.count_messages(model, (Message("system", system), message)).tokens
    calls = battles * len(ORDERS)
    used = Usage(round(asked / len(sample) * calls) if sample else 0, calls * _written(model))
    share = own / len(sample) if sample else 0.0
    return Estimate(model.name, battles, calls, used.input_tokens, used.output_tokens, pricing.cost(model, used), share)


async def judge(
    backends: Backends, votes: Votes, model_id: str, limit: int, at_once: int = AT_ONCE
) -> AsyncGenerator[Progress]:
    """Judges the newest unjudged battles, `limit` at most, and yields after each; each vote is kept at once.

    Closing the generator stops it: what is judged stays, and the next run goes on from there. Raises ProviderError for
    a model that cannot be used; a service that fails ends it with `Progress.error`.
    """
    model = _usable(backends, model_id)
    progress = Progress(await asyncio.to_thread(votes.count_unjudged, limit))
    yield progress
    running: set[asyncio.Task[_Judged]] = set()
    failed = 0
    try:
        async with aclosing(_unjudged(votes, limit)) as waiting:
            while True:
                while len(running) < at_once and (battle := await anext(waiting, None)) is not None:
                    running.add(asyncio.create_task(_judge_one(backends, votes, model, battle)))
                if not running:
                    return
                ended, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for one in (task.result() for task in ended):
                    progress = one.added_to(progress)
                    failed = failed + 1 if one.error and one.error.kind not in OF_THE_BATTLE else 0
                    if one.error and (one.error.kind in HOPELESS or failed >= MOST_FAILED):
                        progress = replace(progress, error=one.error.message)
                yield progress
                if progress.error:
                    return
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


@dataclass(frozen=True, slots=True)
class _Judged:
    """What became of one battle."""

    voted: bool
    tie: bool
    cost: float | None
    error: ProviderError | None

    def added_to(self, progress: Progress) -> Progress:
        return replace(
            progress,
            judged=progress.judged + self.voted,
            unjudged=progress.unjudged + (not self.voted),
            ties=progress.ties + self.tie,
            cost=None if progress.cost is None or self.cost is None else progress.cost + self.cost,
        )


async def _judge_one(backends: Backends, votes: Votes, model: ModelSpec, battle_id: str) -> _Judged:
    turns = comparable((await asyncio.to_thread(votes.battle, battle_id)).turns)
    if not turns:
        return _Judged(voted=False, tie=False, cost=0.0, error=None)
    asked = [question(turns, first, secrets.token_hex(8)) for first in ORDERS]
    replies = await asyncio.gather(*(_reply(backends, model, system, message) for system, message in asked))
    costs = [0.0 if reply.usage is None else reply.cost for reply in replies]
    cost = None if None in costs else sum(one for one in costs if one is not None)
    error = next((reply.error for reply in replies if reply.error), None)
    said: dict[Seat, str] = {first: reply.text for first, reply in zip(ORDERS, replies, strict=True) if not reply.error}
    found = outcome({first: ruling(text) for first, text in said.items()})
    if found is not None:
        try:
            await asyncio.to_thread(partial(votes.cast, battle_id, found, model.id, source="judge"))
        except ArenaError:  # judged by somebody else meanwhile, or not open any more
            found = None
    return _Judged(found is not None, found == "tie", cost, error)


async def _reply(backends: Backends, model: ModelSpec, system: str, message: Message) -> Reply:
    # A model that thinks needs room for it, and how much nobody can say.
    most = LONGEST_VERDICT if model.family.thinking == "none" else None
    contender = Contender(model.id, system, SamplingParams(temperature=0.0, max_tokens=most))
    last = Reply(model.id)
    options = Options(json_mode=True, json_schema=SCHEMA) if model.family.json_schema else Options()
    async with aclosing(backends.reply(contender, [message], options=options)) as replies:
        async for reply in replies:
            last = reply
    return last


async def _unjudged(votes: Votes, limit: int) -> AsyncGenerator[str]:
    """Ids of unjudged battles, newest first, read a page at a time; one that stays unjudged does not come again."""
    after: tuple[float, str] | None = None
    while limit > 0 and (page := await asyncio.to_thread(votes.unjudged, min(limit, PAGE), after)):
        for created, battle in page:
            yield battle
            after = created, battle
        limit -= len(page)


def _usable(backends: Backends, model_id: str) -> ModelSpec:
    model = backends.catalog.get(model_id)
    check_available(model, None)
    return model


def _written(model: ModelSpec) -> int:
    return VERDICT_TOKENS + (0 if model.family.thinking == "none" else THINKING_TOKENS)
