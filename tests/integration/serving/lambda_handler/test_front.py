"""A function behind the base path of a custom domain, and behind CloudFront."""

import pytest
from django.http import JsonResponse
from django.urls import path, reverse

from tests.integration.serving.lambda_handler.conftest import CONTEXT
from tests.integration.serving.lambda_handler.front import FRONTS, body_of, event_of
from webapp.serving.direct_lambda import DirectLambdaHandler
from webapp.serving.forwarded import ProxyHeaders


def items(request):
    return JsonResponse(
        [request.path, request.path_info, reverse("items"), request.build_absolute_uri(), request.META["REMOTE_ADDR"]],
        safe=False,
    )


async def aitems(request):
    return items(request)


urlpatterns = [path("items/", items, name="items"), path("aitems/", aitems)]

CLOUDFRONT = {"x-forwarded-host": "www.example", "cloudfront-forwarded-proto": "https"}


@pytest.fixture
def behind_cloudfront(settings):
    settings.ALLOWED_HOSTS = ["www.example"]
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_CLOUDFRONT_FORWARDED_PROTO", "https")
    handler = DirectLambdaHandler(
        base_path="/shop",
        proxy_headers=ProxyHeaders(proto="CloudFront-Forwarded-Proto", host="X-Forwarded-Host"),
    )
    yield lambda event: handler(event, CONTEXT)
    handler.close()


@pytest.mark.parametrize("view", ["items", "aitems"])
@pytest.mark.parametrize("base_path", ["/shop", ""], ids=["kept", "stripped"])
@pytest.mark.parametrize("front", FRONTS)
def test_host_scheme_and_path_are_the_public_ones(behind_cloudfront, front, base_path, view):
    event = event_of(front, "GET", f"{base_path}/{view}/", headers=CLOUDFRONT)

    seen = body_of(behind_cloudfront(event)).decode()

    assert seen.startswith(f'["/shop/{view}/", "/{view}/", "/shop/items/", "https://www.example/shop/{view}/", "')


@pytest.mark.parametrize("front", ["http_api_v2", "rest_api_v1", "function_url"])
def test_the_client_is_the_one_that_the_event_names(behind_cloudfront, ours, settings, front):
    event = event_of(front, "GET", "/items/", headers=CLOUDFRONT | {"x-forwarded-for": "6.6.6.6"})
    client = body_of(behind_cloudfront(event)).decode().rpartition(", ")[2]
    settings.ALLOWED_HOSTS = ["*"]

    assert "6.6.6.6" not in client
    assert body_of(ours(event)).decode().rpartition(", ")[2] == client


def test_a_stage_in_the_path_is_no_part_of_the_public_one(behind_cloudfront):
    event = event_of("http_api_v2", "GET", "/prod/items/", headers=CLOUDFRONT)
    event["requestContext"]["stage"] = "prod"

    seen = body_of(behind_cloudfront(event)).decode()

    assert seen.startswith('["/shop/items/", "/items/", "/shop/items/"')
