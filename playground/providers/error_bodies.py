"""What an error answer says, whoever sent it: its kind, the parameter, when to try again. Knows no SDK.

All vendors answer errors with a status and a JSON body that names a type, a code, a message and sometimes a
parameter; what those words mean stands in fault_words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar, cast

from ..errors import ErrorKind
from .fault_words import BY_PHRASE, BY_STATUS, BY_WIDE_WORD, BY_WORD, OUR_NAMES, REFUSES, SAYS_LITTLE

T = TypeVar("T")
LONGEST_WAIT_S = 7 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Said:
    """What a body says of its error, whatever its shape. `status` is one it names itself; `param` has our name."""

    words: tuple[str, ...] = ()
    message: str = ""
    param: str | None = None
    status: int | None = None
    retry_after_s: float | None = None
    per_day: bool = False


def read(body: object) -> Said:
    """Words, message, parameter and pause out of any vendor's error body: parsed JSON, text, or nothing."""
    if isinstance(body, list):
        body = _first(_row(cast(object, body)))
    if isinstance(body, str):
        return Said(message="" if body.lstrip().startswith("<") else body)
    table = _table(body)
    if isinstance(table.get("error"), str):
        return Said(message=table["error"])
    error = _table(table.get("error")) or table
    details = _tables(error.get("details"))
    refused = _first(_tables(error.get("detail"))) or {}
    message = _text(error.get("message")) or _text(error.get("detail")) or _text(refused.get("msg"))
    code = error.get("code")
    # The narrower word first: a code says more than the type it comes with.
    words = [*(detail.get("reason") for detail in details), code, error.get("status"), error.get("type")]
    return Said(
        words=tuple(str(word) for word in words if word),
        message=message,
        param=_param_named(_text(error.get("param")) or _last(refused.get("loc")), message),
        status=int(str(code)) if re.fullmatch("[1-5][0-9][0-9]", str(code)) else None,
        retry_after_s=_first(_pause(detail.get("retryDelay")) for detail in details) or _pause(message),
        per_day=any("PerDay" in str(detail) for detail in details if "QuotaFailure" in str(detail.get("@type"))),
    )


def kind_of(status: int, said: Said) -> ErrorKind:
    """The kind of error that a status and a body amount to."""
    if said.per_day:
        return "quota"
    if status < 400 and said.status:
        status = said.status
    by_class: ErrorKind = "bad_request" if 400 <= status < 500 else "server"
    by_word: list[ErrorKind] = [BY_WORD[word] for word in said.words if word in BY_WORD]
    by_status: list[ErrorKind] = [BY_STATUS[status]] if status in BY_STATUS else []
    by_wide_word: list[ErrorKind] = [BY_WIDE_WORD[word] for word in said.words if word in BY_WIDE_WORD]
    ranked: list[ErrorKind] = [*by_word, *by_status, *by_wide_word, by_class]
    kind = ranked[0]
    lowered = said.message.lower()
    narrower: list[ErrorKind] = [narrow for phrase, narrow in BY_PHRASE if phrase in lowered]
    if kind in SAYS_LITTLE and narrower:
        return narrower[0]
    if kind == "unsupported_param" or (kind == "bad_request" and REFUSES.search(said.message)):
        return "unsupported_param" if said.param else "bad_request"
    return kind


def pause_in(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait out of retry-after-ms, or of Retry-After as seconds or as a date; None for none or nonsense."""
    milliseconds, value = _number(headers.get("retry-after-ms")), headers.get("retry-after", "")
    seconds = _number(value) if milliseconds is None else milliseconds / 1000
    if seconds is None:
        try:
            date = parsedate_to_datetime(value)
            seconds = (date.replace(tzinfo=date.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
    return seconds if 0 < seconds <= LONGEST_WAIT_S else None


def _param_named(named: str, message: str) -> str | None:
    """Our name of the parameter that an error is about; None when it names none, or one of no concern to people."""
    if ours := OUR_NAMES.get(named) or OUR_NAMES.get(named.rpartition(".")[2]):
        return ours
    if first := re.match(r"[`'\"]?(\w+)[`'\"]?: ", message):
        return OUR_NAMES.get(first[1])
    words = re.findall(r"[A-Za-z_]+", message) if REFUSES.search(message) else ()
    return _first(OUR_NAMES.get(word) for word in words)


def _last(place: object) -> str:
    """FastAPI's servers say where a body is wrong as a path, whose end is the parameter."""
    path = _row(place)
    return str(path[-1]) if path else ""


def _pause(text: object) -> float | None:
    """Seconds in Google's "12.5s", or in "try again in 350ms" and the like."""
    match = re.search(r"(?:^|(?:again|retry) in )(\d{1,6}(?:\.\d+)?)(ms|s)\b", _text(text))
    return float(match[1]) / (1000 if match[2] == "ms" else 1) or None if match else None


def _number(text: str | None) -> float | None:
    try:
        return float(text or "")
    except ValueError:
        return None


def _first(values: Iterable[T | None]) -> T | None:
    return next((value for value in values if value), None)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _table(value: object) -> dict[str, Any]:
    return cast(dict[str, Any], value) if isinstance(value, dict) else {}


def _tables(value: object) -> list[dict[str, Any]]:
    return [_table(row) for row in _row(value)]


def _row(value: object) -> list[object]:
    return cast(list[object], value) if isinstance(value, list) else []
