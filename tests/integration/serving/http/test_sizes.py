"""A request beyond a limit is answered before it ends, and uses little processor time and memory."""

import itertools
import socket
import time

import pytest

from django_runtimes.serving.http.limits import Limits
from tests.integration.serving.http.servers import mirror_server, receive, request, talk

pytestmark = pytest.mark.profile_free

_MB = 2**20
# Only a failing test reaches this deadline.
_PATIENCE_S = 60
_CHUNKED = request("POST /", "Transfer-Encoding: chunked")
_FLOODS = {
    "one value": (431, request("GET /")[:-2] + b"X-A: ", b"a" * _MB),
    "one name": (431, request("GET /")[:-2], b"a" * _MB),
    "many headers": (431, request("GET /")[:-2], b"X-A: aaaa\r\n" * (_MB // 11)),
    "a long path": (414, b"GET /", b"a" * _MB),
    "a long query": (414, b"GET /?", b"a=b&" * (_MB // 4)),
    "a long method": (400, b"", b"A" * _MB),
    "trailers": (431, _CHUNKED + b"0\r\n", b"X-A: aaaa\r\n" * (_MB // 11)),
    "one trailer": (431, _CHUNKED + b"0\r\nX-A: ", b"a" * _MB),
    "one extension": (400, _CHUNKED + b"1;", b"a" * _MB),
    "many extensions": (400, _CHUNKED, b"1;abcdefghijklmnopqrstuvwxyz=123\r\na\r\n" * (_MB // 37)),
    "a long size": (400, _CHUNKED, b"0" * _MB),
}


@pytest.mark.parametrize("flood", _FLOODS)
@pytest.mark.parametrize("pieces", [100, pytest.param(1_000, marks=pytest.mark.weekly)])
def test_a_flood_is_answered_using_a_second_of_processor_time_and_20_mb(tmp_path, flood, pieces):
    status, beginning, piece = _FLOODS[flood]
    with mirror_server(tmp_path) as server:
        talk(server.port, request("GET /"), patience_s=0.1)
        before_mb, before_s = server.peak_mb(), server.busy_s()
        with socket.create_connection(("127.0.0.1", server.port), timeout=_PATIENCE_S) as client:
            client.sendall(beginning)
            client.sendall(piece)
            answer = client.recv(65536)
            answer_s = server.busy_s() - before_s
            # The server has responded, and discards the rest.
            for _ in range(pieces):
                client.sendall(piece)
            received = receive(client)
        grown_mb = server.peak_mb() - before_mb

    assert int(answer[9:12]) == status
    assert answer.count(b"HTTP/1.1") == 1
    assert (received.raw, received.closed) == (b"", True)
    assert answer_s < 1
    assert grown_mb < 20


@pytest.mark.parametrize(
    ("status", "head"),
    [
        (200, request("GET /" + "a" * 8_176)),
        (414, request("GET /" + "a" * 8_177)),
        (200, request("GET /", "X-A: " + "a" * 8_185)),
        (431, request("GET /", "X-A: " + "a" * 8_186)),
        (200, request("GET /", *["X-A: b"] * 99)),
        (431, request("GET /", *["X-A: b"] * 100)),
        (200, request("GET /", *["X-A: " + "a" * 8_000] * 8)),
        (431, request("GET /", *["X-A: " + "a" * 8_000] * 9)),
    ],
    ids=["line", "line + 1", "field", "field + 1", "fields", "fields + 1", "head", "head + 1"],
)
@pytest.mark.parametrize("pieces", [1, 3])
def test_a_head_is_accepted_up_to_its_limits(tmp_path, status, head, pieces):
    step = -(-len(head) // pieces)
    with mirror_server(tmp_path, "--limit-request-line", "8190") as server:
        received = talk(server.port, *(head[at : at + step] for at in range(0, len(head), step)))

    assert received.statuses == [status]
    assert received.closed == (status != 200)


def test_gunicorns_limits_apply(tmp_path):
    limits = ("--limit-request-line", "100", "--limit-request-fields", "2", "--limit-request-field_size", "50")
    requests = [request("GET /" + "a" * 90), request("GET /", "A: b", "A: b"), request("GET /", "X-A: " + "a" * 50)]
    with mirror_server(tmp_path, *limits) as server:
        statuses = [talk(server.port, sent).statuses for sent in requests]

    assert statuses == [[414], [431], [431]]


@pytest.mark.parametrize("expect", [(), ("Expect: 100-continue",)], ids=["sending", "asking first"])
def test_a_content_length_above_the_limit_is_rejected_at_once(port, expect):
    limit = Limits().body
    largest, larger = (
        talk(port, request("POST /", f"Content-Length: {size}", *expect), b"abc", answers=answers)
        for size, answers in ((limit, len(expect)), (limit + 1, 1))
    )

    assert largest.statuses == ([100] if expect else [])
    assert (larger.statuses, larger.closed) == ([413], True)


def test_a_chunked_body_above_the_limit_is_rejected(port):
    with socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE_S) as client:
        client.sendall(_CHUNKED)
        for _ in range(99):
            client.sendall(b"100000\r\n" + b"x" * _MB + b"\r\n")
        assert receive(client, 0.2, answers=0).raw == b""
        client.sendall(b"100000\r\n" + b"x" * _MB + b"\r\n")
        assert receive(client, 0.2, answers=0).raw == b""
        client.sendall(b"1\r\n")
        received = receive(client)
        # The connection is not reset while the client is still sending.
        client.sendall(b"x" * _MB)

    assert (received.statuses, received.closed) == ([413], True)


def test_a_client_that_sends_everything_first_gets_the_response(port):
    with socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE_S) as client:
        client.sendall(request("POST /", "Content-Length: 200000000"))
        for _ in range(190):
            client.sendall(b"x" * _MB)
        received = receive(client)

    assert (received.statuses, received.closed) == ([413], True)


@pytest.mark.parametrize("beginning", [b"", request("GET /1")], ids=["new", "kept"])
@pytest.mark.parametrize(
    "pieces", [[b"\r\n" * 17], [b"\r\n"] * 17, [b"\n" * 33]], ids=["at once", "one by one", "bare"]
)
def test_empty_lines_before_a_request_are_limited(port, beginning, pieces):
    with socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE_S) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with pytest.raises(ConnectionError):
            _send_slowly(client, beginning, *pieces)


def _send_slowly(client, *pieces):
    """Send the pieces, and empty lines for as long as the server reads them."""
    give_up_at = time.monotonic() + _PATIENCE_S
    for piece in itertools.chain(pieces, itertools.repeat(b"\r\n")):
        client.sendall(piece)
        time.sleep(0.01)
        assert time.monotonic() < give_up_at, "the server reads empty lines without a limit"


def test_a_few_empty_lines_before_each_request_are_skipped(port):
    received = talk(port, *[b"\r\n" * 16 + request("GET /")] * 3, answers=3)

    assert received.statuses == [200, 200, 200]
