"""Many small files of a bucket become few: which go together, and when the old ones go. Knows no vote's inside.

A file is lines that merge in any order and twice, so the whole of several files is their lines one after another,
whatever wrote them. The new file is there before the old ones are removed: a crash between the two leaves lines twice.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

log = logging.getLogger(__name__)

MANY = 100  # small files that a start may meet: reading them takes some seconds
SMALL_BYTES = 256_000
GATHERED_BYTES = 4_000_000
MOST_HELD_BYTES = 64_000_000  # of small files in memory; what is beyond waits for the next start

File = tuple[str, bytes]


class Files(Protocol):
    """As durable.Bucket."""

    def put(self, name: str, content: bytes) -> None: ...
    def remove(self, names: Sequence[str]) -> None: ...


class Small:
    """The small files that a start has read and understood."""

    def __init__(self) -> None:
        self._files: list[File] = []
        self._bytes = 0

    def note(self, name: str, content: bytes) -> None:
        if len(content) < SMALL_BYTES and self._bytes + len(content) <= MOST_HELD_BYTES:
            self._files.append((name, content))
            self._bytes += len(content)

    def gather(self, bucket: Files, wanted: Callable[[], bool], many: int = MANY) -> None:
        """Puts them together if they are `many`, for as long as it is `wanted`. Raises BucketError."""
        files, self._files = self._files, []
        if len(files) < many:
            return
        for group in groups(files):
            if not wanted():
                return
            bucket.put(name_of(group), b"".join(map(lines, group)))
            bucket.remove([name for name, _ in group])
            log.info("files of votes in the bucket put together: %d", len(group))


def groups(files: Sequence[File]) -> Iterator[list[File]]:
    """Neighbours of two or more, each group about as large as a file should be."""
    group: list[File] = []
    size = 0
    for file in files:
        group.append(file)
        size += len(file[1])
        if size >= GATHERED_BYTES:
            yield group
            group, size = [], 0
    if len(group) > 1:
        yield group


def name_of(group: Sequence[File]) -> str:
    """A new name in the place of the first file's: of several salts in a bucket the earliest holds."""
    return f"{group[0][0].partition('-')[0].removesuffix('.jsonl')}-{secrets.token_hex(8)}.jsonl"


def lines(file: File) -> bytes:
    return file[1] if file[1].endswith(b"\n") or not file[1] else file[1] + b"\n"
