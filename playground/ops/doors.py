"""What every request passes before a route sees it: who asks, from where, and whether that may come in.

Plain ASGI middleware, in front of Gradio's queue. Knows paths, not what they do.
"""

from __future__ import annotations

import json
import logging
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..conversation.allowance import ASKING, NOBODY, Visitor
from .calls import read_call
from .gate import ClosedError, Gate
from .rates import Rates, RatesUnknownError, in_words

log = logging.getLogger(__name__)

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
ADDRESS = "playground.address"
# Our routes that make a model write.
GENERATING = re.compile(r"/(chat|next-token|battles(/[^/]+/(turns|redraw))?)/?")
# Where the page calls its functions: through Gradio's queue, and past it.
CALLS = ("/gradio_api/queue/join", "/gradio_api/run/predict")
# What of Gradio's own routes the page uses. The others upload, proxy, edit code or call functions: nobody needs them.
GRADIO = "/gradio_api/"
USED = re.compile(
    r"/gradio_api/(queue/(join|data)|run/predict|cancel|reset|heartbeat/[\w-]+|info|openapi\.json|startup-events|"
    r"theme\.css|app_id|user|login_check|file=(?!https?:).+|(login|logout)(/.*)?)/?",
    re.IGNORECASE,
)
UPLOADS = re.compile(r"/gradio_api/(upload|upload_progress)/?")
CLOSED = re.compile(r"/(monitoring|custom_component|proxy=|file=https?:).*", re.IGNORECASE)

# [v6], [v6]:port and v4:port; and the network through which IPv4 is reached from IPv6 alone (RFC 6052).
WITH_PORT = re.compile(r"\[([^\]]+)\](?::\d+)?|([\d.]+):\d+")
NAT64 = ip_network("64:ff9b::/96")

FOREIGN = "This request comes from a page of another site ({origin}): open the playground itself."
NOT_HERE = "There is nothing here."
NOT_FETCHED = "Files are uploaded here, never fetched from an address."
TOO_MANY = "Too many {what} from one address, which may {do} {rate}: wait {wait_s} s."
ASK, UPLOAD = {"what": "questions", "do": "ask"}, {"what": "files", "do": "upload"}
# They stay on the disk for a day.
UPLOADS_A_DAY = "200/day"


@dataclass(frozen=True)
class DoorRules:
    """`rate` is how often an address may ask ("" for ever), `hops` how many proxies in front of us are the owner's.

    `hosts` are names under which the page is known besides the one in the request, `streaming` tells whether a
    function of the page (by its index) makes a model write, `uploads` whether the page takes files.
    """

    rate: str = ""
    hops: int = 0
    hosts: frozenset[str] = frozenset()
    streaming: Callable[[int], bool] = field(default=lambda _: True)
    uploads: bool = False


class Doors:
    """Answers in our own error shape whatever may not come in; lets the rest through, with its address noted."""

    def __init__(self, app: ASGIApp, rules: DoorRules, rates: Rates, gate: Gate) -> None:
        self.app = app
        self._rules = rules
        self._rates = rates
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        token = ASKING.set(NOBODY)
        try:
            await self._enter(scope, receive, send)
        finally:
            ASKING.reset(token)

    async def _enter(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        address = scope[ADDRESS] = address_of(headers, _peer(scope), self._rules.hops)
        ASKING.set(Visitor(address))
        path: str = scope["path"]
        if not self._is_open(path):
            await _refuse(send, 404, "not_found", NOT_HERE)
        elif scope["method"] not in SAFE and is_foreign(headers, self._rules.hosts, self._rules.hops):
            origin = headers.get("origin", "unknown")[:100]
            await _refuse(send, 403, "permission", FOREIGN.format(origin=origin))
        elif scope["method"] == "POST" and path.rstrip("/") in CALLS:
            await self._call(scope, receive, send, address)
        elif scope["method"] == "POST" and GENERATING.fullmatch(path):
            await self._answer(scope, receive, send, address)
        elif scope["method"] == "POST" and UPLOADS.fullmatch(path):
            await self._upload(scope, receive, send, address)
        else:
            await self.app(scope, receive, send)

    def _is_open(self, path: str) -> bool:
        if path.startswith(GRADIO):
            return bool(USED.fullmatch(path) or (self._rules.uploads and UPLOADS.fullmatch(path)))
        return not CLOSED.fullmatch(path)

    async def _call(self, scope: Scope, receive: Receive, send: Send, address: str) -> None:
        """A function of the page: those that make a model write count, the others do not."""
        body = await _read(receive)
        if body is None:
            return
        call = read_call(body)
        if call.fetches:
            await _refuse(send, 400, "bad_request", NOT_FETCHED)
        elif call.function is not None and not self._rules.streaming(call.function):
            await self.app(scope, _again(body, receive), send)
        elif self._gate.draining:
            await _refuse(send, 503, "overloaded", "The playground is being restarted: try again in a minute.", 60)
        elif not await self._too_often(send, address, self._rules.rate, ASK):
            await self.app(scope, _again(body, receive), send)

    async def _upload(self, scope: Scope, receive: Receive, send: Send, address: str) -> None:
        for rate in (self._rules.rate, UPLOADS_A_DAY if self._rules.rate else ""):
            if await self._too_often(send, address, rate, UPLOAD):
                return
        await self.app(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, address: str) -> None:
        if await self._too_often(send, address, self._rules.rate, ASK):
            return
        begun = False
        agent = Headers(scope=scope).get("user-agent", "")
        try:
            async with self._gate.running(f"{address} {agent}"):
                begun = True
                await self.app(scope, receive, send)
        except ClosedError as closed:
            if begun:
                raise
            status, kind = (503, "overloaded") if closed.draining else (429, "rate_limit")
            await _refuse(send, status, kind, closed.message, 60 if closed.draining else 5)

    async def _too_often(self, send: Send, address: str, rate: str, doing: dict[str, str]) -> bool:
        """Whether the address has to wait; it has been told so then. Redis gone is the guard's business, by model."""
        if not rate:
            return False
        try:
            wait_s = await self._rates.wait_s(rate, doing["do"], address)
        except RatesUnknownError:
            wait_s = await self._rates.own_wait_s(rate, doing["do"], address)
        if wait_s:
            text = TOO_MANY.format(**doing, rate=in_words(rate), wait_s=math.ceil(wait_s))
            await _refuse(send, 429, "rate_limit", text, wait_s)
        return bool(wait_s)


def address_of(headers: Headers, peer: str, hops: int) -> str:
    """The client's address: the `hops`-th of X-Forwarded-For from the right, which the nearest proxies wrote.

    What stands further left was written by the client. A request with fewer entries did not come through them all.
    Of IPv6 only the network, because that is what one customer is given, with as many addresses as they like.
    """
    forwarded = _entries(headers, "x-forwarded-for")
    return counted(forwarded[-hops][:64] if 0 < hops <= len(forwarded) else peer)


@lru_cache(maxsize=10_000)
def counted(address: str) -> str:
    """Under what an address is counted: itself, the IPv4 address that an IPv6 one wraps, or its /64.

    Some proxies write the port as well, which is another one with each connection.
    """
    with_port = WITH_PORT.fullmatch(address)
    try:
        parsed = ip_address((with_port[1] or with_port[2]) if with_port else address)
    except ValueError:
        return address
    if isinstance(parsed, IPv4Address):
        return str(parsed)
    wrapped = IPv4Address(parsed.packed[-4:]) if parsed in NAT64 else parsed.ipv4_mapped
    return str(wrapped or ip_network((parsed.packed[:8] + bytes(8), 64)))


def is_foreign(headers: Headers, hosts: frozenset[str], hops: int) -> bool:
    """Whether a browser says that another site's page sends this. Programs that are no browsers say nothing."""
    if headers.get("sec-fetch-site") == "cross-site":
        return True
    origin = headers.get("origin")
    if origin is None:
        return False
    own = {headers.get("host", "").lower(), *hosts}
    if hops and (forwarded := _entries(headers, "x-forwarded-host")):
        own.add(forwarded[-1].lower())
    parts = urlsplit(origin.lower())
    return not parts.hostname or parts.netloc not in _with_ports(own, parts.scheme)


def _with_ports(hosts: set[str], scheme: str) -> set[str]:
    """Hosts with and without the port that a browser leaves out."""
    usual = {"http": ":80", "https": ":443"}.get(scheme, "")
    return {form for host in hosts if host for form in (host, host.removesuffix(usual) if usual else host)}


def _entries(headers: Headers, name: str) -> list[str]:
    """Every entry of a header, from the left. A proxy may add its own as a line of its own, as HAProxy does."""
    return [one.strip() for line in headers.getlist(name) for one in line.split(",") if one.strip()]


def _peer(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""


async def _read(receive: Receive) -> bytes | None:
    """The whole body, whose size has been limited before; None if the client has gone."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def _again(body: bytes, receive: Receive) -> Receive:
    told = False

    async def once_more() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return once_more


async def _refuse(send: Send, status: int, kind: str, message: str, retry_after_s: float | None = None) -> None:
    """`detail` is where Gradio's page looks for the sentence to show."""
    error: dict[str, Any] = {"kind": kind, "message": message, "retry_after_s": retry_after_s}
    headers = [(b"content-type", b"application/json")]
    if retry_after_s is not None:
        headers.append((b"retry-after", str(int(retry_after_s + 0.999)).encode()))
    body = json.dumps({"error": error, "detail": message}).encode()
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
