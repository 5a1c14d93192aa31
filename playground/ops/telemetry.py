"""What the process says of itself: logs of ids and counts without keys and texts, and figures for Prometheus.

Knows no route and no model.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, TextIO, cast

HIDDEN = "[hidden]"
SHORTEST_SECRET = 6
# How keys look that nobody told us of: a reader's own, or one pasted in the wrong place.
KEY_LIKE = re.compile(
    r"\b(?:sk|pk|rk|gsk|xai|key)[-_][A-Za-z0-9_-]{8,}|\bAIza[A-Za-z0-9_-]{20,}|\bhf_[A-Za-z0-9]{8,}"
    r"|(?<=Bearer )[^\s\"']{6,}|(?<=://)[^\s/@:]*:[^\s/@]+(?=@)",
    re.IGNORECASE,
)
# What such a key has somewhere, in small letters: told in a tenth of the time, and most lines have none of it.
SIGNS = ("k-", "k_", "xai-", "xai_", "key-", "key_", "aiza", "hf_", "bearer ", "://")
MOST_FRAMES = 12
# Libraries that write down addresses and bodies at the levels below.
TALKATIVE = ("httpx2", "httpcore2", "httpx", "httpcore", "openai", "anthropic", "google_genai", "sqlalchemy", "limits")


class Redaction:
    """Hides secrets: those it was told of wherever they stand, and whatever looks like a key."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted({one for one in secrets if len(one) >= SHORTEST_SECRET}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def __call__(self, text: str) -> str:
        if self._known is not None:
            text = self._known.sub(HIDDEN, text)
        small = text.lower()
        return KEY_LIKE.sub(HIDDEN, text) if any(sign in small for sign in SIGNS) else text


class JsonLines(logging.Formatter):
    """One JSON object a line, with a record's `counts` if it has some (`extra={"counts": {...}}`).

    Of an exception it tells the kind and the places: its words may be a reader's.
    """

    def __init__(self, hide: Redaction) -> None:
        super().__init__()
        self._hide = hide

    def format(self, record: logging.LogRecord) -> str:
        told: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "counts", {}),
        }
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            frames = traceback.extract_tb(error.__traceback__)[-MOST_FRAMES:]
            told["error"] = type(error).__name__
            told["at"] = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]
        return self._hide(json.dumps(told, ensure_ascii=False))


class HidingStream:
    """A stream that hides secrets: not everything that is written down goes through a log."""

    def __init__(self, stream: TextIO, hide: Redaction) -> None:
        self._stream = stream
        self._hide = hide

    def write(self, text: str) -> int:
        self._stream.write(self._hide(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def start_logging(level: str, secrets: Iterable[str]) -> None:
    """From here on the process writes JSON lines to stderr, and no secret anywhere."""
    hide = Redaction(secrets)
    handler = logging.StreamHandler(sys.stderr)  # the bare one: what it is given has been looked through
    handler.setFormatter(JsonLines(hide))
    sys.stdout = cast(TextIO, HidingStream(sys.stdout, hide))
    sys.stderr = cast(TextIO, HidingStream(sys.stderr, hide))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level]))


def exposition(figures: Mapping[str, tuple[str, str, float | None]]) -> str:
    """Prometheus' text format, version 0.0.4. Name -> (counter or gauge, what it is, value; None is left out)."""
    lines: list[str] = []
    for name, (kind, told, value) in figures.items():
        if value is not None:
            lines += [f"# HELP {name} {told}", f"# TYPE {name} {kind}", f"{name} {value:.15g}"]
    return "\n".join(lines) + "\n"
