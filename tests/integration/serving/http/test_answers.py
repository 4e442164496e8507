"""Every response ends at the same byte for the client, the proxy and the application."""

import re
import time

import pytest

from tests.integration.serving.http.answers import INNER
from tests.integration.serving.http.servers import request, talk

pytestmark = pytest.mark.profile_free

_NEXT = request("GET /next")


def _ask(port, name, method="GET"):
    """Return the response's head and content, and whether the connection served another request."""
    received = talk(port, request(f"{method} /answers/{name}") + _NEXT, answers=2)
    head, _, rest = received.raw.partition(b"\r\n\r\n")
    content, _, following = rest.partition(b"HTTP/1.1 200 OK\r\ndate")
    return head.lower(), content, b'"path": "/next"' in following


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("shape", ["with-content", "as-a-stream", "that-goes-on"])
@pytest.mark.parametrize("status", [204, 205, 304])
def test_no_content_is_sent_with_a_status_that_allows_none(port, status, shape, method):
    head, content, serves_next = _ask(port, f"{status}-{shape}", method)

    assert head.startswith(b"http/1.1 %d " % status)
    assert (content, serves_next) == (b"", True)
    assert re.findall(rb"content-length: \d+", head) == ([b"content-length: 0"] if status == 205 else [])
    assert b"transfer-encoding" not in head


@pytest.mark.parametrize("status", [100, 101, 102, 103])
def test_an_interim_status_as_the_final_response_is_an_error(port, status):
    received = talk(port, request(f"GET /answers/{status}-as-if-final") + _NEXT, closes=True)

    assert (received.statuses, received.closed) == ([500], True)


@pytest.mark.parametrize(
    "name",
    [
        "a-signed-length",
        "a-list-of-lengths",
        "a-huge-length",
        "an-empty-length",
        "two-lengths",
        "zero-length-with-content",
        "zero-length-with-late-content",
    ],
)
def test_an_invalid_content_length_is_an_error(port, name):
    received = talk(port, request(f"GET /answers/{name}") + _NEXT, closes=True)

    assert (received.statuses, received.closed) == ([500], True)


@pytest.mark.parametrize("name", ["another-coding", "length-and-chunks", "chunks-and-length"])
def test_the_server_replaces_the_applications_transfer_coding(port, name):
    head, content, serves_next = _ask(port, name)

    assert (content, serves_next) == (INNER, True)
    assert b"content-length: %d" % len(INNER) in head
    assert b"transfer-encoding" not in head


def test_a_stream_declared_as_identity_is_sent_in_chunks(port):
    head, content, serves_next = _ask(port, "identity")

    assert (content, serves_next) == (b"%x\r\n%b\r\n0\r\n\r\n" % (len(INNER), INNER), True)
    assert head.count(b"transfer-encoding: chunked") == 1
    assert b"identity" not in head


@pytest.mark.parametrize("name", ["a-connection-that-names-the-length", "kept-by-the-application"])
def test_the_server_drops_the_applications_connection_headers(port, name):
    head, content, serves_next = _ask(port, name)

    assert (content, serves_next) == (INNER, True)
    assert b"connection:" not in head
    assert b"keep-alive" not in head


def test_a_repeated_content_length_is_sent_once(port):
    head, content, serves_next = _ask(port, "the-same-length-twice")

    assert (content, serves_next) == (b"12345", True)
    assert head.count(b"content-length") == 1


@pytest.mark.parametrize("name", ["too-short-a-length", "too-short-a-length-in-pieces"])
def test_content_longer_than_its_declared_length_closes_the_connection(port, name):
    received = talk(port, request(f"GET /answers/{name}") + _NEXT, closes=True)

    assert received.closed
    assert received.raw.count(b"HTTP/1.1") == 1
    assert len(received.raw.partition(b"\r\n\r\n")[2]) < 5


@pytest.mark.parametrize("name", ["too-long-a-length", "too-long-a-length-in-pieces"])
def test_content_shorter_than_its_declared_length_closes_the_connection(port, name):
    received = talk(port, request(f"GET /answers/{name}") + _NEXT, closes=True)

    assert received.closed
    assert b"/next" not in received.raw


@pytest.mark.parametrize(("name", "content"), [("complete-with-a-late-end", b"12345"), ("empty-with-a-late-end", b"")])
def test_a_response_ends_when_the_application_ends_it(port, name, content):
    started = time.monotonic()

    _, received, serves_next = _ask(port, name)

    assert (received, serves_next) == (content, True)
    assert time.monotonic() - started >= 0.3


def test_a_failure_after_the_response_does_not_affect_the_next_request(server):
    _, content, serves_next = _ask(server.port, "failing-after-its-end")

    assert (content, serves_next) == (INNER, True)
    assert "after the end" in server.log.read_text()


@pytest.mark.parametrize("path", ["/events", "/endless-stream", "/large"])
def test_a_stream_ends_after_its_head_for_a_head_request(port, path):
    received = talk(port, request(f"HEAD {path}") + _NEXT, answers=2)

    assert received.raw.count(b"HTTP/1.1 200 OK") == 2
    assert b'"path": "/next"' in received.raw


def test_a_stream_gets_a_disconnect_on_a_head_request(server):
    talk(server.port, request("HEAD /events?fail") + _NEXT, answers=2)

    assert "the client of /events has left" in server.log.read_text()


def test_a_204_over_http_1_0_has_no_content(port):
    received = talk(port, b"GET /answers/204-with-content HTTP/1.0\r\n\r\n", closes=True)

    assert received.closed
    assert received.raw.endswith(b"\r\n\r\n")


def test_an_identity_response_over_http_1_0_ends_with_the_connection(port):
    received = talk(port, b"GET /answers/identity HTTP/1.0\r\n\r\n", closes=True)

    assert received.closed
    assert b"transfer-encoding" not in received.raw
    assert received.raw.endswith(b"\r\n\r\n" + INNER)
