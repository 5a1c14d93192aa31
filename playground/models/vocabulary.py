"""OpenAI's vocabularies without a download. Knows no model; the only file that knows how quicktok-v1 packs them.

tiktoken fetches its vocabularies at first use and waits for that without a time limit. The package quicktok-v1
carries the same ones in another layout: they are put back into OpenAI's own text form and used only if that has
the SHA-256 tiktoken itself demands. Everything happens in memory, so a read-only disk will do.
"""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import PlaygroundError

if TYPE_CHECKING:
    from tiktoken import Encoding


@dataclass(frozen=True, slots=True)
class Source:
    """One encoding: its file in quicktok-v1, the SHA-256 of OpenAI's .tiktoken file, and what no file holds.

    `pattern` and `special_tokens` are those of tiktoken_ext.openai_public in tiktoken 0.14. They are written
    down here because asking tiktoken for them starts its download.
    """

    name: str
    file: str
    sha256: str
    pattern: str = field(repr=False)
    special_tokens: Mapping[str, int]


SOURCES = {
    source.name: source
    for source in (
        Source(
            "o200k_base",
            "o200k.vocab",
            "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
            "|".join(
                [
                    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
                    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
                    r"\p{N}{1,3}",
                    r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
                    r"\s*[\r\n]+",
                    r"\s+(?!\S)",
                    r"\s+",
                ]
            ),
            {"<|endoftext|>": 199999, "<|endofprompt|>": 200018},
        ),
        Source(
            "cl100k_base",
            "cl100k.vocab",
            "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
            "|".join(
                [
                    r"'(?i:[sdmt]|ll|ve|re)",
                    r"[^\r\n\p{L}\p{N}]?+\p{L}++",
                    r"\p{N}{1,3}+",
                    r" ?[^\s\p{L}\p{N}]++[\r\n]*+",
                    r"\s++$",
                    r"\s*[\r\n]",
                    r"\s+(?!\S)",
                    r"\s",
                ]
            ),
            {
                "<|endoftext|>": 100257,
                "<|fim_prefix|>": 100258,
                "<|fim_middle|>": 100259,
                "<|fim_suffix|>": 100260,
                "<|endofprompt|>": 100276,
            },
        ),
    )
}
_loading = threading.Lock()


class VocabularyError(PlaygroundError):
    """A vocabulary is missing or not the official one: counts made with it would be wrong."""


def encoding(name: str) -> Encoding:
    """tiktoken's Encoding of that name, loaded once and shared by all threads; the first call takes about 0.5 s.

    Raises VocabularyError, or KeyError for a name that is not in SOURCES.
    """
    with _loading:
        return _load(name)


@cache
def _load(name: str) -> Encoding:
    source = SOURCES[name]
    return build(source, packed(source))


def packed(source: Source) -> bytes:
    """The vocabulary as quicktok-v1 ships it, read without importing that package. Raises VocabularyError."""
    spec = find_spec("quicktok")
    if spec is None or not spec.submodule_search_locations:
        raise VocabularyError("The package quicktok-v1 is not installed: install the requirements again.")
    path = Path(spec.submodule_search_locations[0], "data", source.file)
    try:
        return path.read_bytes()
    except OSError as error:
        raise VocabularyError(f"The {source.name} vocabulary of quicktok-v1 cannot be read: {error}.") from error


def build(source: Source, packed: bytes) -> Encoding:
    """An Encoding from a packed vocabulary. Raises VocabularyError unless it is OpenAI's, byte for byte."""
    from tiktoken import Encoding

    ranks = unpack(packed)
    if hashlib.sha256(official_text(ranks)).hexdigest() != source.sha256:
        raise VocabularyError(
            f"The {source.name} vocabulary in quicktok-v1 is not OpenAI's: install the requirements again."
        )
    return Encoding(
        source.name,
        pat_str=source.pattern,
        mergeable_ranks=ranks,
        special_tokens=dict(source.special_tokens),
    )


def unpack(packed: bytes) -> dict[bytes, int]:
    """Token -> rank from quicktok's layout, little endian: a count (u32), then length (u16), bytes, rank (u32) each.

    A file that is cut short gives fewer tokens, which the check of the whole then finds.
    """
    ranks: dict[bytes, int] = {}
    at = 4
    for _ in range(int.from_bytes(packed[:at], "little")):
        if at + 6 > len(packed):
            break
        end = at + 2 + (packed[at] | packed[at + 1] << 8)
        ranks[packed[at + 2 : end]] = int.from_bytes(packed[end : end + 4], "little")
        at = end + 4
    return ranks


def official_text(ranks: Mapping[bytes, int]) -> bytes:
    """The .tiktoken file: for each token one line, base64 and rank, in the order of rank."""
    ordered = sorted(ranks.items(), key=lambda item: item[1])
    return b"".join(base64.b64encode(token) + b" %d\n" % rank for token, rank in ordered)
