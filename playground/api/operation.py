"""GET /healthz, /readyz and /metrics. None of them asks a provider."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Header
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from pydantic import SecretStr

from ..conversation.allowance import Visitor
from ..ops.gate import Gate
from ..ops.guard import Guard
from ..ops.telemetry import exposition
from .owner_token import refusal

METRICS = "text/plain; version=0.0.4; charset=utf-8"
# How long an answer is good for: anybody may ask, and finding out writes to the disk.
FRESH_S = 1.0


@dataclass(frozen=True)
class Live:
    """What /healthz says."""

    status: Literal["ok"] = "ok"


class Readiness:
    """Whether work should be sent here, and what stands in its way. `writable` says why the database is not, or ""."""

    def __init__(self, writable: Callable[[], Awaitable[str]], guard: Guard, gate: Gate) -> None:
        self._writable = writable
        self._guard = guard
        self._gate = gate
        self._known: tuple[float, list[str]] = (-FRESH_S, [])

    async def problems(self) -> list[str]:
        """One sentence each; empty when ready."""
        if self._gate.draining:
            return ["The playground is ending: it accepts no new work."]
        at, found = self._known
        if time.monotonic() - at >= FRESH_S:
            found = [said for said in (await self._writable(), await self._budget(), await self._counts()) if said]
            self._known = (time.monotonic(), found)
        return found

    async def _counts(self) -> str:
        return "" if await self._guard.counts() else "Rates cannot be counted: check the server of REDIS_URL."

    async def _budget(self) -> str:
        if not self._guard.budgeted:
            return ""
        left = (await self._guard.left(Visitor())).accounts
        if left is None:
            return "The budget cannot be read."
        return "Today's budget is spent." if left.get("global", 1.0) <= 0 else ""


def build_router(readiness: Readiness, guard: Guard, gate: Gate, admin_token: SecretStr | None) -> APIRouter:
    """`admin_token` opens the metrics; without one there are none."""
    router = APIRouter(tags=["operation"])
    begun_at = time.time()

    @router.get("/healthz")
    async def healthz() -> Live:
        """Says that the process is alive; asks no provider."""
        return Live()

    @router.get("/readyz", response_model=None)
    async def readyz() -> Response:
        """Whether to send work here: the database is writable, the budget open, rates are counted, it is not ending."""
        problems = await readiness.problems()
        body = {"status": "not ready" if problems else "ready", "problems": problems}
        return JSONResponse(body, 503 if problems else 200)

    @router.get("/metrics", response_model=None)
    async def metrics(authorization: Annotated[str, Header()] = "") -> Response:
        """Figures for Prometheus, for whoever has the owner's token."""
        nothing = "There are no metrics here: set PLAYGROUND_ADMIN_TOKEN to have them."
        if refused := refusal(authorization, admin_token, nothing=nothing, needed="The metrics need"):
            return refused
        problems = await readiness.problems()
        figures = {
            "playground_up_since_seconds": ("gauge", "When the process began, in seconds since 1970.", begun_at),
            "playground_ready": ("gauge", "1 if /readyz says that it is ready.", float(not problems)),
            "playground_answers_active": ("gauge", "Answers and battles that stream now.", float(gate.active)),
            "playground_answers_total": ("counter", "Answers and battles that were begun.", float(gate.begun)),
            "playground_turned_away_total": ("counter", "Answers that were not begun.", float(gate.refused)),
            **guard.figures(),
            "playground_spent_usd": ("gauge", "Spent or reserved today (UTC), in USD.", await guard.taken()),
        }
        return PlainTextResponse(exposition(figures), media_type=METRICS)

    return router
