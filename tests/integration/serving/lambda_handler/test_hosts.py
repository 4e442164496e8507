"""Django validates the Host header, including values that Mangum cannot parse."""

import copy

import pytest
from django.http import HttpResponse
from django.urls import path

from tests.integration.serving.lambda_handler.front import FRONTS, body_of, event_of, status_of
from tests.integration.serving.lambda_handler.odd_events.test_hostile_events import with_header


def host(request):
    return HttpResponse(f"{request.get_host()} {request.META['SERVER_NAME']}", content_type="text/plain")


urlpatterns = [path("host", host)]


def event_for_host(front, value):
    headers = {"host": value} if front == "lambda_at_edge" else {}
    return with_header(event_of(front, "GET", "/host", headers=headers), "host", value)


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("value", ["[2001:db8::1]", "[2001:db8::1]:8443"])
def test_an_ipv6_address_is_a_valid_host(ours, settings, front, value):
    settings.ALLOWED_HOSTS = ["[2001:db8::1]"]

    assert body_of(ours(event_for_host(front, value))) == f"{value} [2001:db8::1]".encode()


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("value", ["guestbook.example:80:80", "guestbook.example:port", "evil@guestbook.example:a"])
def test_an_invalid_host_is_rejected_by_django(ours, caplog, front, value):
    reply = ours(event_for_host(front, value))

    assert int(status_of(reply)) == 400
    assert f"Invalid HTTP_HOST header: '{value}'" in caplog.text


@pytest.mark.parametrize("front", FRONTS)
def test_the_event_is_not_modified(ours, settings, front):
    settings.ALLOWED_HOSTS = ["*"]
    event = event_for_host(front, "[::1]")
    before = copy.deepcopy(event)

    ours(event)

    assert event == before
