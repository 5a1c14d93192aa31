"""GET /experiments/{run}: all an experiment has come to. Thin: its id is all that opens one. Knows no page."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import Response

from ..errors import PlaygroundError
from ..lab.export import run_csv, run_json
from ..lab.running import Sweeps
from .wire import PlainErrors, error_response

MEDIA = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
WRITTEN = {"csv": run_csv, "json": run_json}


def build_router(sweeps: Sweeps) -> APIRouter:
    router = APIRouter(route_class=PlainErrors, tags=["experiments"])

    @router.get("/experiments/{run}", response_model=None)
    async def experiment(run: str, form: Annotated[Literal["csv", "json"], Query(alias="format")] = "json") -> Response:
        """Every answer of a run with its setting and figures, as far as the run has come."""
        try:
            shown = await sweeps.look(run)
        except PlaygroundError as error:
            return error_response("not_found", str(error))
        headers = {"Content-Disposition": f'attachment; filename="experiment.{form}"', "Cache-Control": "no-store"}
        return Response(await asyncio.to_thread(WRITTEN[form], shown), media_type=MEDIA[form], headers=headers)

    return router
