"""The request that the handlers make equals Django's ASGIRequest, whatever the event or the scope."""

from io import BytesIO
from typing import Any
from unittest.mock import patch

import pytest
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest

from django_runtimes.serving.asgi import scope_request
from django_runtimes.serving.asgi.scope_request import ScopeRequest
from django_runtimes.serving.aws_lambda.event_requests import EventRequests
from django_runtimes.serving.aws_lambda.events import PARSE_ERRORS, BodyTooLargeError
from django_runtimes.serving.aws_lambda.unknown_event import UnknownEvent
from django_runtimes.serving.forwarded import ProxyHeaders
from tests.integration.serving.lambda_handler.front import FRONTS, event_of
from tests.integration.serving.lambda_handler.odd_events.mutations import mutated_events

_SEED, _EVENTS = 20261130, 1_500
_FORM = b"a=1&a=2&b=%C3%B8"

urlpatterns: list[Any] = []


@pytest.fixture(autouse=True)
def _forget_names(monkeypatch):
    monkeypatch.setattr(scope_request, "_meta_names", {})


def outcome(part: Any) -> Any:
    """Return what a function returns, or the type and the text of its error."""
    try:
        return part()
    except Exception as error:
        return type(error), str(error)


def seen(request_class: type[HttpRequest], scope: dict[str, Any], body: bytes = b"") -> Any:
    """Return everything that a view can read from the request of this class."""
    made = outcome(lambda: request_class(scope, BytesIO(body)))
    if not isinstance(made, HttpRequest):
        return made
    parts = {
        name: outcome(lambda name=name: getattr(made, name))
        for name in ("META", "path", "path_info", "script_name", "method", "content_type", "content_params", "encoding",
                     "scheme", "COOKIES", "body", "scope", "resolver_match")
    }  # fmt: skip
    attributes = {name for name in vars(made) if name != "_stream"}
    return parts | {
        "attributes": attributes,
        "headers": outcome(lambda: [*made.headers.items()]),
        "order": [*made.META],
        "query": outcome(lambda: [*made.GET.lists()]),
        "form": outcome(lambda: [*made.POST.lists()]),
        "host": outcome(made.get_host),
        "url": outcome(made.build_absolute_uri),
        "shown": repr(made),
    }


def require_equal(scope: dict[str, Any], body: bytes = b"") -> None:
    expected = seen(ASGIRequest, scope, body)
    # The first request learns the names of its headers, and the second one knows them.
    for _ in range(2):
        assert seen(ScopeRequest, scope, body) == expected


@pytest.fixture
def read():
    """Return a function that reads the scope and the body of an event, or None if it is no request."""
    requests = EventRequests(
        max_body_bytes=10**7,
        max_event_body_bytes=10**7,
        proxy_headers=ProxyHeaders(),
        base_path="",
        base_path_is_stripped=False,
    )

    def read(event: dict[str, Any]) -> tuple[dict[str, Any], bytes] | None:
        try:
            return requests.read(event, requests.infer(event, None))
        except (*PARSE_ERRORS, UnknownEvent, BodyTooLargeError):
            return None

    return read


@pytest.mark.parametrize("front", FRONTS)
def test_the_request_of_every_front_equals_djangos(read, front):
    for event in (
        event_of(front, "GET", "/sync", query={"a": ["1", "2"]}, cookies=("a=1", "b=2")),
        event_of(front, "POST", "/sync", headers={"content-type": "application/x-www-form-urlencoded"}, body=_FORM),
        event_of(front, "POST", "/b%C3%B8", headers={"content-type": "text/plain; charset=latin-1"}, body=b"caf\xe9"),
    ):
        require_equal(*read(event))


def test_the_requests_of_damaged_events_equal_djangos(read):
    requests = [read(event) for event in mutated_events(_SEED, _EVENTS, ("/sync", "/nowhere"))]
    served = [request for request in requests if request is not None]

    assert len(served) > _EVENTS / 3
    for request in served:
        require_equal(*request)


SCOPE = {"type": "http", "method": "get", "path": "/shop/items", "query_string": b"a=1", "headers": []}


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(b"host", b"shop.example"), (b"x-one", b"1"), (b"x-one", b"2"), (b"x-two", b"3"), (b"x-one", b"4")],
        [(b"cookie", b"a=1"), (b"cookie", b"b=2")],
        [(b"cookie", b"a=1; ")],
        [(b"cookie", b"a=1;"), (b"accept", b"*/*")],
        [(b"x_host", b"1"), (b"content_length", b"5"), (b"x-real", b"2")],
        [(b"x-host", b"1"), (b"x_host", b"2")],
        [(b"X-Upper", b"1"), (b"x-upper", b"2")],
        [(b"Content-Type", b"text/plain"), (b"content-type", b"text/html")],
        [(b"content-type", b"text/plain; charset=utf-16"), (b"content-length", b"3")],
        [(b"content-type", b"text/plain; charset=unknown")],
        [(b"content-type", b"; charset*=broken"), (b"content-type", b"b")],
        [(b"content-type", b"multipart/form-data; boundary*0*=a")],
        [(b"http-host", b"a"), (b"host", b"b")],
        [(b"\xc3\xa9", b"\xff\xfe"), (b"", b"empty")],
        [(bytes([code]) * 70, b"1") for code in range(97, 110)],
        [(f"x-{number}".encode(), b"1") for number in range(700)],
        [(b"host", "text")],
        [("host", b"a")],
        [(bytearray(b"host"), b"a")],
        [b"ab"],
        [(b"a",)],
        None,
        5,
    ],
    ids=str,
)
def test_the_request_of_a_scope_equals_djangos(headers):
    require_equal(SCOPE | {"headers": headers})


@pytest.mark.parametrize(
    "changed",
    [
        {"root_path": "/shop"},
        {"root_path": "/shop/"},
        {"root_path": "/sho"},
        {"query_string": "b=2"},
        {"query_string": b"\xff"},
        {"client": ("192.0.2.1", 4711), "server": ("shop.example", 443), "scheme": "https"},
        {"client": None, "server": None},
        {"server": ("/run/socket", None)},
    ],
    ids=str,
)
def test_the_rest_of_a_scope_is_read_as_django_reads_it(changed):
    require_equal(SCOPE | {"headers": [(b"host", b"shop.example")]} | changed)


@pytest.mark.parametrize("missing", ["headers", "query_string", "method", "path"])
def test_a_scope_without_a_part_is_treated_as_by_django(missing):
    require_equal({name: value for name, value in SCOPE.items() if name != missing})


def test_a_script_name_of_the_settings_is_used(settings):
    settings.FORCE_SCRIPT_NAME = "/shop"

    require_equal(SCOPE)


def test_only_some_short_names_are_remembered():
    for number in range(2_000):
        ScopeRequest(SCOPE | {"headers": [(f"x-{number}".encode(), b"1"), (b"x" * 65, b"1")]}, BytesIO())

    assert len(scope_request._meta_names) == 512
    assert max(map(len, scope_request._meta_names)) <= 64


def test_a_tool_that_patches_djangos_constructor_sees_the_whole_request():
    made = []
    constructor = ASGIRequest.__init__

    def patched(request, scope, body_file):
        constructor(request, scope, body_file)
        made.append(request.META["HTTP_HOST"])

    with patch.object(ASGIRequest, "__init__", patched):
        ScopeRequest(SCOPE | {"headers": [(b"host", b"shop.example")]}, BytesIO())

    assert made == ["shop.example"]
