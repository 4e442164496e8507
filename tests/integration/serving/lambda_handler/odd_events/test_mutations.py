"""Thousands of damaged events: each is answered or rejected, and none makes the handler fail."""

import json
import logging
from collections import Counter
from collections.abc import Iterator

import pytest
from awslambdaric.lambda_runtime_marshaller import to_json
from django.http import HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from django_runtimes.serving.aws_lambda.handler import DirectLambdaHandler
from django_runtimes.serving.aws_lambda.unknown_event import UnknownEvent
from tests.integration.serving.lambda_handler.conftest import CONTEXT
from tests.integration.serving.lambda_handler.front import event_of, status_of
from tests.integration.serving.lambda_handler.odd_events.mutations import line_of, mutated_events

_PATHS = ("/sync", "/async", "/sync", "/async", "/sync/", "/nowhere", "/csrf")
_SEED = 20261128


def seen_in(request):
    # Use every part of the request, but return only a size, which every front accepts.
    seen = json.dumps(
        {
            "meta": {name: str(value) for name, value in request.META.items()},
            "headers": dict(request.headers),
            "query": request.GET.lists(),
            "form": request.POST.lists(),
            "files": [(file.name, file.size, file.content_type) for file in request.FILES.values()],
            "cookies": request.COOKIES,
            "url": request.build_absolute_uri(),
            "scheme": request.scheme,
            "host": request.get_host(),
        },
        default=list,
    )
    return HttpResponse(str(len(seen)))


@csrf_exempt
def sync(request):
    return seen_in(request)


@csrf_exempt
async def asynchronous(request):
    return seen_in(request)


def behind_csrf(request):
    return HttpResponse("csrf")


urlpatterns = [path("sync", sync), path("async", asynchronous), path("csrf", behind_csrf)]


@pytest.fixture
def handler(settings) -> Iterator[DirectLambdaHandler]:
    """Return a handler that does not log each event."""
    settings.MIDDLEWARE = [
        *settings.MIDDLEWARE,
        "django.middleware.locale.LocaleMiddleware",
        "django.middleware.gzip.GZipMiddleware",
        "django.middleware.http.ConditionalGetMiddleware",
    ]
    handler = DirectLambdaHandler(encode=to_json)
    logging.disable(logging.CRITICAL)
    yield handler
    logging.disable(logging.NOTSET)
    handler.close()


def outcomes(handler: DirectLambdaHandler, seed: int, count: int) -> Counter:
    """Count the events by status; raise AssertionError with the first event that fails."""
    seen: Counter = Counter()
    for event in mutated_events(seed, count, _PATHS):
        shown = line_of(event)
        try:
            reply = handler(event, CONTEXT)
        except UnknownEvent:
            seen["unknown"] += 1
            continue
        except Exception as error:
            raise AssertionError(f"{error!r} for {shown}") from error
        assert json.loads(to_json(reply)) == reply, shown
        assert status_of(reply) in {200, 301, 302, 304, 400, 403, 404, 405, 413}, f"{reply} for {shown}"
        seen[status_of(reply)] += 1
    return seen


def test_damaged_events_are_answered_or_rejected(handler):
    seen = outcomes(handler, _SEED, 3000)

    # Damage to unused parts is harmless, so many events reach the views.
    assert seen[200] > 600
    assert min(seen[400], seen[404], seen["unknown"]) > 20


@pytest.mark.weekly
@pytest.mark.parametrize("seed", range(10))
def test_15000_damaged_events_are_answered_or_rejected(handler, seed):
    assert outcomes(handler, seed, 1500)[200] > 300


def test_an_error_in_a_view_is_reported(handler, settings):
    settings.ROOT_URLCONF = "no_such_module"

    settings.MIDDLEWARE = []
    with pytest.raises(AssertionError, match=r"500, .* for"):
        outcomes(handler, _SEED, 50)


def test_the_same_seed_makes_the_same_events():
    assert list(map(line_of, mutated_events(1, 20, _PATHS))) == list(map(line_of, mutated_events(1, 20, _PATHS)))


def test_an_undamaged_event_is_served(handler):
    assert status_of(handler(event_of("http_api_v2", "GET", "/sync"), CONTEXT)) == 200
