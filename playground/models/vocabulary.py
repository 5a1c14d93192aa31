"""OpenAI's vocabularies without a download. Knows no model; the only file that knows tiktoken's insides.

tiktoken fetches its vocabularies at first use and waits for that without a time limit. The same vocabularies
come with the package quicktok-v1, in another layout: they are put back into OpenAI's own text form, and used
only if that has the SHA-256 which tiktoken itself demands. Nothing is written to disk.
"""

from __future__ import annotations

import base64
import hashlib
import struct
import threading
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from tiktoken import Encoding


@dataclass(frozen=True, slots=True)
class Source:
    """Where a vocabulary lies in quicktok-v1, and the SHA-256 of OpenAI's .tiktoken file."""

    file: str
    sha256: str


SOURCES = {
    "o200k_base": Source("o200k.vocab", "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"),
    "cl100k_base": Source("cl100k.vocab", "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7"),
}
_loading = threading.Lock()


class VocabularyError(Exception):
    """A vocabulary is not the official one, so counts made with it would be wrong."""


def encoding(name: str) -> Encoding:
    """tiktoken's Encoding of that name, loaded once. Raises VocabularyError, or KeyError for an unknown name."""
    with _loading:
        return _load(name)


@cache
def _load(name: str) -> Encoding:
    import tiktoken
    from tiktoken_ext import openai_public

    source = SOURCES[name]
    packed = resources.files("quicktok").joinpath("data", source.file).read_bytes()
    ranks = unpack(packed)
    if hashlib.sha256(official_text(ranks)).hexdigest() != source.sha256:
        raise VocabularyError(
            f"The {name} vocabulary in the package quicktok-v1 is not OpenAI's: reinstall the requirements."
        )
    settings = _settings(openai_public, name)
    return tiktoken.Encoding(name, **{**settings, "mergeable_ranks": ranks})


def _settings(openai_public: Any, name: str) -> dict[str, Any]:
    """Pattern and special tokens as tiktoken has them, taken without the download that comes with them.

    The constructor is run on a copy of its module's names in which the loader returns nothing.
    """
    from types import FunctionType

    constructor = getattr(openai_public, name)
    names = {**openai_public.__dict__, "load_tiktoken_bpe": lambda *_a, **_k: {}}  # pyright: ignore[reportUnknownLambdaType]
    settings = cast(dict[str, Any], FunctionType(constructor.__code__, names)())
    settings.pop("name")
    return settings


def unpack(packed: bytes) -> dict[bytes, int]:
    """quicktok's layout: a count, then for each token its length (u16), its bytes, its rank (u32); little endian."""
    (count,) = struct.unpack_from("<I", packed)
    ranks: dict[bytes, int] = {}
    at = 4
    for _ in range(count):
        size = packed[at] | packed[at + 1] << 8
        end = at + 2 + size
        ranks[packed[at + 2 : end]] = int.from_bytes(packed[end : end + 4], "little")
        at = end + 4
    return ranks


def official_text(ranks: dict[bytes, int]) -> bytes:
    """The .tiktoken file: a line a token, base64 and rank, in the order of rank."""
    ordered = sorted(ranks.items(), key=lambda item: item[1])
    return b"".join(base64.b64encode(token) + b" %d\n" % rank for token, rank in ordered)
