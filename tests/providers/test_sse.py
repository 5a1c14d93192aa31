"""Server-sent events out of bytes, however they are cut."""

import pytest

from playground.providers.sse import Events

SENT = (
    b': a comment\n\ndata: {"a": 1}\n\nevent: told\ndata: first\ndata:second\n\nid: 3\r\ndata: \xc3\xa9\r\n\r\n'
    b"retry: 10\n\ndata\n\ndata: cr\r\rdata: [DONE]\n\ndata: never ended"
)
READ = [b'{"a": 1}', b"first\nsecond", b"\xc3\xa9", b"cr", b"[DONE]"]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 16, len(SENT)])
def test_events_are_the_same_however_the_bytes_are_cut(size):
    events = Events()
    pieces = [SENT[at : at + size] for at in range(0, len(SENT), size)]
    assert [data for piece in pieces for data in events.feed(piece)] == READ


def test_an_event_waits_for_its_end_and_several_may_come_at_once():
    events = Events()
    assert events.feed(b"data: begun") == []
    assert events.feed(b" here\n\ndata: two\n\ndata:") == [b"begun here", b"two"]
    assert events.feed(b" three\n\n") == [b"three"]
