"""A path with percent escapes is decoded once, behind every front."""

from urllib.parse import unquote

import pytest
from django.http import HttpResponse
from django.urls import path

from tests.integration.serving.lambda_handler.front import FRONTS, body_of, event_of, status_of
from tests.integration.serving.lambda_handler.test_stages import APIS_OWN_DOMAIN


def shown(request, rest):
    return HttpResponse(rest)


async def ashown(request, rest):
    return shown(request, rest)


urlpatterns = [path("sync/<path:rest>", shown), path("async/<path:rest>", ashown), path("admin/", shown, {"rest": ""})]

WAYS = pytest.mark.parametrize("way", ["sync", "async"])


def event_for_raw_path(front, target):
    """Return the event for a client's raw path, decoded in the fields that function URLs and HTTP APIs decode."""
    event = event_of(front, "GET", target)
    if front in {"function_url", "http_api_v2"}:
        event["requestContext"]["http"]["path"] = unquote(target)
    if front == "http_api_v2":
        event["rawPath"] = unquote(target)
    if front == "http_api_v1":
        event["path"] = unquote(target)
    return event


@WAYS
@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize(
    ("target", "seen"), [("a%20b", "a b"), ("Bj%C3%B8rn", "Bjørn"), ("a%2Fb", "a/b"), ("%7E", "~")]
)
def test_an_escape_is_decoded(ours, front, way, target, seen):
    assert body_of(ours(event_for_raw_path(front, f"/{way}/{target}"))).decode() == seen


@WAYS
@pytest.mark.parametrize("front", [front for front in FRONTS if not front.startswith("http_api")])
@pytest.mark.parametrize(("target", "seen"), [("100%2525", "100%25"), ("%2561", "%61"), ("50%2520off", "50%20off")])
def test_an_escaped_escape_is_decoded_once(ours, front, way, target, seen):
    assert body_of(ours(event_for_raw_path(front, f"/{way}/{target}"))).decode() == seen


@pytest.mark.parametrize("front", ["function_url", "load_balancer", "rest_api_v1", "lambda_at_edge"])
def test_a_doubly_escaped_letter_matches_no_other_url(ours, front):
    assert status_of(ours(event_for_raw_path(front, "/%2561dmin/"))) == 404
    assert status_of(ours(event_for_raw_path(front, "/%61dmin/"))) == 200


@pytest.mark.parametrize("target", ["/sync/100%2525", "/sync/%2561"])
def test_the_path_that_an_http_api_has_decoded_is_not_decoded_again(both, target):
    both(event_for_raw_path("http_api_v2", target))


@WAYS
@pytest.mark.parametrize("target", ["a%20b", "%2561"])
def test_an_event_with_two_equal_paths_is_read_as_mangum_reads_it(both, way, target):
    both(event_of("function_url", "GET", f"/{way}/{target}"))


def test_a_stage_is_found_in_a_path_with_an_escape(ours):
    event = event_for_raw_path("http_api_v2", "/prod/sync/a%20b")
    event["requestContext"] |= {"stage": "prod", "domainName": APIS_OWN_DOMAIN}

    assert body_of(ours(event)) == b"a b"


@pytest.mark.parametrize("raw_path", [None, 7, ["%"], "%2561"])
def test_an_invalid_raw_path_is_ignored(both, raw_path):
    both(event_of("function_url", "GET", "/sync/a") | {"rawPath": raw_path})
