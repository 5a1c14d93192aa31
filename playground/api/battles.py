"""POST /battles and what follows: turns, stop, redraw, vote, undo. Thin: calls what the page calls. Knows no SQL.

Before the vote a client gets an opaque id and text. Only who began a battle goes on with it and votes: to everybody
else, another address or account, its id is unknown.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict

from ..arena.accounts import account_of
from ..arena.battle import Arena
from ..arena.fights import Showing
from ..arena.records import SEATS, Battle, Reveal, Seat, Side
from ..ops.doors import ADDRESS
from .arena_route import ArenaRoute
from .wire import DONE, EventStream, error_body, event

log = logging.getLogger(__name__)

TICK_S = 0.1
BROKEN = "The playground itself failed on this battle. What had been shown is kept: vote on it, or start a new one."


class StartBody(BaseModel):
    """`pair` names two contenders by id; without it they are drawn."""

    model_config = ConfigDict(extra="forbid")

    prompt: str
    pair: list[str] | None = None


class TurnBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    prompt: str


class VoteBody(BaseModel):
    """`outcome` is a, b, tie or both_bad."""

    model_config = ConfigDict(extra="forbid")

    outcome: str


def build_router(arena: Arena) -> APIRouter:
    router = APIRouter(route_class=ArenaRoute, prefix="/battles", tags=["arena"])

    @router.post("", response_model=None)
    async def start(body: StartBody, request: Request) -> Response:
        """Starts a blind battle and streams both answers as server-sent events."""
        return _streamed(arena, await arena.start(body.prompt, await _voter(arena, request), body.pair))

    @router.post("/{battle_id}/turns", response_model=None)
    async def turn(battle_id: str, body: TurnBody, request: Request) -> Response:
        """Asks both sides one more thing."""
        await arena.check_own(battle_id, await _voters(arena, request))
        return _streamed(arena, await arena.turn(battle_id, body.prompt))

    @router.post("/{battle_id}/redraw", response_model=None)
    async def redraw(battle_id: str, request: Request) -> Response:
        """Goes on, as a new battle, with another opponent where one gave no answer."""
        await arena.check_own(battle_id, await _voters(arena, request))
        return _streamed(arena, await arena.redraw(battle_id))

    @router.post("/{battle_id}/stop", response_model=None)
    async def stop(battle_id: str, request: Request) -> Response:
        """Stops the answers of a running battle, which can then be voted on as they are."""
        await arena.check_own(battle_id, await _voters(arena, request))
        await arena.stop(battle_id)
        return Response(status_code=204)

    @router.post("/{battle_id}/vote")
    async def vote(battle_id: str, body: VoteBody, request: Request) -> dict[str, Any]:
        """Votes, once, and tells who sat where."""
        voter = await _voter(arena, request)
        arena.check_voter(voter)
        await arena.check_own(battle_id, await _voters(arena, request))
        return reveal_body(await arena.vote(battle_id, body.outcome, voter))

    @router.post("/{battle_id}/undo")
    async def undo(battle_id: str, request: Request) -> dict[str, Any]:
        """Takes a vote back, until the voter's next battle; another one can be cast, which the ratings leave out."""
        await arena.check_own(battle_id, await _voters(arena, request))
        return {"undone": await arena.undo(battle_id)}

    return router


def reveal_body(reveal: Reveal) -> dict[str, Any]:
    """What a vote is answered with. Seconds; cost in USD, null when the price is unknown.

    `counted` is False where an answer gave its side away (`leaked`), or where the names had been seen before.
    """
    sides: dict[Seat, Side] = {"a": reveal.a, "b": reveal.b}
    return {
        "outcome": reveal.outcome,
        **{seat: _contender_body(side) for seat, side in sides.items()},
        "stats": {seat: asdict(side.stats) for seat, side in sides.items()},
        "leaked": list(reveal.leaked),
        "counted": reveal.counts,
    }


def _contender_body(side: Side) -> dict[str, Any]:
    contender = side.contender.contender
    return {
        "id": side.contender.id,
        "name": side.contender.name,
        "model": contender.model,
        "system_prompt": contender.system_prompt,
        "sampling": contender.sampling.sent(),
    }


async def _voter(arena: Arena, request: Request) -> str:
    """Who asks: the account that is signed in, else the address, as nearly as plain HTTP knows it."""
    return await arena.voter(_address(request), account_of(request.scope))


async def _voters(arena: Arena, request: Request) -> set[str]:
    """Everybody the one who asks has been: who signs in goes on with what was begun before."""
    return {await arena.voter(_address(request)), await _voter(arena, request)}


def _address(request: Request) -> str:
    return f"address {request.scope.get(ADDRESS) or (request.client.host if request.client else '')}"


def _streamed(arena: Arena, battle: Battle) -> Response:
    return EventStream(_events(arena, battle))


async def _events(arena: Arena, battle: Battle) -> AsyncGenerator[str]:
    """Deltas of both seats, always a before b; `turn` is told where a newcomer answers more than one."""
    yield event({"battle": battle.id})
    before: Showing | None = None
    try:
        async with aclosing(arena.fight(battle, lambda: TICK_S)) as showings:
            async for showing in showings:
                for told in _news(before, showing):
                    yield event(told)
                before = showing
    except Exception as error:
        log.error("battle %s broke off", battle.id, exc_info=error)
        yield event(error_body("server", BROKEN))
    yield DONE


def _news(before: Showing | None, now: Showing) -> list[dict[str, Any]]:
    """What `now` shows that `before` did not."""
    news: list[dict[str, Any]] = []
    goes_on = before is not None and before.turn == now.turn
    if before is not None and not goes_on:
        news.append({"turn": now.turn})
    for seat in SEATS:
        pane, had = now.panes[seat], before.panes[seat] if before is not None and goes_on else None
        if text := pane.text[len(had.text) if had else 0 :]:
            news.append({"seat": seat, "text": text})
        if pane.ended and not (had and had.ended):
            news.append({"seat": seat, "failed" if pane.failed else "done": True})
    return [*news, {"ready": True}] if now.ready else news
