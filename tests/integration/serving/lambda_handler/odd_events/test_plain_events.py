"""An ordinary event is read, and its reply built, as Mangum's classes do it; every other event is left to them."""

import base64
from typing import Any

import pytest

from django_runtimes.serving.aws_lambda import plain_events
from django_runtimes.serving.aws_lambda.events import (
    PARSE_ERRORS,
    BodyTooLargeError,
    EventReader,
    read_request,
    require_request,
)
from django_runtimes.serving.aws_lambda.plain_events import PlainRequest, plain_request
from django_runtimes.serving.aws_lambda.unknown_event import UnknownEvent
from tests.integration.serving.lambda_handler.conftest import CONTEXT
from tests.integration.serving.lambda_handler.front import FRONTS, event_of, load_event
from tests.integration.serving.lambda_handler.odd_events.mutations import line_of, mutated_events
from tests.integration.serving.lambda_handler.shapes import shapes

_SEED, _EVENTS = 20261130, 3_000
_MANGUM = EventReader()
# Mangum reads these, since a port in the host needs care.
_LEFT_TO_MANGUM = frozenset({"v2 with a port"})

urlpatterns: list[Any] = []


@pytest.fixture(autouse=True)
def _forget_names(monkeypatch):
    monkeypatch.setattr(plain_events, "_request_names", {})
    monkeypatch.setattr(plain_events, "_reply_names", {})


def read_by_mangum(event: dict[str, Any]) -> tuple[Any, dict[str, Any], bytes]:
    """Return Mangum's request, the scope and the body as `EventRequests` reads every event that is not ordinary."""
    require_request(event)
    request = _MANGUM.infer(event, CONTEXT)
    return request, *read_request(request)


def plain(event: dict[str, Any]) -> PlainRequest | None:
    return plain_request(event, CONTEXT, _MANGUM.config["text_mime_types"])


def require_equal(event: dict[str, Any]) -> bool:
    """Compare both requests, and return whether the event is ordinary."""
    # The first event teaches the names of its headers, and the second one knows them.
    for _ in range(2):
        request = plain(event)
        if request is None:
            return False
        try:
            _, scope, body = read_by_mangum(event)
        except (*PARSE_ERRORS, UnknownEvent, BodyTooLargeError) as error:
            raise AssertionError(f"{error!r}, but {line_of(event)} passes as ordinary") from error
        assert (request.scope, request.body) == (scope, body), line_of(event)
        assert list(request.scope) == list(scope)
        assert [type(value) for value in request.scope.values()] == [type(value) for value in scope.values()]
    return True


def as_text(event: dict[str, Any]) -> dict[str, Any]:
    """Return the event with its body as text if possible, as fronts send text and JSON."""
    try:
        body = base64.b64decode(event["body"]).decode()
    except (KeyError, TypeError, ValueError):
        return event
    return event | {"body": body, "isBase64Encoded": False}


@pytest.mark.parametrize("name", shapes(""))
def test_an_ordinary_shape_is_read_as_by_mangum(name):
    is_ordinary = name.startswith(("v2", "function URL")) and name not in _LEFT_TO_MANGUM

    assert require_equal(shapes("/seen")[name]) is is_ordinary


@pytest.mark.parametrize("name", ["http_api_v2", "function_url"])
def test_the_documented_events_are_ordinary(name):
    assert require_equal(event_of(name, "POST", "/basket", body=b"a=1", cookies=("a=1", "b=2")))


def test_damaged_events_are_read_as_by_mangum():
    ordinary = [require_equal(event) for event in mutated_events(_SEED, _EVENTS, ("/seen", "/a%C3%B8"))]
    with_text = [require_equal(as_text(event)) for event in mutated_events(_SEED + 1, _EVENTS, ("/seen",))]

    # Two of seven fronts send such events, and most damage makes one of them unusual.
    assert sum(ordinary) > _EVENTS / 40
    assert sum(with_text) > _EVENTS / 20


def damaged(**changes: Any) -> dict[str, Any]:
    event = load_event("http_api_v2")
    http = event["requestContext"]["http"] | changes.pop("http", {})
    headers = event["headers"] | changes.pop("headers", {})
    about = event["requestContext"] | {"http": http} | changes.pop("context", {})
    return event | {"headers": headers, "requestContext": about} | changes


@pytest.mark.parametrize(
    "changes",
    [
        {"headers": {"x-a": "1\r\nb: 2"}},
        {"headers": {"x-a": "\0"}},
        {"headers": {"x a": "1"}},
        {"headers": {"é": "1"}},
        {"headers": {"x-content-length": "1"}},
        {"headers": {"x-a": None}},
        {"headers": {"x-a": ["1"]}},
        {"headers": {"x-a": "\ud800"}},
        {"headers": {"x-forwarded-port": "https"}},
        {"headers": {"x-forwarded-proto": "https, http"}},
        {"headers": {"host": "[::1]:80"}},
        {"http": {"method": "PROPFIND"}},
        {"http": {"method": ["GET"]}},
        {"http": {"path": ""}},
        {"http": {"path": "/\ud800"}},
        {"http": {"path": "/a%20b"}},
        {"http": {"sourceIp": None}},
        {"context": {"stage": "prod"}},
        {"context": {"elb": {}}},
        {"context": {"connectionId": "1"}},
        {"context": {"http": None}},
        {"command": ["migrate"]},
        {"version": "1.0"},
        {"version": None},
        {"rawPath": "/a%20b"},
        {"rawPath": None},
        {"rawQueryString": None},
        {"body": "YQ", "isBase64Encoded": True},
        {"body": 0},
        {"body": {}},
        {"isBase64Encoded": 0},
        {"isBase64Encoded": "true"},
        {"cookies": [None]},
    ],
    ids=str,
)
def test_an_unusual_event_is_left_to_mangum(changes):
    assert plain(damaged(**changes)) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"body": "===="},
        {"headers": {"": "1"}},
        {"headers": {"Content-Length": "1"}},
        {"headers": {"content-length": "a"}, "body": "grüße"},
        {"headers": {"\u212aey": "a"}},
        {"http": {"path": "/grüße"}, "rawPath": "/grüße"},
        {"body": "AAE=", "isBase64Encoded": True},
        {"body": None, "isBase64Encoded": None},
        {"cookies": "ab"},
    ],
    ids=str,
)
def test_an_odd_but_ordinary_event_is_read_as_by_mangum(changes):
    assert require_equal(damaged(**changes))


@pytest.mark.parametrize("front", sorted(set(FRONTS) - {"http_api_v2", "function_url"}))
def test_other_fronts_are_left_to_mangum(front):
    assert plain(event_of(front, "GET", "/seen")) is None


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (200, [(b"Content-Type", b"application/json"), (b"X-One", b"1"), (b"x-one", b"2")], b"{}"),
        (200, [(b"Set-Cookie", b"a=1"), (b"set-cookie", b"b=2"), (b"Content-Type", b"text/html")], "grüße".encode()),
        (200, [(b"content-type", b"image/png")], bytes(range(256))),
        (200, [(b"content-type", b"text/plain")], b"\xff"),
        (200, [(b"content-type", b"text/plain"), (b"x-name", "grüße".encode())], b"a"),
        (204, [], b""),
        (304, [(b"ETag", b'"1"')], b""),
        (500, [], b"broken"),
    ],
)
def test_the_reply_is_mangums(status, headers, body):
    event = damaged()
    request = plain(event)
    response = {"status": status, "headers": headers, "body": body}
    expected = read_by_mangum(event)[0](response)

    for _ in range(2):
        assert request is not None
        reply = request(response)
        assert reply == expected
        assert list(reply) == list(expected)


def test_a_client_cannot_fill_the_memory_with_names():
    for number in range(2_000):
        assert plain(damaged(headers={f"x-{number}": "1"})) is not None
    assert plain(damaged(headers={"x" * 5_000: "1"})) is not None

    assert len(plain_events._request_names) <= 512
    assert max(map(len, plain_events._request_names)) <= 64
