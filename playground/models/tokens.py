"""Text -> tokens: encode, count, and spans to look at. Pure and offline; knows no provider."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from ..types import Message, ModelSpec
from . import vocabulary

ENCODINGS = ("o200k_base", "cl100k_base")
FALLBACK = "o200k_base"

# Chat format: 3 tokens around each message and 3 that prime the reply
# (OpenAI Cookbook, "How to count tokens with tiktoken").
MESSAGE_OVERHEAD = 3
REPLY_OVERHEAD = 3

# Byte-pair merging is slower than linear in one run without a boundary, and a million spaces
# overflow the stack of tiktoken 0.14, so a run is cut here.
LONGEST_RUN = 10_000


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


def encode(text: str, encoding: str) -> list[int]:
    """Token ids of `text` as plain text: `<|endoftext|>` in it is seven characters, not a command.

    A lone surrogate counts as the replacement character. Raises KeyError for an unknown encoding.
    """
    encoder = vocabulary.encoding(encoding)
    text = _whole(text)
    if len(text) <= LONGEST_RUN:
        return encoder.encode_ordinary(text)
    return [token for piece in _pieces(text) for token in encoder.encode_ordinary(piece)]


def count(text: str, encoding: str) -> int:
    """How many tokens `text` has in one of ENCODINGS."""
    return _count(text, encoding) if len(text) < 20_000 else len(encode(text, encoding))


@lru_cache(maxsize=2_048)
def _count(text: str, encoding: str) -> int:
    return len(encode(text, encoding))


def count_for(model: ModelSpec, text: str) -> Count:
    """Tokens of `text` for a model; with a foreign tokenizer an o200k_base estimate.

    o200k_base undercounts Claude 5 by a factor of about 1.5 to 2, so an estimate must be shown as one.
    """
    known = model.family.encoding in ENCODINGS
    return Count(count(text, model.family.encoding if known else FALLBACK), known and model.family.encoding_exact)


def message_size(model: ModelSpec, message: Message) -> int:
    """Tokens of one message of a conversation, its overhead included."""
    return count_for(model, message.content).tokens + count_for(model, message.role).tokens + MESSAGE_OVERHEAD


def count_messages(model: ModelSpec, messages: Sequence[Message]) -> Count:
    """Prompt tokens of a conversation: 3 and the role for each message, 3 for the reply (OpenAI's chat format)."""
    total = sum(message_size(model, message) for message in messages) + REPLY_OVERHEAD
    return Count(total, count_for(model, "").exact)


def spans(text: str, encoding: str) -> list[TokenSpan]:
    """Every token of `text` with where it stands. Concatenated `bytes` are the text in UTF-8."""
    encoder = vocabulary.encoding(encoding)
    return locate(text, [(token, encoder.decode_single_token_bytes(token)) for token in encode(text, encoding)])


def locate(text: str, pieces: Sequence[tuple[int, bytes]]) -> list[TokenSpan]:
    """Spans for (id, bytes) pairs of any tokenizer whose bytes add up to `text`."""
    starts = _character_of_each_byte(_whole(text))
    found: list[TokenSpan] = []
    at = 0
    for token, raw in pieces:
        end = at + len(raw)
        start_character = starts[at] if at < len(starts) else len(text)
        end_character = starts[end - 1] + 1 if raw and end <= len(starts) else start_character
        found.append(TokenSpan(token, raw.decode("utf-8", "replace"), raw, start_character, end_character))
        at = end
    return found


def _character_of_each_byte(text: str) -> list[int]:
    if text.isascii():
        return list(range(len(text)))
    return [at for at, character in enumerate(text) for _ in range(len(character.encode("utf-8")))]


def _whole(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8") if _broken(text) else text


def _broken(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False


def _pieces(text: str) -> list[str]:
    """Cuts before a space, where no token of these vocabularies reaches across in ordinary text.

    Only a run of LONGEST_RUN characters without such a place is cut inside, which can add a token there.
    """
    pieces: list[str] = []
    at = 0
    while len(text) - at > LONGEST_RUN:
        cut = _boundary(text, at + 1, at + LONGEST_RUN)
        pieces.append(text[at:cut])
        at = cut
    pieces.append(text[at:])
    return pieces


def _boundary(text: str, low: int, high: int) -> int:
    """The last place before `high` where a single space stands between two letters, else `high` itself."""
    at = text.rfind(" ", low, high - 1)
    while at > low:
        if text[at - 1].isalpha() and text[at + 1].isalpha():
            return at
        at = text.rfind(" ", low, at)
    return high
