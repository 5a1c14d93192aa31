"""A conversation as JSON and back, every branch and figure of it. Pure; knows no file and no page."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..errors import ErrorKind, PlaygroundError, ProviderError
from ..types import Contender, FinishReason, Image, Message, SamplingParams, Strategy, TokenLogprob, Usage
from . import room
from .archive import Conversation, Turn
from .growing import Reply
from .images import image_at

FORMAT = "llm-playground-conversation"
LONGEST_TITLE = 200
# A conversation's pictures together, in bytes: as a file, base64 included, it can still be imported.
MOST_IMAGE_BYTES = 2_500_000
# At most: a control character as JSON within JSON; and what an answer's figures take.
MOST_SIGN_BYTES, MOST_FIGURES_BYTES = 7, 2_000


class UnreadableError(PlaygroundError):
    """What was given is no conversation; `str()` is a sentence that says where it goes wrong."""


class _Record(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True, allow_inf_nan=False)


# What a browser can hold: beyond it, and for NaN and infinity, the page could not even be drawn.
Whole = Annotated[int, Field(ge=-(2**53), le=2**53)]


class _Usage(_Record):
    input_tokens: Whole = 0
    output_tokens: Whole = 0
    cached_tokens: Whole = 0
    thinking_tokens: Whole = 0
    estimated: bool = False


class _Error(_Record):
    kind: ErrorKind
    message: str


class _Reply(_Record):
    model: str
    thinking: str = ""
    usage: _Usage | None = None
    finish_reason: FinishReason | None = None
    detail: str = ""
    ttft_s: float | None = None
    thinking_s: float | None = None
    duration_s: float = 0.0
    cost: float | None = None
    error: _Error | None = None
    dropped: tuple[str, ...] = ()
    left_out: Whole = 0
    strategy: Strategy = "oldest"
    violations: tuple[str, ...] | None = None
    begun: Whole = 0
    # Of each token: its text, its logprob, and the likeliest ones at its place as (text, logprob).
    tokens: tuple[tuple[str, float, tuple[tuple[str, float], ...]], ...] = Field((), max_length=room.MOST_TOKENS)


class _Turn(_Record):
    parent: int | None
    role: Literal["user", "assistant"]
    content: str
    reply: _Reply | None = None
    images: tuple[str, ...] = ()
    lost_images: int = Field(0, ge=0, le=2**53)
    lost_tokens: int = Field(0, ge=0, le=2**53)


class _Sampling(_Record):
    temperature: float | None = None
    top_p: float | None = None
    top_k: Whole | None = None
    min_p: float | None = None
    max_tokens: Whole | None = None
    stop: tuple[str, ...] | None = None
    seed: Whole | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    effort: str | None = None


class _Conversation(_Record):
    format: Literal["llm-playground-conversation"]
    id: str = Field(pattern=r"^[0-9a-z]{1,40}$")
    title: str = Field("", max_length=LONGEST_TITLE)
    created: float = 0.0
    updated: float = 0.0
    leaf: int | None = None
    model: str = ""
    system_prompt: str = ""
    sampling: _Sampling = _Sampling()
    turns: tuple[_Turn, ...] = ()


def dump(conversation: Conversation) -> dict[str, Any]:
    """The conversation as a JSON object, with as many probabilities as there is room for. It holds no key: a
    conversation never has one."""
    return room.within(_whole(conversation))


def unkept_tokens(conversation: Conversation) -> dict[int, int]:
    """{place of a turn: of how many tokens the probabilities are not kept}; of the newest answers they are."""
    if not any(turn.reply and turn.reply.tokens for turn in conversation.turns):
        return {}
    return room.unkept(_whole(conversation))


def size(conversation: Conversation) -> int:
    """Bytes that what is always kept of a conversation takes: what `room` has limits for."""
    return room.size(room.bare(_whole(conversation)))


def is_full(conversation: Conversation) -> bool:
    """Whether it takes more than `room.MOST_BYTES`. Measured only where it could be: most are far from it."""
    turns = conversation.turns
    signs = len(conversation.contender.system_prompt)
    signs += sum(len(turn.message.content) + len(turn.reply.thinking if turn.reply else "") for turn in turns)
    pictures = sum(len(image.data) for turn in turns for image in turn.message.images)
    could_take = MOST_SIGN_BYTES * signs + 2 * pictures + MOST_FIGURES_BYTES * len(turns)
    return could_take > room.MOST_BYTES and size(conversation) > room.MOST_BYTES


def _whole(conversation: Conversation) -> dict[str, Any]:
    """The record with every probability."""
    contender, unkept = conversation.contender, unkept_images(conversation)
    return {
        "format": FORMAT,
        "version": 1,
        "id": conversation.id,
        "title": conversation.title,
        "name": conversation.name,
        "created": conversation.created,
        "updated": conversation.updated,
        "leaf": conversation.leaf,
        "model": contender.model,
        "system_prompt": contender.system_prompt,
        "sampling": contender.sampling.sent(),
        "turns": [_dump_turn(turn, kept=at not in unkept) for at, turn in enumerate(conversation.turns)],
    }


def unkept_images(conversation: Conversation) -> dict[int, int]:
    """{place of a turn: how many pictures of it are not kept}, because with them they are more than MOST_IMAGE_BYTES.
    A turn that has been kept stays so: later ones do not change what stands here of it."""
    left, unkept = MOST_IMAGE_BYTES, dict[int, int]()
    for at, turn in enumerate(conversation.turns):
        taken = sum(len(image.data) for image in turn.message.images)
        if taken > left:
            unkept[at] = len(turn.message.images)
        else:
            left -= taken
    return unkept


def load(record: Mapping[str, Any]) -> Conversation:
    """The conversation of a JSON object as `dump` makes it. Raises UnreadableError naming the place."""
    try:
        read = _Conversation.model_validate(record)
    except ValidationError as error:
        first = error.errors()[0]
        raise UnreadableError(f"{_place(first['loc'])}: {first['msg']}.") from None
    for at, turn in enumerate(read.turns):
        if turn.parent is not None and not 0 <= turn.parent < at:
            raise UnreadableError(f"Turn {at + 1} answers turn {turn.parent + 1}, which does not come before it.")
    leaf = read.leaf if read.leaf is not None and 0 <= read.leaf < len(read.turns) else None
    if leaf is None and read.turns and read.leaf is not None:
        leaf = len(read.turns) - 1
    sampling = SamplingParams(**read.sampling.model_dump(exclude_none=True))
    return Conversation(
        id=read.id,
        title=read.title,
        turns=tuple(_load_turn(turn, at) for at, turn in enumerate(read.turns)),
        leaf=leaf,
        contender=Contender(read.model, read.system_prompt, sampling),
        created=read.created,
        updated=read.updated,
    )


def to_json(conversation: Conversation) -> str:
    """The conversation as a JSON file's text: close together, so that it is no larger than what can be imported."""
    return json.dumps(dump(conversation), ensure_ascii=False, separators=(",", ":"))


def _dump_turn(turn: Turn, *, kept: bool) -> dict[str, Any]:
    record: dict[str, Any] = {"parent": turn.parent, "role": turn.message.role, "content": turn.message.content}
    images = turn.message.images
    if images and kept:
        record["images"] = [_address(image) for image in images]
    if lost := turn.lost_images + (0 if kept else len(images)):
        record["lost_images"] = lost
    if turn.lost_tokens:
        record["lost_tokens"] = turn.lost_tokens
    if turn.reply is not None:
        record["reply"] = _dump_reply(turn.reply)
    return record


def _dump_reply(reply: Reply) -> dict[str, Any]:
    """What `_Reply` holds; the text is the turn's content."""
    others = ("usage", "error", "dropped", "tokens")
    fields: dict[str, Any] = {name: getattr(reply, name) for name in _Reply.model_fields if name not in others}
    usage, error = reply.usage, reply.error
    fields["usage"] = usage and {name: getattr(usage, name) for name in _Usage.model_fields}
    fields["error"] = error and {"kind": error.kind, "message": error.message}
    fields["dropped"] = list(reply.dropped)
    fields["tokens"] = [_dump_token(token) for token in reply.tokens]
    if not reply.begun:
        del fields["begun"]
    return {name: value for name, value in fields.items() if value not in (None, "", [])} | {"model": reply.model}


def _dump_token(token: TokenLogprob) -> list[Any]:
    return [token.text, round(token.logprob, 4), [[text, round(logprob, 4)] for text, logprob in token.top]]


def _address(image: Image) -> str:
    return f"data:{image.media_type};base64,{base64.b64encode(image.data).decode()}"


def _load_turn(turn: _Turn, at: int) -> Turn:
    reply = turn.reply and _load_reply(turn.reply, turn.content)
    try:
        images = tuple(image_at(address, "Its image") for address in turn.images)
    except ProviderError as error:
        raise UnreadableError(f"Turn {at + 1}: {error.message}") from None
    message = Message(turn.role, turn.content, images if turn.role == "user" else ())
    return Turn(turn.parent, message, reply, turn.lost_images, turn.lost_tokens)


def _load_reply(read: _Reply, text: str) -> Reply:
    fields: dict[str, Any] = dict(read)
    fields["usage"] = read.usage and Usage(**dict(read.usage))
    fields["error"] = read.error and ProviderError(read.error.kind, read.error.message)
    fields["tokens"] = tuple(TokenLogprob(*token) for token in read.tokens)
    return Reply(text=text, **fields)


def _place(where: tuple[int | str, ...]) -> str:
    """A place in the file as people count: turns from one."""
    if len(where) >= 2 and where[0] == "turns" and isinstance(where[1], int):
        return f"Turn {where[1] + 1}, {'.'.join(map(str, where[2:])) or 'as a whole'}"
    return ".".join(map(str, where)) or "The file"
