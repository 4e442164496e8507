"""On Lambda, too, views see the values that middleware sets under Django's own handler."""

import pytest
from django.http import HttpResponse
from django.urls import path

from tests.integration.serving.lambda_handler.front import body_of, event_of
from tests.integration.serving.middleware import alike_middleware, differing_constructors, differing_middleware

MODULES = (differing_constructors, differing_middleware, alike_middleware)
SHAPES = [f"{module.__name__}.{name}" for module in MODULES for name in module.SHAPES]


def tenant(request):
    return HttpResponse(request.tenant or "nobody")


async def atenant(request):
    return tenant(request)


urlpatterns = [path("sync", tenant), path("async", atenant)]


@pytest.mark.parametrize("way", ["/sync", "/async"])
@pytest.mark.parametrize("middleware", SHAPES, ids=lambda path: path.rpartition(".")[2])
def test_views_see_the_value_that_async_mode_sets(both, settings, way, middleware):
    settings.MIDDLEWARE = [middleware]

    assert body_of(both(event_of("http_api_v2", "GET", way, headers={"tenant": "acme"}))) == b"acme"
