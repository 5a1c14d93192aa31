"""Text -> tokens: encode, count, and spans to look at. Pure and offline; knows no provider."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from ..errors import ProviderError
from ..types import Message, ModelSpec
from . import vocabulary
from .image_tokens import image_tokens

ENCODINGS = ("o200k_base", "cl100k_base")
FALLBACK = "o200k_base"

# Chat format: 3 tokens around each message and 3 that prime the reply
# (OpenAI Cookbook, "How to count tokens with tiktoken").
MESSAGE_OVERHEAD = 3
REPLY_OVERHEAD = 3

# A run of about a million blanks overflows the stack of tiktoken's regex, which then panics. Cut at a
# multiple of the longest token of blanks (128 spaces), so that cutting leaves the count as it is.
LONGEST_BLANK = 2**18
BLANKS = re.compile(r"\s+")

# Histories are counted again with every turn; longer texts are rare and would fill the memory.
LONGEST_CACHED = 2_000

HALF_CHARACTERS = re.compile("[\ud800-\udbff][\udc00-\udfff]|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Count:
    """Tokens, and whether the model's own tokenizer counted them."""

    tokens: int
    exact: bool


@dataclass(frozen=True, slots=True)
class TokenSpan:
    """One token: `start` and `end` are offsets into the text, in characters.

    A token that holds only a part of a character shares that character's offsets with its neighbours,
    and its `text` has the replacement character for the part; `bytes` is exact.
    """

    id: int
    text: str
    bytes: bytes
    start: int
    end: int


def half_character(text: str) -> int | None:
    """Where `text` has half a character (a lone surrogate, which no UTF-8 can hold), None where it has none."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        return error.start
    return None


def check_whole(text: str) -> None:
    """Raises ProviderError `bad_request` for a text with half a character."""
    if (at := half_character(text)) is not None:
        raise ProviderError(
            "bad_request",
            f"The text contains half a character at position {at} (a lone surrogate, which no text can hold): "
            "remove it and try again.",
        )


def encode(text: str, encoding: str) -> list[int]:
    """Token ids of `text`, all of it taken as text: `<|endoftext|>` gives the tokens of its letters.

    The ids are tiktoken's, also for surrogates: a pair counts as the character it stands for, a lone one as
    U+FFFD. Only a run of more than 262,144 blanks is taken in parts; that leaves the count of spaces as it is
    and can change that of other or mixed blanks by a few tokens a part.
    Raises KeyError for a name that is not in ENCODINGS, VocabularyError for a broken installation.
    """
    encoder = vocabulary.encoding(encoding)
    return [token for piece in _pieces(_whole(text)) for token in encoder.encode_ordinary(piece)]


def count(text: str, encoding: str) -> int:
    """How many tokens `text` has. Raises as `encode` does."""
    return _count(text, encoding) if len(text) <= LONGEST_CACHED else len(encode(text, encoding))


@lru_cache(maxsize=1_024)
def _count(text: str, encoding: str) -> int:
    return len(encode(text, encoding))


def count_for(model: ModelSpec, text: str) -> Count:
    """Tokens of `text` for a model; with a foreign tokenizer an o200k_base estimate.

    o200k_base undercounts Claude 5 by a factor of about 1.5 to 2, so an estimate must be shown as one.
    """
    known = model.family.encoding in ENCODINGS
    tokens = count(text, model.family.encoding if known else FALLBACK)
    return Count(tokens, known and model.family.encoding_exact)


def message_size(model: ModelSpec, message: Message) -> int:
    """Tokens of one message of a conversation: its role, its content, its images and the overhead around them."""
    seen = sum(image_tokens(model.family, image) for image in message.images)
    return count_for(model, message.content).tokens + count_for(model, message.role).tokens + MESSAGE_OVERHEAD + seen


def sizes(model: ModelSpec, messages: Sequence[Message]) -> list[int]:
    """Tokens of each message, what primes the reply counted with the first one."""
    return [message_size(model, message) + (0 if at else REPLY_OVERHEAD) for at, message in enumerate(messages)]


def count_messages(model: ModelSpec, messages: Sequence[Message]) -> Count:
    """Prompt tokens of a conversation in OpenAI's chat format: its messages and what primes the reply.

    Exact for families whose encoding is, as long as there are no images; else an estimate, as in `count_for`.
    """
    seen = any(message.images for message in messages)
    return Count(sum(sizes(model, messages)) if messages else REPLY_OVERHEAD, count_for(model, "").exact and not seen)


def spans(text: str, encoding: str) -> list[TokenSpan]:
    """Every token of `text` with where it stands. The `bytes` add up to the text in UTF-8. Raises as `encode` does."""
    encoder = vocabulary.encoding(encoding)
    return locate(text, [(token, encoder.decode_single_token_bytes(token)) for token in encode(text, encoding)])


def first_spans(text: str, encoding: str, most: int) -> tuple[list[TokenSpan], int]:
    """The spans of the first `most` tokens of `text`, and how many tokens it has. Raises as `encode` does."""
    encoder = vocabulary.encoding(encoding)
    ids = encode(text, encoding)
    return locate_first(text, [(token, encoder.decode_single_token_bytes(token)) for token in ids[:most]]), len(ids)


def locate_first(text: str, pieces: Sequence[tuple[int, bytes]]) -> list[TokenSpan]:
    """As `locate`, for pieces that cover only the head of a `text`, at a cost that follows the pieces."""
    # No piece has more characters than bytes, so what they cover lies in as many characters.
    return locate(text[: sum(len(raw) for _, raw in pieces) + 1], pieces)


def locate(text: str, pieces: Sequence[tuple[int, bytes]]) -> list[TokenSpan]:
    """Spans for the (id, bytes) pairs of any tokenizer; bytes beyond those of `text` stand at its end.

    A piece without bytes, as a mark for the beginning is, stands before the next character.
    """
    starts, ends = _characters_by_byte(text)
    size = len(starts) - 1
    found: list[TokenSpan] = []
    at = 0
    for token, raw in pieces:
        first, beyond = min(at, size), min(at + len(raw), size)
        end = ends[beyond - 1] if beyond > first else starts[first]
        found.append(TokenSpan(token, raw.decode("utf-8", "replace"), raw, starts[first], end))
        at += len(raw)
    return found


def _characters_by_byte(text: str) -> tuple[Sequence[int], Sequence[int]]:
    """For each byte of `text` in UTF-8, and for the end, the offsets where its character starts and ends."""
    if text.isascii():
        return range(len(text) + 1), range(1, len(text) + 2)
    whole = _whole(text)
    edges: Sequence[int] = range(len(text) + 1)
    if whole != text:
        edges = [*(unit.start() for unit in HALF_CHARACTERS.finditer(text)), len(text)]
    of_byte = [at for at, character in enumerate(whole) for _ in character.encode("utf-8")]
    return [*(edges[at] for at in of_byte), len(text)], [*(edges[at + 1] for at in of_byte), len(text)]


def _whole(text: str) -> str:
    """`text` with its surrogates put together or replaced, as tiktoken does it."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _pieces(text: str) -> list[str]:
    """`text` cut inside each run of more than LONGEST_BLANK blanks, and nowhere else."""
    if len(text) <= LONGEST_BLANK:
        return [text]
    runs = BLANKS.finditer(text)
    cuts = [at for run in runs for at in range(run.start() + LONGEST_BLANK, run.end(), LONGEST_BLANK)]
    return [text[start:end] for start, end in pairwise([0, *cuts, len(text)])]
