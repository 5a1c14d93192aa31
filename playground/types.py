"""The vocabulary every other module speaks. Knows nothing of providers, pages or databases; imports nothing of ours."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields
from itertools import chain, groupby
from typing import Any, Literal, cast

Role = Literal["system", "user", "assistant"]
FinishReason = Literal["stop", "length", "content_filter"]
Strategy = Literal["oldest", "middle", "stop"]


@dataclass(frozen=True, slots=True)
class Image:
    """A picture that goes with a question: its bytes as they are sent, and its size in pixels."""

    media_type: str
    data: bytes = field(repr=False)
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation, its text exactly as written; only a user's turn has images."""

    role: Role
    content: str
    images: tuple[Image, ...] = ()


@dataclass(frozen=True, slots=True)
class SamplingParams:
    """How to draw tokens. None means "not sent": the provider's own default holds."""

    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    min_p: float | None = None
    max_tokens: int | None = None
    stop: tuple[str, ...] | None = None
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    effort: str | None = None

    def sent(self) -> dict[str, Any]:
        """The parameters that were set, by name."""
        every = ((field.name, getattr(self, field.name)) for field in fields(self))
        return {name: value for name, value in every if value is not None}


@dataclass(frozen=True, slots=True)
class Family:
    """What the models of one family take: data from catalog.toml, read instead of `if` chains.

    `accepts` always, `accepts_when` only while the effort is one of `when_effort`
    (an unset effort counts as `default_effort`), `exclusive` groups not together. `json_mode` is JSON without a
    schema, `image_tokens` the name of a formula in models/image_tokens.py and its numbers. The `wire` "own" is known to
    its provider's file alone.
    """

    name: str
    provider: str
    match: tuple[str, ...] = ()
    wire: Literal["responses", "chat", "messages", "generate", "own"] = "chat"
    accepts: frozenset[str] = frozenset()
    accepts_when: frozenset[str] = frozenset()
    when_effort: tuple[str, ...] = ()
    default_effort: str | None = None
    exclusive: tuple[tuple[str, ...], ...] = ()
    efforts: tuple[str, ...] = ()
    ranges: Mapping[str, tuple[float, float]] | None = None
    api_version: str | None = None
    thinking: Literal["level", "budget", "none"] = "none"
    json_schema: bool = False
    json_mode: bool = False
    logprobs: bool = False
    images: bool = False
    image_tokens: tuple[str | int, ...] = ()
    encoding: str = "o200k_base"
    encoding_exact: bool = False


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One model: a line of catalog.toml with its price and window filled in.

    `id` is what callers say; `upstream` is what the provider is told.
    Windows and output limits are in tokens, prices in USD per million tokens; None is "unknown".
    """

    id: str
    provider: str
    family: Family
    name: str
    upstream: str
    context_window: int | None = None
    max_output_tokens: int | None = None
    input_price: float | None = None
    output_price: float | None = None
    available: bool = False
    reason: str | None = None

    def can_be_asked(self, own: Collection[str]) -> bool:
        """By the owner, or by a reader who has brought keys of the providers `own`."""
        return self.available or self.provider in own


@dataclass(frozen=True, slots=True)
class Contender:
    """What is put to the test: a model, a system prompt and sampling parameters."""

    model: str
    system_prompt: str = ""
    sampling: SamplingParams = SamplingParams()


@dataclass(frozen=True, slots=True)
class Preset:
    """A system prompt with a name; it may have {{variables}}."""

    name: str
    prompt: str


@dataclass(frozen=True, slots=True)
class Options:
    """How one answer is asked for, beside contender and history.

    `json_mode` wants JSON, of the shape `json_schema` where there is one. `logprobs` is how many alternatives to each
    token are wanted (0 to 20), None for no probabilities at all. `strategy` says what to do with a history that does
    not fit: leave out the `oldest` turns, or those in the `middle` (the first question and answer stay), or `stop`.
    """

    json_schema: Mapping[str, Any] | None = None
    json_mode: bool = False
    logprobs: int | None = None
    strategy: Strategy = "oldest"


@dataclass(frozen=True, slots=True)
class Request:
    """One call to one provider; `sampling` holds only what the model takes, `dropped` names the rest."""

    model: ModelSpec
    messages: tuple[Message, ...]
    sampling: SamplingParams = SamplingParams()
    dropped: tuple[str, ...] = ()
    json_schema: Mapping[str, Any] | None = None
    json_mode: bool = False
    logprobs: int | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one or more calls. Input includes cached, output includes thinking."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    thinking_tokens: int = 0
    estimated: bool = False

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cached_tokens + other.cached_tokens,
            self.thinking_tokens + other.thinking_tokens,
            self.estimated or other.estimated,
        )

    def __sub__(self, part: Usage) -> Usage:
        return Usage(
            self.input_tokens - part.input_tokens,
            self.output_tokens - part.output_tokens,
            self.cached_tokens - part.cached_tokens,
            self.thinking_tokens - part.thinking_tokens,
            self.estimated or part.estimated,
        )

    def tokens_per_s(self, ttft_s: float | None, duration_s: float) -> float | None:
        """Output tokens of one call per second after the first one, None where too little arrived to say."""
        if ttft_s is None or self.output_tokens < 2:
            return None
        writing_s = duration_s - ttft_s
        return (self.output_tokens - 1) / writing_s if writing_s > 0.01 else None


@dataclass(frozen=True, slots=True)
class Waiting:
    """The provider cannot be asked yet (weights are loading); `status` is for people."""

    status: str


@dataclass(frozen=True, slots=True)
class Started:
    """The request goes out now. `dropped` names parameters that were set and not sent."""

    dropped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TokenLogprob:
    """A token that was drawn, the natural logarithm of its probability, and the likeliest ones at its place."""

    text: str
    logprob: float
    top: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class TextDelta:
    """The next piece of the answer, with the tokens it is made of where they were asked for and given."""

    text: str
    tokens: tuple[TokenLogprob, ...] = ()


@dataclass(frozen=True, slots=True)
class ThinkingDelta:
    """The next piece of the model's visible reasoning."""

    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The provider's own end marker was seen. `usage` is None when it gave none."""

    reason: FinishReason
    usage: Usage | None = None
    detail: str = ""


Event = Waiting | Started | TextDelta | ThinkingDelta | Finished


def joined(events: Sequence[Event]) -> Sequence[Event]:
    """The same events, each run of texts and each run of thoughts as one: what arrived at once costs what one does."""
    if len(events) < 2:
        return events
    told: list[Event] = []
    for kind, run in groupby(events, type):
        if kind is TextDelta:
            texts = cast(list[TextDelta], list(run))
            tokens = tuple(chain.from_iterable([one.tokens for one in texts]))
            told.append(TextDelta("".join(one.text for one in texts), tokens))
        elif kind is ThinkingDelta:
            told.append(ThinkingDelta("".join(one.text for one in cast(list[ThinkingDelta], list(run)))))
        else:
            told += run
    return told
