"""Malformed and hostile events, and bodies and replies beyond Lambda's limits."""

import json
import logging

import pytest
from django.http import HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from django_runtimes.serving.aws_lambda.handler import DirectLambdaHandler
from django_runtimes.serving.aws_lambda.unknown_event import UnknownEvent
from tests.integration.serving.lambda_handler.conftest import CONTEXT
from tests.integration.serving.lambda_handler.front import body_of, event_of, load_event

FRONTS = ("http_api_v1", "http_api_v2", "function_url", "rest_api_v1", "load_balancer", "load_balancer_multi_value")
_LIMIT = 10_000


@csrf_exempt
def length(request):
    return HttpResponse(str(len(request.body)), content_type="text/plain")


def letters(request, count):
    return HttpResponse("ø" * count, content_type="text/plain")


def client(request):
    return HttpResponse(f"{request.META['REMOTE_ADDR']} {request.headers.get('X-Forwarded-Proto')}")


urlpatterns = [path("length", length), path("letters/<int:count>", letters), path("client", client)]


@pytest.fixture
def small():
    """Return a handler with limits small enough for a test."""
    handler = DirectLambdaHandler(max_event_body_bytes=_LIMIT, max_reply_bytes=_LIMIT)
    yield lambda event: handler(event, CONTEXT)
    handler.close()


def with_header(event: dict, name: str, value: str) -> dict:
    for headers, written in (("headers", value), ("multiValueHeaders", [value])):
        if headers in event:
            event[headers] = {other: old for other, old in event[headers].items() if other.lower() != name}
            event[headers][name] = written
    return event


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize(
    "damage",
    [
        lambda event: event | {"body": "a", "isBase64Encoded": True},
        lambda event: event | {"body": "\ud800", "isBase64Encoded": False},
        lambda event: with_header(event, "content-type", "text/plain; charset=\0"),
        lambda event: with_header(event, "x-reflected", "a\r\nSet-Cookie: b=c"),
    ],
    ids=["invalid base64", "invalid text", "a NUL", "a line break"],
)
def test_a_damaged_event_is_a_bad_request(small, caplog, front, damage):
    reply = small(damage(event_of(front, "POST", "/length", body=b"body")))

    assert reply["statusCode"] == 400, reply
    assert "an event is not a valid request" in caplog.text


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("body", ["!!!!", "YW*Jj", "YWJj====", "YQ==YQ==", "YWJ", "_-_-", "YW\nJj", "é"])
def test_an_invalid_base64_body_is_a_bad_request(small, front, body):
    event = event_of(front, "POST", "/length", body=b"body")

    assert small(event | {"body": body, "isBase64Encoded": True})["statusCode"] == 400


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("body", ["", None, "YQ==", "YWI=", "YWJj", "+/+/"])
def test_a_base64_body_is_decoded(small, front, body):
    event = event_of(front, "POST", "/length", body=b"body")

    assert small(event | {"body": body, "isBase64Encoded": True})["statusCode"] == 200


@pytest.mark.parametrize("event", [None, [], [{}], 5, 0.5, True, "text", ""], ids=repr)
def test_an_event_that_is_not_an_object_is_rejected(small, event):
    with pytest.raises(UnknownEvent, match="is not a request from an HTTP API"):
        small(event)


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("stated", ["many", "9" * 5000, "-1", ""])
def test_the_actual_body_length_beats_content_length(small, front, stated):
    reply = small(with_header(event_of(front, "POST", "/length", body=b"body"), "content-length", stated))

    assert (reply["statusCode"], body_of(reply)) == (200, b"4")


@pytest.mark.parametrize("front", ["http_api_v2", "rest_api_v1", "load_balancer"])
def test_a_path_with_a_lone_surrogate_is_a_bad_request(small, front):
    assert small(event_of(front, "GET", "/\ud800"))["statusCode"] == 400


@pytest.mark.parametrize("front", FRONTS)
def test_a_body_above_the_limit_is_rejected(small, front):
    at_the_limit = event_of(front, "POST", "/length", body=b"x" * (_LIMIT // 4 * 3))
    above = event_of(front, "POST", "/length", body=b"x" * (_LIMIT // 4 * 3 + 1))

    assert len(at_the_limit["body"]) == _LIMIT
    assert (small(at_the_limit)["statusCode"], small(above)["statusCode"]) == (200, 413)


@pytest.mark.parametrize("front", FRONTS)
def test_a_lower_body_limit_counts_decoded_bytes(front):
    handler = DirectLambdaHandler(max_body_bytes=9_000)
    replies = [handler(event_of(front, "POST", "/length", body=b"x" * size), CONTEXT) for size in (9_000, 9_001)]
    handler.close()

    assert [reply["statusCode"] for reply in replies] == [200, 413]


@pytest.mark.parametrize("front", FRONTS)
def test_a_reply_above_the_limit_is_an_explained_error(small, caplog, front):
    path_ = "/letters/5000"

    with caplog.at_level(logging.ERROR, "django_runtimes.serving.aws_lambda.handler"):
        reply = small(event_of(front, "GET", path_))

    assert reply["statusCode"] == 500
    assert "larger than Lambda can send" in reply["body"]
    assert f"GET {path_}: a reply of 30" in caplog.text


def test_a_reply_of_exactly_the_limit_is_sent(small):
    event = event_of("http_api_v2", "GET", "/letters/1000")
    size = len(json.dumps(small(event)))
    # JSON escapes each of these letters with six characters.
    fits, too_long = (1000 + (_LIMIT - size) // 6 + more for more in (0, 1))

    statuses = [small(event_of("http_api_v2", "GET", f"/letters/{count}"))["statusCode"] for count in (fits, too_long)]

    assert statuses == [200, 500]


def test_behind_a_load_balancer_the_last_address_is_the_client(small):
    event = load_event("load_balancer") | {"path": "/client", "httpMethod": "GET"}
    event["headers"] |= {"x-forwarded-for": "6.6.6.6, 198.51.100.1", "x-forwarded-proto": "http,https"}

    reply = small(event)

    assert body_of(reply) == b"198.51.100.1 https"
