"""Conversations as files on the server, one folder a browser. Knows no page and looks into no conversation.

A browser is known by a secret word of its own making; the folder is named by the word's hash, so that reading the
disk gives nobody a word.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from ..errors import PlaygroundError

ID = re.compile(r"[0-9a-z]{1,40}")
SHORTEST_WORD = 16
MOST = 1000
HEAD = ("id", "name", "updated")


class ShelfError(PlaygroundError):
    """What cannot be kept or found; `str()` is a sentence for people, `status` the fitting HTTP status."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class Shelf:
    """The files under `folder`. Every method blocks for as long as the disk takes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def records(self, word: str) -> list[dict[str, Any]]:
        """Every conversation of a browser, in no order. A file that cannot be read is passed over, not removed."""
        found: list[dict[str, Any]] = []
        for path in self._owned(word).glob("*.json"):
            try:
                found.append(json.loads(path.read_text("utf-8")))
            except (OSError, ValueError):
                continue
        return found

    def heads(self, word: str) -> list[dict[str, Any]]:
        """{"id", "name", "updated"} of every conversation."""
        return [{name: record.get(name) for name in HEAD} for record in self.records(word)]

    def get(self, word: str, conversation: str) -> dict[str, Any]:
        try:
            return json.loads(self._path(word, conversation).read_text("utf-8"))
        except FileNotFoundError:
            raise ShelfError("This conversation is no longer kept.", 404) from None

    def put(self, word: str, conversation: str, record: Mapping[str, Any]) -> None:
        """Keeps a conversation: all of it, or what was there before stays."""
        path = self._path(word, conversation)
        try:
            text = json.dumps(record, ensure_ascii=False, allow_nan=False).encode("utf-8")
        except (ValueError, RecursionError):  # what no answer to a browser could hold when it is asked for again
            raise ShelfError("The conversation contains half a character, or a number that is not one.", 400) from None
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() and sum(1 for _ in path.parent.glob("*.json")) >= MOST:
            raise ShelfError(f"{MOST:,} conversations are kept, which is the most: delete some.", 507)
        handle, draft = tempfile.mkstemp(dir=path.parent, suffix=".draft")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(draft).replace(path)
        except BaseException:
            Path(draft).unlink(missing_ok=True)
            raise

    def delete(self, word: str, conversation: str) -> None:
        self._path(word, conversation).unlink(missing_ok=True)

    def _owned(self, word: str) -> Path:
        if len(word) < SHORTEST_WORD:
            raise ShelfError("The browser did not say who it is: reload the page.", 401)
        return self._folder / sha256(word.encode()).hexdigest()[:32]

    def _path(self, word: str, conversation: str) -> Path:
        if not ID.fullmatch(conversation):
            raise ShelfError("That is not the id of a conversation.", 400)
        return self._owned(word) / f"{conversation}.json"
