"""One HTTP answer out of bytes, however they are cut."""

from dataclasses import dataclass, field

import httpx2
import pytest

from playground.providers.answer import LONGEST_HEAD, Answer

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
HELLO = b"HTTP/1.1 200 Fine then\r\nX-Empty:\r\nX-Two: a b\r\nX-Two: c\r\nContent-Length: 5\r\n\r\nhello"


@dataclass
class Case:
    """Bytes and what they say. `open_end`: the answer ends when the server hangs up."""

    sent: bytes
    body: bytes = b""
    status: int = 200
    reason: bytes = b"OK"
    version: bytes = b"HTTP/1.1"
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    goes_on: bool = True
    open_end: bool = False


CASES = {
    "length": Case(
        HELLO,
        b"hello",
        reason=b"Fine then",
        headers=[(b"X-Empty", b""), (b"X-Two", b"a b"), (b"X-Two", b"c"), (b"Content-Length", b"5")],
    ),
    "length zero": Case(OK + b"Content-Length: 0\r\n\r\n", headers=[(b"Content-Length", b"0")]),
    "chunks": Case(
        CHUNKED + b"5\r\nhello\r\n6;a=b\r\n world\r\n00a\r\n0123456789\r\n0\r\n\r\n",
        b"hello world0123456789",
        headers=[(b"Transfer-Encoding", b"chunked")],
    ),
    "no chunk": Case(CHUNKED + b"0\r\n\r\n", headers=[(b"Transfer-Encoding", b"chunked")]),
    "trailers": Case(
        CHUNKED + b"2\r\nok\r\n0\r\nX-Sum: 1\r\nSet-Cookie: a=b\r\n\r\n",
        b"ok",
        headers=[(b"Transfer-Encoding", b"chunked")],
    ),
    "chunks by another name": Case(
        OK + b"TRANSFER-ENCODING: Chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"ok",
        headers=[(b"TRANSFER-ENCODING", b"Chunked")],
    ),
    "spaces around a value": Case(
        OK + b"Transfer-Encoding: \tchunked  \r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"ok",
        headers=[(b"Transfer-Encoding", b"chunked")],
    ),
    "until the end": Case(
        OK + b"X: y\r\n\r\nsome\r\nbody",
        b"some\r\nbody",
        headers=[(b"X", b"y")],
        goes_on=False,
        open_end=True,
    ),
    "nothing until the end": Case(OK + b"\r\n", goes_on=False, open_end=True),
    "encoded until the end": Case(
        OK + b"Transfer-Encoding: gzip\r\n\r\nbody",
        b"body",
        headers=[(b"Transfer-Encoding", b"gzip")],
        goes_on=False,
        open_end=True,
    ),
    "204": Case(b"HTTP/1.1 204 No Content\r\nX: y\r\n\r\n", b"", 204, b"No Content", headers=[(b"X", b"y")]),
    "304": Case(
        b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
        b"",
        304,
        b"Not Modified",
        headers=[(b"Content-Length", b"5")],
    ),
    "early answers": Case(
        b"HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
        b"HTTP/1.1 200 Fine then\r\nContent-Length: 2\r\n\r\nok",
        b"ok",
        reason=b"Fine then",
        headers=[(b"Content-Length", b"2")],
    ),
    "no reason after an early answer": Case(
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok",
        b"ok",
        reason=b"",
        headers=[(b"Content-Length", b"2")],
    ),
    "close": Case(
        OK + b"Connection: Close\r\nContent-Length: 2\r\n\r\nok",
        b"ok",
        headers=[(b"Connection", b"Close"), (b"Content-Length", b"2")],
        goes_on=False,
    ),
    "close after chunks": Case(
        OK + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"ok",
        headers=[(b"Connection", b"close"), (b"Transfer-Encoding", b"chunked")],
        goes_on=False,
    ),
    "HTTP/1.0": Case(
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        b"ok",
        version=b"HTTP/1.0",
        headers=[(b"Content-Length", b"2")],
        goes_on=False,
    ),
}
every_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())


def cuts(sent):
    """The bytes at once, one by one, and in two at every position."""
    yield [sent]
    yield [sent[at : at + 1] for at in range(len(sent))]
    yield from ([sent[:at], sent[at:]] for at in range(1, len(sent)))


def fed(*pieces):
    answer = Answer()
    for piece in pieces:
        answer.feed(piece)
    return answer


@every_case
def test_an_answer_is_the_same_however_it_is_cut(case):
    for pieces in cuts(case.sent):
        answer, body = Answer(), b""
        for piece in pieces:
            assert answer.whole is False
            answer.feed(piece)
            body += answer.take()
        assert answer.whole is not case.open_end
        if case.open_end:
            answer.end()
        assert (answer.begun, answer.whole, answer.surplus) == (True, True, False)
        assert (answer.status, answer.version) == (case.status, case.version)
        assert answer.headers == case.headers
        assert body == case.body
        assert answer.may_go_on is case.goes_on


@pytest.mark.parametrize("name", ["length", "early answers", "no reason after an early answer"])
def test_a_reason_is_the_same_however_it_is_cut(name):
    case = CASES[name]
    assert {fed(*pieces).reason for pieces in cuts(case.sent)} == {case.reason}


@every_case
def test_an_answer_that_breaks_off_is_an_error_wherever_it_does(case):
    head_ends = case.sent.index(b"\r\n\r\n", case.sent.rindex(b"HTTP/1.")) + 4
    for at in range(head_ends if case.open_end else len(case.sent)):
        answer = fed(case.sent[:at]) if at else Answer()
        assert (answer.begun, answer.whole) == (at >= head_ends, False)
        with pytest.raises(httpx2.RemoteProtocolError):
            answer.end()


def test_many_chunks_are_one_piece():
    answer = fed(CHUNKED + b"".join(b"1\r\n%d\r\n" % (number % 10) for number in range(50)))
    assert (answer.begun, answer.whole, answer.waiting) == (True, False, 50)
    assert answer.take() == b"0123456789" * 5
    assert (answer.waiting, answer.take()) == (0, b"")
    answer.feed(b"2\r\nab\r\n")
    answer.feed(b"2\r\ncd\r\n0\r\n\r\n")
    assert (answer.whole, answer.waiting, answer.take()) == (True, 4, b"abcd")


def test_the_head_is_known_before_the_body():
    answer = fed(HELLO[:-5])
    assert (answer.begun, answer.whole, answer.status) == (True, False, 200)


@pytest.mark.parametrize("sent", [HELLO, CHUNKED + b"2\r\nok\r\n0\r\n\r\n", CASES["204"].sent, CASES["close"].sent])
@pytest.mark.parametrize("more", [b"x", b"H", b"HTTP/1.1 408 Request Timeout\r\nX: y\r\n\r\n", b"0\r\n\r\n", HELLO])
def test_what_comes_after_the_answer_is_told_and_changes_nothing(sent, more):
    alone = fed(sent)
    for pieces in cuts(sent + more):
        answer = fed(*pieces)
        assert (answer.whole, answer.surplus) == (True, True)
        assert (answer.status, answer.headers) == (alone.status, alone.headers)
        assert answer.take() == fed(sent).take()
    assert alone.surplus is False


@pytest.mark.parametrize(
    "sent",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"220 mail.example ESMTP\r\n",
        b"<html>Bad Request</html>\r\n",
        b"\x15\x03\x01\x00\x02\x02\x16",
        b"\x00\x00\x12\x04\x00\x00\x00\x00\x00",
        b"HTTP/1.1 abc OK\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
        OK + b"Content-Length: -2\r\n\r\nok",
        OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nokk",
        OK + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        CHUNKED + b"zz\r\n",
        CHUNKED + b"-1\r\n",
        CHUNKED + b"2\r\nokay\r\n",
        CHUNKED + b"fffffffffffffffff\r\n",
    ],
)
def test_what_is_no_answer_is_refused_however_it_is_cut(sent):
    for pieces in cuts(sent):
        with pytest.raises(httpx2.RemoteProtocolError):
            fed(*pieces)


def test_a_body_that_breaks_later_leaves_what_came():
    answer = fed(CHUNKED + b"5\r\nhello\r\n")
    with pytest.raises(httpx2.RemoteProtocolError):
        answer.feed(b"zz\r\n")
    assert (answer.take(), answer.whole) == (b"hello", False)


@pytest.mark.parametrize("piece", [b"X: " + b"y" * 1000 + b"\r\n", b"z" * 1000])
def test_a_head_without_end_is_refused(piece):
    answer = fed(OK + b"X: ")
    for _ in range((LONGEST_HEAD - 2000) // len(piece)):
        answer.feed(piece)
    with pytest.raises(httpx2.RemoteProtocolError, match="head"):
        for _ in range(10):
            answer.feed(piece)


def test_early_answers_without_end_are_refused():
    answer = Answer()
    with pytest.raises(httpx2.RemoteProtocolError, match="head"):
        for _ in range(LONGEST_HEAD // 10):
            answer.feed(b"HTTP/1.1 102 Processing\r\n\r\n")


def test_a_long_head_and_a_longer_body_are_read():
    head = OK + b"X: " + b"y" * (LONGEST_HEAD - 1000) + b"\r\nContent-Length: 300000\r\n\r\n"
    answer = fed(head[:1000], head[1000:], b"a" * 100000, b"b" * 200000)
    assert (answer.whole, len(answer.take())) == (True, 300000)


def test_what_follows_a_chunked_body_is_no_place_for_more_than_a_head():
    answer = Answer()
    answer.feed(CHUNKED + b"5\r\nhello\r\n0\r\n")
    with pytest.raises(httpx2.RemoteProtocolError):
        for _ in range(LONGEST_HEAD // 1000 + 1):
            answer.feed(b"X: " + b"y" * 995 + b"\r\n")
    assert answer.take() == b"hello"


def test_a_body_may_come_in_any_number_of_pieces():
    answer = Answer()
    answer.feed(CHUNKED)
    for _ in range(LONGEST_HEAD // 1000 + 1):
        answer.feed(b"%x\r\n" % 1000)
        answer.feed(b"y" * 1000 + b"\r\n")
    answer.feed(b"0\r\n\r\n")
    assert answer.whole and len(answer.take()) == 1000 * (LONGEST_HEAD // 1000 + 1)
