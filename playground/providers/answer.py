"""One HTTP/1.1 answer out of the bytes that a server sends. Knows no socket, no provider and no event."""

from __future__ import annotations

import httptools
import httpx2

LONGEST_HEAD = 100 * 1024
NO_BODY = frozenset({204, 304})


class Answer:
    """What has come of one answer: `status`, `reason`, `version` and `headers` once `begun`, all of it once `whole`.

    `surplus` is set when more came than the answer: what follows on that connection cannot be trusted then.
    """

    def __init__(self) -> None:
        self.status = 0
        self.reason = self.version = b""
        self.headers: list[tuple[bytes, bytes]] = []
        self.begun = self.whole = self.surplus = self.may_go_on = False
        self.waiting = 0
        self._parts: list[bytes] = []
        self._head_bytes = 0
        self._until_end = False
        self._parser = httptools.HttpResponseParser(self)

    def feed(self, data: bytes) -> None:
        """Raises httpx2.RemoteProtocolError for what is no HTTP."""
        if self.whole:
            self.surplus = True
            return
        waited = self.waiting
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            if not self.whole:
                raise httpx2.RemoteProtocolError(f"no HTTP answer: {error}") from None
            self.surplus = True
        # What is neither body nor end is a head, or what may follow a chunked body.
        self._head_bytes = 0 if self.waiting > waited else self._head_bytes + len(data)
        if self._head_bytes > LONGEST_HEAD and not self.whole:
            raise httpx2.RemoteProtocolError("the answer's head does not end")

    def end(self) -> None:
        """The server has hung up. Raises httpx2.RemoteProtocolError if something is missing."""
        if not self.begun:
            raise httpx2.RemoteProtocolError("Server disconnected without sending a response.")
        if not self.whole and not self._until_end:
            raise httpx2.RemoteProtocolError("peer closed connection without sending complete message body")
        self.whole = True

    def take(self) -> bytes:
        """All of the body that came since last asked, as one piece however many there were."""
        parts, self._parts, self.waiting = self._parts, [], 0
        return parts[0] if len(parts) == 1 else b"".join(parts)

    # What httptools calls.

    def on_message_begin(self) -> None:
        self.surplus = self.whole

    def on_status(self, status: bytes) -> None:
        if not self.whole:
            self.reason += status

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.begun:  # what follows a chunked body is no header
            self.headers.append((name, value.strip(b" \t")))

    def on_headers_complete(self) -> None:
        if self.whole:
            return
        self.status = self._parser.get_status_code()
        if self.status < 200:
            self.headers, self.reason = [], b""  # of an answer that comes before the answer
            return
        self.version = b"HTTP/" + self._parser.get_http_version().encode()
        lengths = {name.lower(): value.lower() for name, value in self.headers}
        self._until_end = not (
            b"content-length" in lengths
            or lengths.get(b"transfer-encoding", b"").endswith(b"chunked")
            or self.status in NO_BODY
        )
        self.begun = True

    def on_body(self, part: bytes) -> None:
        if not self.whole:
            self._parts.append(part)
            self.waiting += len(part)

    def on_message_complete(self) -> None:
        if self.begun and not self.whole:
            self.whole = True
            self.may_go_on = self._parser.should_keep_alive()
