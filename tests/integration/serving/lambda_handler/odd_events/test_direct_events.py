"""Events that are not HTTP requests are rejected, except for scheduled warm-ups, which skip Django."""

import pytest
from django.http import HttpResponse
from django.urls import path

from django_runtimes.serving.aws_lambda.handler import DirectLambdaHandler
from django_runtimes.serving.aws_lambda.unknown_event import UnknownEvent
from tests.integration.serving.lambda_handler.conftest import CONTEXT
from tests.integration.serving.lambda_handler.front import FRONTS, event_of, load_event, status_of

urlpatterns = [path("page", lambda request: HttpResponse("page"))]

EVERY_FRONT = pytest.mark.parametrize("front", FRONTS)


@pytest.mark.parametrize(
    "event",
    [
        load_event("management_command"),
        load_event("queue"),
        {"version": "0", "detail-type": "Scheduled Event", "source": "aws.events", "detail": {}},
        {"warm_up": True},
        {"requestContext": None},
        {"Records": 5},
        {"Records": []},
        {},
        [],
        ["requestContext"],
        "requestContext",
        7,
        None,
    ],
    ids=repr,
)
def test_an_event_of_no_http_front_is_rejected(ours, event):
    with pytest.raises(UnknownEvent, match="is not a request from an HTTP API"):
        ours(event)


@EVERY_FRONT
@pytest.mark.parametrize("more", [{"command": ["migrate"]}, {"warm_up": True}], ids=repr)
def test_a_request_with_keys_of_another_event_is_rejected(ours, front, more):
    assert status_of(ours(event_of(front, "GET", "/page"))) == 200

    with pytest.raises(UnknownEvent, match=next(iter(more))):
        ours(more | event_of(front, "GET", "/page"))


def test_a_rejection_names_the_events_keys_on_one_short_line(ours):
    event = {"line\nbreak": "hunter2", "x" * 1000: 1} | {f"key{number}": number for number in range(1000)}

    with pytest.raises(UnknownEvent) as refused:
        ours(event)

    text = str(refused.value)
    assert text.startswith(r"an event with the keys 'line\nbreak', 'xxx")
    assert "\n" not in text
    assert "hunter2" not in text
    assert len(text) < 500


def test_an_enabled_warm_up_is_answered_without_django(settings):
    handler = DirectLambdaHandler(answers_warm_up=True)
    settings.ROOT_URLCONF = "a_module_that_does_not_exist"

    assert handler({"warm_up": True}, CONTEXT) == {"warm": True}


@EVERY_FRONT
def test_no_front_can_send_a_warm_up(front):
    handler = DirectLambdaHandler(answers_warm_up=True)

    with pytest.raises(UnknownEvent, match="warm_up"):
        handler({"warm_up": True} | event_of(front, "GET", "/page"), CONTEXT)
    assert status_of(handler(event_of(front, "POST", "/nowhere", body=b'{"warm_up": true}'), CONTEXT)) == 404
    with pytest.raises(UnknownEvent, match="warm_up"):
        handler({"warm_up": "yes"}, CONTEXT)
