"""GET /models and POST /chat. Thin: calls what the page calls. Knows no vendor and no battle."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from ..conversation.growing import Reply
from ..conversation.images import image_at
from ..conversation.reply import Backends
from ..errors import ProviderError
from ..types import Contender, Message, ModelSpec, Options, Role, SamplingParams
from .wire import DONE, EventStream, PlainErrors, error_body, error_response, event, unless_gone


class TextPart(BaseModel):
    model_config = ConfigDict(extra="forbid")

    type: Literal["text"]
    text: str


class ImageAddress(BaseModel):
    model_config = ConfigDict(extra="ignore")

    url: str


class ImagePart(BaseModel):
    model_config = ConfigDict(extra="forbid")

    type: Literal["image_url"]
    image_url: ImageAddress


class MessageBody(BaseModel):
    """`content` is text, or a list of parts as OpenAI's chat format has them; images only as data: addresses."""

    model_config = ConfigDict(extra="forbid")

    role: Role
    content: str | list[Annotated[TextPart | ImagePart, Field(discriminator="type")]]

    @property
    def text(self) -> str:
        if isinstance(self.content, str):
            return self.content
        return "\n\n".join(part.text for part in self.content if isinstance(part, TextPart))

    def message(self, at: int) -> Message:
        """Raises ProviderError for what is no picture; blocks while a picture is checked."""
        parts = [] if isinstance(self.content, str) else self.content
        pictures = [part.image_url.url for part in parts if isinstance(part, ImagePart)]
        images = tuple(image_at(url, f"Image {n} of message {at + 1}") for n, url in enumerate(pictures, 1))
        return Message(self.role, self.text, images)


class ChatBody(BaseModel):
    """What POST /chat takes. Value limits are the model's own, so they are checked with it and answered with 400."""

    model_config = ConfigDict(extra="forbid")

    model: str
    messages: list[MessageBody] = Field(min_length=1)
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    top_k: int | None = None
    min_p: float | None = None
    stop: str | list[str] | None = None
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    effort: str | None = None
    json_schema: dict[str, Any] | None = None
    stream: bool = False

    def contender(self) -> Contender:
        """System messages, wherever they stand, make up the system prompt."""
        system = "\n\n".join(message.text for message in self.messages if message.role == "system")
        stop = (self.stop,) if isinstance(self.stop, str) else tuple(self.stop) if self.stop else None
        given = self.model_dump(exclude={"model", "messages", "stop", "json_schema", "stream"})
        return Contender(self.model, system, SamplingParams(**given, stop=stop))

    @property
    def has_images(self) -> bool:
        return any(not isinstance(message.content, str) for message in self.messages)

    def history(self) -> list[Message]:
        """Raises ProviderError for what is no picture; blocks while pictures are checked."""
        return [message.message(at) for at, message in enumerate(self.messages) if message.role != "system"]


def build_router(backends: Backends) -> APIRouter:
    router = APIRouter(route_class=PlainErrors, tags=["chat"])

    @router.get("/models")
    async def models() -> list[dict[str, Any]]:
        """Every listed model, with why those that cannot answer cannot."""
        return [model_card(model) for model in backends.catalog.models.values()]

    @router.post("/chat", response_model=None)
    async def chat(body: ChatBody, request: Request) -> Response:
        """Answers a conversation, whole or as server-sent events."""
        try:
            history = await asyncio.to_thread(body.history) if body.has_images else body.history()
        except ProviderError as error:
            return error_response(error.kind, error.message)
        replies = backends.reply(body.contender(), history, options=Options(json_schema=body.json_schema))
        if body.stream:
            return await _streamed(replies)
        reply = await unless_gone(request.receive, _last(replies))
        if reply is None:
            return Response(status_code=499)
        if reply.error:
            return error_response(reply.error.kind, reply.error.message, reply.error.retry_after_s)
        return JSONResponse({"content": reply.text, "thinking": reply.thinking, **ending(reply)})

    return router


def model_card(model: ModelSpec) -> dict[str, Any]:
    """A model as GET /models shows it: window in tokens, prices in USD per million tokens, null where unknown."""
    return {
        "id": model.id,
        "name": model.name,
        "provider": model.provider,
        "family": model.family.name,
        "context_window": model.context_window,
        "input_price": model.input_price,
        "output_price": model.output_price,
        "accepts": sorted(model.family.accepts | model.family.accepts_when),
        "available": model.available,
        "reason": model.reason,
    }


def ending(reply: Reply) -> dict[str, Any]:
    """What is known once an answer has ended. Seconds; cost in USD, null when the price is unknown."""
    return {
        "finish_reason": reply.finish_reason,
        "usage": asdict(reply.usage) if reply.usage else None,
        "cost": reply.cost,
        "ttft_s": reply.ttft_s,
        "duration_s": reply.duration_s,
        "dropped": list(reply.dropped),
        "left_out": reply.left_out,
    }


async def _streamed(replies: AsyncGenerator[Reply]) -> Response:
    """Server-sent events; an error before the first delta still gets its own status code."""
    first = await anext(replies)
    while not (first.text or first.thinking or first.done):
        first = await anext(replies)
    if first.error and not (first.text or first.thinking):
        await replies.aclose()
        return error_response(first.error.kind, first.error.message, first.error.retry_after_s)
    return EventStream(_events(first, replies))


async def _events(first: Reply, replies: AsyncGenerator[Reply]) -> AsyncGenerator[str]:
    sent_text = sent_thinking = 0
    async with aclosing(replies):
        reply: Reply | None = first
        while reply is not None:
            news: list[str] = []  # sent as one: each sending costs as much as all else that is done here
            if len(reply.thinking) > sent_thinking:
                news.append(event({"thinking": reply.thinking[sent_thinking:]}))
                sent_thinking = len(reply.thinking)
            if len(reply.text) > sent_text:
                news.append(event({"text": reply.text[sent_text:]}))
                sent_text = len(reply.text)
            if reply.error:
                news.append(event(error_body(reply.error.kind, reply.error.message, reply.error.retry_after_s)))
            elif reply.done:
                news.append(event(ending(reply)))
            if reply.done:
                news.append(DONE)
            if news:
                yield "".join(news)
            if reply.done:
                return
            reply = await anext(replies, None)
    yield DONE


async def _last(replies: AsyncGenerator[Reply]) -> Reply:
    async with aclosing(replies):
        reply = await anext(replies)
        async for later in replies:
            reply = later
        return reply
