"""Turns what HTTP, JSON and sockets say went wrong into ProviderError. Knows no SDK and no wire's successes.

Who said it only decides whom the sentence names.
"""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Mapping
from dataclasses import replace

import httpx2

from ..errors import ErrorKind, ProviderError
from ..types import Request
from . import error_bodies
from .base import Endpoint
from .fault_words import SECRET

BY_EXCEPTION: tuple[tuple[tuple[type[BaseException], ...], ErrorKind], ...] = (
    ((httpx2.TimeoutException,), "timeout"),
    # A request that cannot be written down: of all that is in its head, people type only the key.
    ((httpx2.LocalProtocolError,), "auth"),
    ((httpx2.DecodingError, httpx2.TooManyRedirects), "protocol"),
    ((httpx2.HTTPError, httpx2.StreamError, httpx2.InvalidURL), "connection"),
    ((json.JSONDecodeError, UnicodeDecodeError, RecursionError), "protocol"),
)
REQUEST_IDS = ("x-request-id", "request-id", "x-goog-request-id")
LARGER = "choose a model with a larger context window"
LONGEST_EXCERPT = 240


def from_response(
    status: int, body: object, headers: Mapping[str, str], endpoint: Endpoint, request: Request
) -> ProviderError:
    """The error that a status, a parsed JSON body (or text, or None) and headers amount to."""
    said = error_bodies.read(body)
    kind = error_bodies.kind_of(status, said)
    retry_after_s = error_bodies.pause_in(headers) or said.retry_after_s
    request_id = next((headers[name] for name in REQUEST_IDS if name in headers), None)
    message = sentence(kind, endpoint, request, said.message, said.param, retry_after_s)
    return ProviderError(kind, message, retry_after_s=retry_after_s, request_id=request_id, param=said.param)


def from_exception(error: BaseException, endpoint: Endpoint, request: Request) -> ProviderError | None:
    """The error that a foreign exception (or what caused it) amounts to; None for one that is not foreign."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, UnicodeEncodeError):
            return _not_sendable(seen, endpoint, request)
        for kinds, kind in BY_EXCEPTION:
            if isinstance(seen, kinds):
                return ProviderError(kind, sentence(kind, endpoint, request))
        seen = seen.__cause__
    return None


def asked_with(endpoint: Endpoint, key: str | None) -> Endpoint:
    """The endpoint as one call sees it: errors over a reader's own `key` speak of that key, and never show it."""
    return replace(endpoint, api_key=key, key_name="your key") if key else endpoint


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
    said = error_bodies.read(body)
    if said.message or said.words:
        raise from_response(200, body, response.headers, endpoint, request)
    raise protocol_error(endpoint, request)


def protocol_error(endpoint: Endpoint, request: Request) -> ProviderError:
    """An answer that is not the protocol's: a web page, broken JSON, something else altogether."""
    return ProviderError("protocol", sentence("protocol", endpoint, request))


def context_error(endpoint: Endpoint, request: Request) -> ProviderError:
    """The conversation has filled the model's window."""
    return ProviderError("context_length", sentence("context_length", endpoint, request))


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
    again = f"try again in {math.ceil(retry_after_s)} s" if retry_after_s else "try again in a moment"
    quote = _excerpt(excerpt, endpoint)
    sentences: dict[ErrorKind, str] = {
        "auth": f"{who} says the key is wrong: check {key}.",
        "permission": f"{who} does not let this key use {model}: check what {key} is allowed to do.",
        "not_found": f"{who} has no model {request.model.upstream!r}: choose another one.",
        "rate_limit": f"{who} is getting too many requests for this key: {again}.",
        "quota": f"The account behind {key} at {who} has no credit or quota left: top it up, or choose another model.",
        "overloaded": f"{who} is overloaded: {again}, or choose another model.",
        "bad_request": f"{who} refused the request: change the message or the parameters{quote}.",
        "unsupported_param": f"{model} does not accept {param or 'one of the parameters'}: leave it unset{quote}.",
        "context_length": f"The conversation is too long for {model}: shorten it, or {LARGER}{quote}.",
        "blocked": f"{who} declined to answer this: rephrase it, or choose another model.",
        "timeout": f"{who} took too long to answer: try again, or choose another model.",
        "connection": f"{who} cannot be reached, or hung up: check the network and the address, then try again.",
        "truncated": f"{model}: the answer broke off before its end. What arrived is kept; try again.",
        "protocol": f"{who} sent an answer that does not follow its protocol: check the base URL.",
        "server": f"{who} has a problem of its own: {again}, or choose another model.",
    }
    return sentences[kind]


def _not_sendable(error: UnicodeEncodeError, endpoint: Endpoint, request: Request) -> ProviderError:
    """Headers are ASCII, and the key is what people type into one; all else is UTF-8, which has no half characters."""
    if error.encoding == "ascii":
        return ProviderError("auth", sentence("auth", endpoint, request))
    return ProviderError(
        "bad_request", "The text contains half a character, which cannot be sent: remove it and try again."
    )


def _excerpt(text: str, endpoint: Endpoint) -> str:
    """The provider's own words, short and without anything that looks like a key."""
    if endpoint.api_key:
        text = text.replace(endpoint.api_key, "[key]")
    text = SECRET.sub("[key]", " ".join(text.split()))
    if not text:
        return ""
    short = text if len(text) <= LONGEST_EXCERPT else f"{text[:LONGEST_EXCERPT]}…"
    return f" (it says: “{short.rstrip('.')}”)"
