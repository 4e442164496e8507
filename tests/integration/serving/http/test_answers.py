"""An answer has one end, for the client, for the proxy and for the application."""

import re
import time

import pytest

from tests.integration.serving.http.answers import INNER
from tests.integration.serving.http.servers import request, talk

pytestmark = pytest.mark.profile_free

_NEXT = request("GET /next")


def _ask(port, name, method="GET"):
    """The head of the answer, its content, and whether the connection has served another request."""
    heard = talk(port, request(f"{method} /answers/{name}") + _NEXT, answers=2)
    head, _, rest = heard.raw.partition(b"\r\n\r\n")
    content, _, following = rest.partition(b"HTTP/1.1 200 OK\r\ndate")
    return head.lower(), content, b'"path": "/next"' in following


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("shape", ["with-content", "as-a-stream", "that-goes-on"])
@pytest.mark.parametrize("status", [204, 205, 304])
def test_a_status_without_content_has_none(port, status, shape, method):
    head, content, serves_next = _ask(port, f"{status}-{shape}", method)

    assert head.startswith(b"http/1.1 %d " % status)
    assert (content, serves_next) == (b"", True)
    assert re.findall(rb"content-length: \d+", head) == ([b"content-length: 0"] if status == 205 else [])
    assert b"transfer-encoding" not in head


@pytest.mark.parametrize("status", [100, 101, 102, 103])
def test_a_status_that_ends_no_request_is_an_error(port, status):
    heard = talk(port, request(f"GET /answers/{status}-as-if-final") + _NEXT)

    assert (heard.statuses, heard.closed) == ([500], True)


@pytest.mark.parametrize(
    "name",
    [
        "a-signed-length",
        "a-list-of-lengths",
        "an-endless-length",
        "an-empty-length",
        "two-lengths",
        "no-length-but-content",
        "no-length-and-late-content",
    ],
)
def test_a_length_that_is_none_is_an_error(port, name):
    heard = talk(port, request(f"GET /answers/{name}") + _NEXT)

    assert (heard.statuses, heard.closed) == ([500], True)


@pytest.mark.parametrize("name", ["another-coding", "length-and-chunks", "chunks-and-length"])
def test_the_coding_is_the_servers(port, name):
    head, content, serves_next = _ask(port, name)

    assert (content, serves_next) == (INNER, True)
    assert b"content-length: %d" % len(INNER) in head
    assert b"transfer-encoding" not in head


def test_a_stream_is_sent_in_chunks_whatever_it_says(port):
    head, content, serves_next = _ask(port, "identity")

    assert (content, serves_next) == (b"%x\r\n%b\r\n0\r\n\r\n" % (len(INNER), INNER), True)
    assert head.count(b"transfer-encoding: chunked") == 1
    assert b"identity" not in head


@pytest.mark.parametrize("name", ["a-connection-that-names-the-length", "kept-by-the-application"])
def test_the_connection_is_the_servers(port, name):
    head, content, serves_next = _ask(port, name)

    assert (content, serves_next) == (INNER, True)
    assert b"connection:" not in head
    assert b"keep-alive" not in head


def test_the_same_length_twice_is_one(port):
    head, content, serves_next = _ask(port, "the-same-length-twice")

    assert (content, serves_next) == (b"12345", True)
    assert head.count(b"content-length") == 1


@pytest.mark.parametrize("name", ["too-short-a-length", "too-short-a-length-in-pieces"])
def test_content_beyond_its_length_closes_before_the_end(port, name):
    heard = talk(port, request(f"GET /answers/{name}") + _NEXT)

    assert heard.closed
    assert heard.raw.count(b"HTTP/1.1") == 1
    assert len(heard.raw.partition(b"\r\n\r\n")[2]) < 5


@pytest.mark.parametrize("name", ["too-long-a-length", "too-long-a-length-in-pieces"])
def test_content_below_its_length_closes(port, name):
    heard = talk(port, request(f"GET /answers/{name}") + _NEXT)

    assert heard.closed
    assert b"/next" not in heard.raw


@pytest.mark.parametrize(("name", "content"), [("longer-than-its-length", b"12345"), ("nothing-for-long", b"")])
def test_an_answer_ends_when_the_application_says_so(port, name, content):
    started = time.monotonic()

    _, received, serves_next = _ask(port, name)

    assert (received, serves_next) == (content, True)
    assert time.monotonic() - started >= 0.3


def test_a_failure_after_the_answer_leaves_the_next_request_alone(server):
    _, content, serves_next = _ask(server.port, "failing-after-its-end")

    assert (content, serves_next) == (INNER, True)
    assert "after the end" in server.log.read_text()


@pytest.mark.parametrize("path", ["/events", "/endless-stream", "/large"])
def test_a_stream_ends_with_its_head_for_head(port, path):
    heard = talk(port, request(f"HEAD {path}") + _NEXT, answers=2)

    assert heard.raw.count(b"HTTP/1.1 200 OK") == 2
    assert b'"path": "/next"' in heard.raw


def test_an_application_hears_that_nobody_takes_its_stream(server):
    talk(server.port, request("HEAD /events?told") + _NEXT, answers=2)

    assert "the client of /events has left" in server.log.read_text()


def test_http_1_0_has_no_content_either(port):
    heard = talk(port, b"GET /answers/204-with-content HTTP/1.0\r\n\r\n")

    assert heard.closed
    assert heard.raw.endswith(b"\r\n\r\n")


def test_http_1_0_takes_a_coding_for_no_length(port):
    heard = talk(port, b"GET /answers/identity HTTP/1.0\r\n\r\n")

    assert heard.closed
    assert b"transfer-encoding" not in heard.raw
    assert heard.raw.endswith(b"\r\n\r\n" + INNER)
