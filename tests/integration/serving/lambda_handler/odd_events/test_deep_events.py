"""An event may hold a value nested almost as deep as JSON's parser allows, anywhere, without failing its invocation."""

import sys

import pytest
from django.http import HttpResponse
from django.urls import path

from django_runtimes.serving.aws_lambda.unknown_event import UnknownEvent
from tests.integration.serving.lambda_handler.front import FRONTS, body_of, event_of, status_of
from tests.integration.serving.lambda_handler.odd_events.mutations import nested, places_of
from tests.integration.serving.lambda_handler.odd_events.test_hostile_events import with_header

# JSON's parser accepts this depth when it runs near the bottom of the stack.
_DEPTH = sys.getrecursionlimit() - 20


def greet(request):
    return HttpResponse("hello", content_type="text/plain")


urlpatterns = [path("greet", greet)]


@pytest.fixture(autouse=True)
def _any_host(settings):
    settings.ALLOWED_HOSTS = ["*"]
    settings.MIDDLEWARE = []


def event_with_every_part(front, host):
    headers = {"x-forwarded-for": "192.0.2.1", "content-type": "text/plain"}
    if front == "lambda_at_edge":
        headers["host"] = host
    event = event_of(front, "GET", "/greet", query={"a": ["1"]}, headers=headers, cookies=("b=2",), body=b"body")
    return with_header(event, "host", host)


@pytest.mark.parametrize("as_list", [True, False])
@pytest.mark.parametrize("host", ["guestbook.example", "[::1]:80"])
@pytest.mark.parametrize("front", FRONTS)
def test_an_event_with_a_deep_value_is_answered_or_rejected(ours, front, host, as_list):
    statuses = set()
    for index in range(len(places_of(event_with_every_part(front, host)))):
        event = event_with_every_part(front, host)
        container, key = places_of(event)[index]
        container[key] = nested(container[key], _DEPTH, as_list=as_list)
        try:
            statuses.add(int(status_of(ours(event))))
        except UnknownEvent:
            statuses.add("unknown")

    # The handler ignores many of the event's values, so some of these events are served.
    assert {200, 400} <= statuses <= {200, 400, 404, 405, 413, "unknown"}


@pytest.mark.parametrize("host", ["guestbook.example", "[::1]:80"])
def test_an_authorizers_deep_claims_do_not_stop_the_view(ours, host):
    event = event_with_every_part("http_api_v2", host)
    event["requestContext"]["authorizer"] = {"lambda": nested("claims", _DEPTH, as_list=True)}

    assert body_of(ours(event)) == b"hello"


def test_a_deep_event_type_is_not_mistaken_for_a_response(ours):
    event = event_with_every_part("lambda_at_edge", "guestbook.example")
    event["Records"][0]["cf"]["config"]["eventType"] = nested("origin-response", _DEPTH, as_list=True)

    assert body_of(ours(event)) == b"hello"
