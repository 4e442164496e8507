"""A request whose end is ambiguous is rejected, and its connection is closed."""

import socket

import pytest

from tests.integration.serving.http.servers import Received, receive, receive_head, request, talk

pytestmark = pytest.mark.profile_free

_NEXT = request("GET /next")
_CHUNKED = "Transfer-Encoding: chunked"
_REFUSED = {
    "length and chunks": (400, request("POST /", "Content-Length: 3", _CHUNKED, body=b"0\r\n\r\n")),
    "chunks and length": (400, request("POST /", _CHUNKED, "Content-Length: 3", body=b"0\r\n\r\n")),
    "two lengths": (400, request("POST /", "Content-Length: 3", "Content-Length: 4", body=b"abcd")),
    "the same length twice": (400, request("POST /", "Content-Length: 3", "Content-Length: 3", body=b"abc")),
    "a list of lengths": (400, request("POST /", "Content-Length: 3, 3", body=b"abc")),
    "a signed length": (400, request("POST /", "Content-Length: +3", body=b"abc")),
    "a hexadecimal length": (400, request("POST /", "Content-Length: 0x3", body=b"abc")),
    "an empty length": (400, request("POST /", "Content-Length:", body=b"abc")),
    "a huge length": (400, request("POST /", "Content-Length: " + "9" * 30)),
    "a space before the colon": (400, request("POST /", "Content-Length : 3", body=b"abc")),
    "a tab before the colon": (400, request("POST /", "Transfer-Encoding\t: chunked", body=b"0\r\n\r\n")),
    "a folded header": (400, request("POST /", "X-A: b", " Content-Length: 3", body=b"abc")),
    "a folded coding": (400, request("POST /", "Transfer-Encoding:", " chunked", body=b"0\r\n\r\n")),
    "a bare line feed": (400, b"GET / HTTP/1.1\r\nHost: guestbook.example\nX-A: b\r\n\r\n"),
    "line feeds only": (400, b"GET / HTTP/1.1\nHost: guestbook.example\n\n"),
    "a bare carriage return": (400, b"GET / HTTP/1.1\r\nX-A: b\rContent-Length: 3\r\n\r\n"),
    "a NUL in a value": (400, b"GET / HTTP/1.1\r\nX-A: b\0c\r\n\r\n"),
    "no colon": (400, request("GET /", "X-A")),
    "no name": (400, request("GET /", ": b")),
    "an unknown method": (400, request("SMUGGLE /")),
    "no request": (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
    "another coding": (501, request("POST /", "Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n")),
    "chunked twice": (400, request("POST /", _CHUNKED, _CHUNKED, body=b"0\r\n\r\n")),
    "chunked, then none": (400, request("POST /", _CHUNKED, "Transfer-Encoding: identity", body=b"0\r\n\r\n")),
    "chunked behind a control character": (400, request("POST /", "Transfer-Encoding: \x0bchunked", body=b"0\r\n\r\n")),
    "chunks in HTTP/1.0": (400, b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    "HTTP/0.9": (505, b"GET /\r\n\r\n"),
    "RTSP": (505, b"GET / RTSP/1.0\r\nHost: guestbook.example\r\n\r\n"),
    "RTSP that names HTTP's version": (505, b"GET / RTSP/1.1\r\nHost: guestbook.example\r\n\r\n"),
    "ICE": (505, b"SOURCE / ICE/1.0\r\nHost: guestbook.example\r\n\r\n"),
    "HTTP/2": (505, b"GET / HTTP/2.0\r\nHost: guestbook.example\r\n\r\n"),
    "HTTP/2 with prior knowledge": (400, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "a chunk's size after a space": (400, request("POST /", _CHUNKED, body=b" 3\r\nabc\r\n0\r\n\r\n")),
    "a chunk's size before a space": (400, request("POST /", _CHUNKED, body=b"3 \r\nabc\r\n0\r\n\r\n")),
    "a chunk's size with 0x": (400, request("POST /", _CHUNKED, body=b"0x3\r\nabc\r\n0\r\n\r\n")),
    "a negative chunk": (400, request("POST /", _CHUNKED, body=b"-3\r\nabc\r\n0\r\n\r\n")),
    "a chunk's size before a line feed": (400, request("POST /", _CHUNKED, body=b"3\nabc\r\n0\r\n\r\n")),
    "a chunk's end that is a line feed": (400, request("POST /", _CHUNKED, body=b"3\r\nabc\n0\r\n\r\n")),
    "a chunk longer than declared": (400, request("POST /", _CHUNKED, body=b"2\r\nabc\r\n0\r\n\r\n")),
    "a chunk shorter than declared": (400, request("POST /", _CHUNKED, body=b"4\r\nabc\r\n0\r\n\r\n")),
    "a trailer that is a length": (400, request("POST /", _CHUNKED, body=b"0\r\nContent-Length: 9\r\n\r\n")),
    "a trailer that is a coding": (400, request("POST /", _CHUNKED, body=b"0\r\nTransfer-Encoding: chunked\r\n\r\n")),
    "a trailer without a colon": (400, request("POST /", _CHUNKED, body=b"0\r\nX-A\r\n\r\n")),
    "a trailer with a bare carriage return": (400, request("POST /", _CHUNKED, body=b"0\r\nX-A: b\rc\r\n\r\n")),
    "a folded trailer": (400, request("POST /", _CHUNKED, body=b"0\r\nX-A: b\r\n c\r\n\r\n")),
}


@pytest.mark.parametrize("case", _REFUSED)
def test_ambiguous_framing_is_rejected_and_closes_the_connection(port, case):
    status, sent = _REFUSED[case]

    received = talk(port, sent + _NEXT)

    assert (received.statuses, received.closed) == ([status], True)


@pytest.mark.parametrize("case", _REFUSED)
def test_ambiguous_framing_in_two_segments_is_rejected(port, case):
    status, sent = _REFUSED[case]

    received = talk(port, sent[: len(sent) // 2], sent[len(sent) // 2 :] + _NEXT, pause_s=0.05)

    assert (received.statuses[:1], received.closed) == ([status], True)
    assert len(received.statuses) == 1


def test_a_trailer_is_not_merged_into_the_headers(port):
    body = b"3\r\nabc\r\n0\r\nX-Forwarded-For: 203.0.113.9\r\nX-New: 1\r\n\r\n"

    received = talk(port, request("POST /1", _CHUNKED, "X-Forwarded-For: 192.0.2.1", body=body) + _NEXT, answers=2)

    names = [[name for name, _ in content["headers"]] for content in received.contents]
    assert names == [["host", "transfer-encoding", "x-forwarded-for"], ["host"]]
    assert ["x-forwarded-for", "192.0.2.1"] in received.contents[0]["headers"]


@pytest.mark.parametrize(
    "trailer",
    [
        b"Connection: close",
        b"Connection: x, close",
        b"Connection: keep-alive",
        b"Connection: Upgrade\r\nUpgrade: websocket",
        b"Proxy-Connection: close",
        b"Keep-Alive: timeout=1",
        b"Upgrade: h2c",
        b"Expect: 100-continue",
        b"Trailer: X-A\r\nHost: elsewhere.example",
        b"X-A:",
    ],
)
@pytest.mark.parametrize("cut", [0, 1, 9, 20])
def test_a_connection_trailer_has_no_effect(port, trailer, cut):
    body = b"0\r\n" + trailer + b"\r\n\r\n"
    pieces = [piece for piece in (body[:cut], body[cut:]) if piece]

    received = talk(port, request("POST /1", _CHUNKED), *pieces, _NEXT, pause_s=0.01, answers=2)

    assert (received.statuses, received.closed) == ([200, 200], False)
    assert [content["path"] for content in received.contents] == ["/1", "/next"]


def test_chunks_arrive_whole_one_byte_at_a_time(port):
    whole = request("POST /", _CHUNKED, body=b"3;a=b\r\nabc\r\n0A\r\n0123456789\r\n1\r\n!\r\n0\r\n\r\n") + _NEXT

    received = talk(port, *(whole[at : at + 1] for at in range(len(whole))), pause_s=0, answers=2)

    assert [(content["path"], content["body"]) for content in received.contents] == [
        ("/", "abc0123456789!"),
        ("/next", ""),
    ]


def _talk_after_the_head(port, beginning, rest):
    """Send `beginning`, and the rest in one segment once the response's head has arrived."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
        client.sendall(beginning)
        head = receive_head(client)
        client.sendall(rest)
        received = receive(client, answers=0, closes=True)
    return Received(head + received.raw, received.closed)


def test_an_unread_body_is_not_parsed_as_a_request(port):
    inner = request("GET /smuggled")

    received = _talk_after_the_head(port, request("POST /unread", f"Content-Length: {len(inner)}"), inner + _NEXT)

    assert (received.statuses, received.closed) == ([200], True)
    assert b"connection: close" in received.raw


def test_a_response_before_the_bodys_end_closes_the_connection(port):
    received = _talk_after_the_head(port, request("POST /early", "Content-Length: 3"), b"abc" + _NEXT)

    assert (received.statuses, received.closed) == ([200], True)
    assert b"connection: close" in received.raw


def test_connection_close_is_sent_only_once(port):
    received = _talk_after_the_head(port, request("POST /closing", "Content-Length: 3"), b"abc" + _NEXT)

    assert (received.statuses, received.closed) == ([200], True)
    assert received.raw.count(b"connection: close") == 1


def test_an_unread_body_that_arrived_keeps_the_connection_open(port):
    inner = request("GET /smuggled")

    received = talk(port, request("POST /unread", f"Content-Length: {len(inner)}", body=inner) + _NEXT, answers=2)

    assert (received.statuses, received.closed) == ([200, 200], False)


@pytest.mark.parametrize("method", ["GET", "DELETE", "OPTIONS"])
def test_any_method_may_have_a_body(port, method):
    received = talk(port, request(f"{method} /1", "Content-Length: 3"), b"abc" + _NEXT, answers=2)

    assert (received.statuses, received.closed) == ([200, 200], False)
    assert received.contents[-1]["path"] == "/next"


def test_the_body_of_a_head_request_is_not_parsed_as_a_request(port):
    received = talk(port, request("HEAD /1", "Content-Length: 3"), b"abc" + _NEXT, answers=2)

    assert received.raw.count(b"HTTP/1.1 200 OK") == 2
    assert b'"path": "/next"' in received.raw


def test_empty_lines_before_a_request_are_skipped(port):
    received = talk(
        port, b"\r\n\r\n" + request("POST /1", "Content-Length: 3", body=b"abc\r\n"), b"\r\n", _NEXT, answers=2
    )

    assert [content["path"] for content in received.contents] == ["/1", "/next"]


def test_pipelined_requests_are_answered_in_order(port):
    sent = request("GET /late") + b"".join(request(f"GET /{number}") for number in range(50))

    received = talk(port, sent, answers=51)

    assert [content["path"] for content in received.contents] == ["/late", *(f"/{number}" for number in range(50))]


@pytest.mark.parametrize("line", ["GET /fail", "GET /unread?close"])
def test_nothing_is_read_after_the_last_response(port, line):
    close = () if "fail" in line else ("Connection: close",)

    received = talk(port, request(line, *close) + _NEXT)

    assert (len(received.statuses), received.closed) == (1, True)


def test_http_1_0_gets_no_chunks(port):
    received = talk(port, b"GET /piece HTTP/1.0\r\n\r\n")

    assert received.closed
    assert b"transfer-encoding" not in received.raw
    assert received.raw.endswith(b"\r\n\r\nno length")


def test_expect_100_continue_is_answered(port):
    received = talk(port, request("POST /", "Content-Length: 3", "Expect: 100-continue"), b"abc" + _NEXT, answers=3)

    assert received.statuses == [100, 200, 200]
    assert received.contents[0]["body"] == "abc"


def test_expect_100_continue_with_an_unread_body_gets_only_a_response(port):
    received = talk(port, request("POST /unread", "Content-Length: 3", "Expect: 100-continue"))

    assert (received.statuses, received.closed) == ([200], True)
