"""POST /tokens and /next-token. Thin: asks what the page asks. Knows no tokenizer and no wire of a model."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from ..errors import ProviderError
from ..lab.counting import first_spans
from ..lab.decoding import Distribution, Filters, decode
from ..lab.token_lab import TokenLab
from ..models.tokens import TokenSpan
from .wire import PlainErrors, error_response

EVERY = 2**31
MOST_LISTED = 1_000_000


class TokensBody(BaseModel):
    """A text and how to read it: o200k_base, cl100k_base or local."""

    model_config = ConfigDict(extra="forbid")

    text: str
    encoding: str


class NextTokenBody(BaseModel):
    """A prefix, or with `chat` a question, and how to draw; what is left out filters nothing."""

    model_config = ConfigDict(extra="forbid")

    prefix: str
    chat: bool = False
    temperature: float | None = None
    top_k: int | None = None
    top_p: float | None = None
    min_p: float | None = None
    n: Annotated[int, Field(ge=1, le=MOST_LISTED)] = 50

    def filters(self) -> Filters:
        given = self.model_dump(include={"temperature", "top_k", "top_p", "min_p"}, exclude_none=True)
        return Filters(**given)


def build_router(lab: TokenLab) -> APIRouter:
    router = APIRouter(route_class=PlainErrors, tags=["tokens"])

    @router.post("/tokens", response_model=None)
    async def tokens(body: TokensBody) -> JSONResponse:
        """Every token of a text: `bytes` as numbers, `start` and `end` in characters of the text."""
        try:
            found, _ = await first_spans(lab, body.text, body.encoding, EVERY)
            return await lab.texts.work(len(body.text), lambda: _listed(body.encoding, found))
        except ProviderError as error:
            return _refused(error)

    @router.post("/next-token", response_model=None)
    async def next_token(body: NextTokenBody) -> JSONResponse:
        """The embedded model's distribution over the next token, before and after the filters."""
        try:
            filters = body.filters()
            found = await lab.distribution(await lab.context(body.prefix, chat=body.chat))
            pieces = await lab.pieces()
        except ProviderError as error:
            return _refused(error)
        return await asyncio.to_thread(_distribution, found, filters, pieces, body.n)

    return router


def _listed(encoding: str, found: list[TokenSpan]) -> JSONResponse:
    listed = [
        {"id": one.id, "text": one.text, "bytes": list(one.bytes), "start": one.start, "end": one.end} for one in found
    ]
    return JSONResponse({"encoding": encoding, "count": len(listed), "tokens": listed})


def _distribution(found: Distribution, filters: Filters, pieces: Sequence[bytes], n: int) -> JSONResponse:
    left = decode(found, filters)
    ids: list[int] = found.ids[:n].tolist()
    listed: dict[str, Any] = {
        "tokens": [
            {
                "id": token,
                "text": pieces[token].decode("utf-8", "replace"),
                "logprob": float(found.logprobs[rank]),
                "p": float(found.p[rank]),
                "p_after": left.p_after(rank),
            }
            for rank, token in enumerate(ids)
        ],
        "entropy_bits": found.entropy_bits,
        "kept": left.kept,
        "kept_mass": left.kept_mass,
    }
    return JSONResponse(listed)


def _refused(error: ProviderError) -> JSONResponse:
    return error_response(error.kind, error.message, error.retry_after_s)
