"""Turns what HTTP, JSON and sockets say went wrong into ProviderError. Knows no SDK and no wire's successes.

All vendors answer errors with a status and a JSON body that names a type, a code, a message and sometimes a
parameter. What those words mean is data here; who said them only decides whom the sentence names.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, cast

import httpx2

from ..errors import ErrorKind, ProviderError
from ..types import Request
from .base import Endpoint
from .fault_words import (
    BY_PHRASE,
    BY_STATUS,
    BY_WORD,
    GENERAL,
    LONGEST_EXCERPT,
    OF_A_BAD_REQUEST,
    PARAM_ALIASES,
    REFUSES,
    REQUEST_IDS,
    SECRET,
)


@dataclass(frozen=True, slots=True)
class Said:
    """What a body says of its error, whatever its shape."""

    words: tuple[str, ...] = ()
    message: str = ""
    param: str | None = None
    retry_after_s: float | None = None
    per_day: bool = False


def from_response(
    status: int, body: object, headers: Mapping[str, str], endpoint: Endpoint, request: Request
) -> ProviderError:
    """The error that a status, a parsed JSON body (or text, or None) and headers amount to."""
    said = read(body)
    param = _param_named(said)
    kind = _kind(status, said, param)
    retry_after_s = _retry_after(headers) or said.retry_after_s
    request_id = next((headers[name] for name in REQUEST_IDS if name in headers), None)
    message = sentence(kind, endpoint, request, said.message, param, retry_after_s)
    return ProviderError(kind, message, retry_after_s=retry_after_s, request_id=request_id, param=param)


def from_exception(error: BaseException, endpoint: Endpoint, request: Request) -> ProviderError | None:
    """The error that a foreign exception (or what caused it) amounts to; None for one that is not foreign."""
    seen: BaseException | None = error
    while seen is not None:
        for kinds, kind in BY_EXCEPTION:
            if isinstance(seen, kinds):
                return ProviderError(kind, sentence(kind, endpoint, request))
        seen = seen.__cause__ or seen.__context__
    return None


BY_EXCEPTION: tuple[tuple[tuple[type[BaseException], ...], ErrorKind], ...] = (
    ((httpx2.TimeoutException,), "timeout"),
    ((httpx2.DecodingError, httpx2.TooManyRedirects), "protocol"),
    ((httpx2.HTTPError, httpx2.StreamError), "connection"),
    ((json.JSONDecodeError, UnicodeDecodeError), "protocol"),
)


async def expect_events(response: httpx2.Response, endpoint: Endpoint, request: Request) -> None:
    """A web page or a JSON document with status 200 would read as an empty stream: it is said to be neither."""
    kind = response.headers.get("content-type", "text/event-stream").partition(";")[0].strip().lower()
    if kind == "text/event-stream":
        return
    body: object = None
    if kind == "application/json":
        await response.aread()
        with contextlib.suppress(ValueError):
            body = response.json()
    said = read(body)
    if said.message or said.words:
        raise from_response(200, body, response.headers, endpoint, request)
    raise protocol_error(endpoint, request)


def protocol_error(endpoint: Endpoint, request: Request) -> ProviderError:
    """An answer that is not the protocol's: a web page, broken JSON, something else altogether."""
    return ProviderError("protocol", sentence("protocol", endpoint, request))


def context_error(endpoint: Endpoint, request: Request) -> ProviderError:
    return ProviderError("context_length", sentence("context_length", endpoint, request))


def read(body: object) -> Said:
    """Type, code, message and parameter out of any vendor's error body."""
    if isinstance(body, list):
        body = next(iter(cast(list[object], body)), None)
    if not isinstance(body, dict):
        return Said()
    table = cast(dict[str, Any], body)
    inner: Any = table.get("error", table)
    if not isinstance(inner, dict):
        return Said(message=str(inner))
    error = cast(dict[str, Any], inner)
    listed: list[Any] = error.get("details") or []
    details = [cast(dict[str, Any], detail) for detail in listed if isinstance(detail, dict)]
    # The narrower word first: a code says more than the type it comes with.
    words = [*(d.get("reason") for d in details), error.get("code"), error.get("status"), error.get("type")]
    return Said(
        words=tuple(str(word) for word in words if word),
        message=str(error.get("message") or ""),
        param=error.get("param") if isinstance(error.get("param"), str) else None,
        retry_after_s=next(filter(None, (_duration(d.get("retryDelay")) for d in details)), None),
        per_day=any("PerDay" in json.dumps(d) for d in details if "QuotaFailure" in str(d.get("@type"))),
    )


def _kind(status: int, said: Said, param: str | None) -> ErrorKind:
    if said.per_day:
        return "quota"
    words = [word for word in said.words if word in BY_WORD]
    narrow: list[ErrorKind] = [BY_WORD[word] for word in words if word not in GENERAL]
    broad: list[ErrorKind] = [BY_WORD[word] for word in words]
    # A status other than 400 says more than "invalid request" does; inside a 200 there is no status to go by.
    by_status: list[ErrorKind] = [BY_STATUS[status]] if status in BY_STATUS and status != 400 else []
    by_class: ErrorKind = "bad_request" if 400 <= status < 500 else "server"
    ranked: list[ErrorKind] = [*narrow, *by_status, *broad, by_class]
    general = ranked[0]
    lowered = said.message.lower()
    phrases: list[ErrorKind] = [kind for phrase, kind in BY_PHRASE if phrase in lowered]
    if phrases and general in OF_A_BAD_REQUEST:
        return phrases[0]
    if general == "bad_request" and param and REFUSES.search(said.message):
        return "unsupported_param"
    return general


def _param_named(said: Said) -> str | None:
    if said.param:
        return PARAM_ALIASES.get(said.param, said.param)
    named = (PARAM_ALIASES[word] for word in re.findall(r"[A-Za-z_.]+", said.message) if word in PARAM_ALIASES)
    return next(named, None) if REFUSES.search(said.message) else None


def sentence(
    kind: ErrorKind,
    endpoint: Endpoint,
    request: Request,
    excerpt: str = "",
    param: str | None = None,
    retry_after_s: float | None = None,
) -> str:
    """What happened, whose fault it is and what to do, in our words; never a key, never a raw body."""
    who, model = endpoint.label, request.model.name
    key = endpoint.key_name or "its key"
    again = f"try again in {retry_after_s:.0f} s" if retry_after_s else "try again in a moment"
    quote = _excerpt(excerpt, endpoint)
    return {
        "auth": f"{who} says the key is wrong: check {key}.",
        "permission": f"{who} does not let this key use {model}: check what {key} is allowed to do.",
        "not_found": f"{who} knows no model {request.model.upstream!r}: choose another model.",
        "rate_limit": f"{who} is getting too many requests for this key: {again}.",
        "quota": f"The account behind {key} at {who} has no credit or quota left: top it up, or choose another model.",
        "overloaded": f"{who} is overloaded: {again}, or choose another model.",
        "bad_request": f"{who} refused the request{quote}.",
        "unsupported_param": f"{model} does not take {param or 'one of the parameters'}: unset it{quote}.",
        "context_length": f"The conversation is too long for {model}: shorten it or choose a larger window{quote}.",
        "blocked": f"{who} declined to answer this: rephrase it, or choose another model.",
        "timeout": f"{who} took too long to answer: try again, or choose another model.",
        "connection": f"{who} cannot be reached, or hung up: check the network and the address, then try again.",
        "truncated": f"{model}: the answer broke off before its end. What arrived is kept; try again.",
        "protocol": f"{who} answered with something that is not its protocol: check the base URL.",
        "server": f"{who} has a problem of its own: {again}, or choose another model.",
    }[kind]


def _excerpt(text: str, endpoint: Endpoint) -> str:
    """The provider's own words, short and without anything that looks like a key."""
    if endpoint.api_key:
        text = text.replace(endpoint.api_key, "[key]")
    text = SECRET.sub("[key]", " ".join(text.split()))
    if not text:
        return ""
    short = text if len(text) <= LONGEST_EXCERPT else f"{text[:LONGEST_EXCERPT]}…"
    return f" (it says: “{short.rstrip('.')}”)"


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds from retry-after-ms, or from Retry-After as seconds or as a date."""
    return next(filter(None, _retry_after_values(headers)), None)


def _retry_after_values(headers: Mapping[str, str]) -> Iterator[float | None]:
    milliseconds, value = headers.get("retry-after-ms", ""), headers.get("retry-after", "")
    if milliseconds.replace(".", "", 1).isdigit():
        yield float(milliseconds) / 1000
    if value.replace(".", "", 1).isdigit():
        yield float(value)
    elif value:
        try:
            yield max((parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds(), 0)
        except (ValueError, TypeError):
            yield None


def _duration(text: Any) -> float | None:
    """Google's "12.5s" in seconds."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)s", text) if isinstance(text, str) else None
    return float(match[1]) if match else None
