"""GET /leaderboard, /verdict and /export. Thin: asks what the page asks. Knows no SQL."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query
from fastapi.responses import Response, StreamingResponse
from pydantic import AfterValidator, SecretStr

from ..arena.connectivity import Ties
from ..arena.counts import BadVoteError
from ..arena.export import Format
from ..arena.published import leaderboard_json, verdict_json
from ..arena.ratings import Options
from ..arena.records import Kind
from ..arena.selection import Category, Selection, Source
from ..arena.standings import Standings, UnknownContenderError
from ..spreadsheet import csv_of
from .arena_route import ArenaRoute
from .owner_token import refusal
from .wire import STREAM_HEADERS, error_response

MEDIA = {"csv": "text/csv; charset=utf-8"}
JSONL = "application/jsonl; charset=utf-8"


def _seconds(since: str) -> str:
    """Raises ValueError for what is neither a date nor seconds since 1970."""
    seconds_of(since)
    return since


def seconds_of(since: str) -> float:
    """Seconds since the epoch of an ISO 8601 date or time (UTC where it says nothing else), or of such seconds."""
    try:
        if since.replace(".", "", 1).isdigit():
            return datetime.fromtimestamp(float(since), UTC).timestamp()
        moment = datetime.fromisoformat(since)
    except (ValueError, OverflowError, OSError):
        raise ValueError("must be a date like 2026-11-01, a time, or seconds since 1970") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


Since = Annotated[str, AfterValidator(_seconds)]


def build_router(standings: Standings, admin_token: SecretStr | None) -> APIRouter:
    """`admin_token` opens the export; without one there is none."""
    router = APIRouter(route_class=ArenaRoute, tags=["leaderboard"])

    @router.get("/leaderboard", response_model=None)
    async def leaderboard(
        ties: Ties = "half",
        leaked: bool = False,
        since: Since | None = None,
        category: Category | None = None,
        source: Source = "human",
        kind: Kind = "blind",
        form: Annotated[Literal["json", "csv"], Query(alias="format")] = "json",
    ) -> dict[str, Any] | Response:
        """Bradley-Terry ratings, best first, with 95 % intervals; see the caveats. CSV has the ratings alone."""
        selection = Selection(
            source=source,
            kind=kind,
            leaked=leaked,
            since=None if since is None else seconds_of(since),
            category=category,
        )
        board = await standings.board(selection, Options(ties))
        shown = leaderboard_json(board.board, board.ids)
        return shown if form == "json" else Response(csv_of(shown["ratings"]), media_type=MEDIA["csv"])

    @router.get("/verdict", response_model=None)
    async def verdict(a: str, b: str) -> dict[str, Any] | Response:
        """Which of two contenders (id or name) is better, valid however often one looks."""
        try:
            return verdict_json(await standings.verdict(a, b))
        except UnknownContenderError as error:
            return error_response("not_found", str(error))
        except BadVoteError as error:
            return error_response("bad_request", str(error))

    @router.get("/export", response_model=None)
    async def export(
        form: Annotated[Format, Query(alias="format")], authorization: Annotated[str, Header()] = ""
    ) -> Response:
        """Every vote as JSONL or CSV, for whoever has the owner's token."""
        nothing = "There is no export here: set PLAYGROUND_ADMIN_TOKEN to have one."
        if refused := refusal(authorization, admin_token, nothing=nothing, needed="The export needs"):
            return refused
        suffix = "csv" if form == "csv" else "jsonl"
        headers = {**STREAM_HEADERS, "Content-Disposition": f'attachment; filename="votes-{form}.{suffix}"'}
        return StreamingResponse(await standings.exported(form), media_type=MEDIA.get(form, JSONL), headers=headers)

    return router
