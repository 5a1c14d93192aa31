"""Server-sent events out of pieces of bytes. Knows no wire and no network."""

from __future__ import annotations


class Events:
    """The events of one stream, by the rules of https://html.spec.whatwg.org/multipage/server-sent-events.html.

    Only their data: what else a line can say (names, ids, comments) no wire here needs.
    """

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, piece: bytes) -> list[bytes]:
        """The data of the events that `piece` completes, in order; a begun one waits for what comes."""
        held = self._rest + piece
        if b"\r" in held:
            # A last \r may be the first half of a \r\n.
            whole, half = (held[:-1], b"\r") if held.endswith(b"\r") else (held, b"")
            held = whole.replace(b"\r\n", b"\n").replace(b"\r", b"\n") + half
        *events, self._rest = held.split(b"\n\n")
        return [data for event in events if (data := _data(event)) is not None]


def _data(event: bytes) -> bytes | None:
    if event.startswith(b"data: ") and b"\n" not in event:
        return event[6:]
    lines = [line[5:].removeprefix(b" ") for line in event.split(b"\n") if line.startswith(b"data:")]
    return b"\n".join(lines) if lines else None
