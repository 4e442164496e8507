"""A function behind CloudFront and behind the base path of a custom domain."""

import pytest
from django.http import HttpResponse, JsonResponse
from django.urls import path, reverse

from django_runtimes.serving.aws_lambda.handler import DirectLambdaHandler
from django_runtimes.serving.forwarded import ProxyHeaders
from tests.integration.serving.lambda_handler.conftest import CONTEXT
from tests.integration.serving.lambda_handler.front import FRONTS, body_of, event_of
from tests.integration.serving.lambda_handler.test_stages import APIS_OWN_DOMAIN


def items(request):
    return JsonResponse(
        [request.path, request.path_info, reverse("items"), request.build_absolute_uri(), request.META["REMOTE_ADDR"]],
        safe=False,
    )


async def aitems(request):
    return items(request)


def scheme(request):
    return HttpResponse(request.scope["scheme"])


async def ascheme(request):
    return scheme(request)


urlpatterns = [
    path("items/", items, name="items"),
    path("aitems/", aitems),
    path("shop/items/", items),
    path("scheme/", scheme),
    path("ascheme/", ascheme),
]

CLOUDFRONT = {"x-forwarded-host": "www.example", "cloudfront-forwarded-proto": "https"}


@pytest.fixture
def behind_cloudfront(settings):
    settings.ALLOWED_HOSTS = ["www.example"]
    # Set these before the handler is made, because its middleware reads them once.
    settings.SECURE_SSL_REDIRECT = False
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
def test_the_view_sees_the_public_host_scheme_and_path(behind_cloudfront, front, base_path, view):
    event = event_of(front, "GET", f"{base_path}/{view}/", headers=CLOUDFRONT)

    seen = body_of(behind_cloudfront(event)).decode()

    assert seen.startswith(f'["/shop/{view}/", "/{view}/", "/shop/items/", "https://www.example/shop/{view}/", "')


@pytest.mark.parametrize("front", ["http_api_v2", "rest_api_v1", "function_url"])
def test_the_client_address_comes_from_the_event(behind_cloudfront, ours, settings, front):
    event = event_of(front, "GET", "/items/", headers=CLOUDFRONT | {"x-forwarded-for": "6.6.6.6"})
    client = body_of(behind_cloudfront(event)).decode().rpartition(", ")[2]
    settings.ALLOWED_HOSTS = ["*"]

    assert "6.6.6.6" not in client
    assert body_of(ours(event)).decode().rpartition(", ")[2] == client


def test_a_stage_is_not_part_of_the_public_path(behind_cloudfront):
    event = event_of("http_api_v2", "GET", "/prod/items/", headers=CLOUDFRONT)
    event["requestContext"] |= {"stage": "prod", "domainName": APIS_OWN_DOMAIN}

    seen = body_of(behind_cloudfront(event)).decode()

    assert seen.startswith('["/shop/items/", "/items/", "/shop/items/"')


def test_the_stage_of_a_rest_api_may_be_the_base_path(settings):
    settings.ALLOWED_HOSTS = ["*"]
    event = event_of("rest_api_v1", "GET", "/items/")
    event["requestContext"] |= {"stage": "live", "path": "/live/items/", "domainName": APIS_OWN_DOMAIN}
    handler = DirectLambdaHandler(base_path="/live", base_path_is_stripped=True)

    seen = body_of(handler(event, CONTEXT)).decode()
    handler.close()

    assert seen.startswith('["/live/items/", "/items/", "/live/items/"')


VIEWS = pytest.mark.parametrize("view", ["scheme", "ascheme"])


@VIEWS
@pytest.mark.parametrize(("inner", "public"), [("http", "https"), ("https", "http")])
@pytest.mark.parametrize("front", FRONTS)
def test_the_scope_has_the_scheme_of_the_configured_header(behind_cloudfront, front, inner, public, view):
    stated = {"x-forwarded-proto": inner, "cloudfront-forwarded-proto": public}
    event = event_of(front, "GET", f"/{view}/", headers=CLOUDFRONT | stated)

    assert body_of(behind_cloudfront(event)) == public.encode()


@VIEWS
@pytest.mark.parametrize("front", ["load_balancer", "load_balancer_multi_value"])
@pytest.mark.parametrize(("stated", "seen"), [("http, https", b"https"), ("https, http", b"http"), ("http", b"http")])
def test_the_last_scheme_of_a_load_balancer_is_used(ours, settings, front, stated, seen, view):
    settings.ALLOWED_HOSTS, settings.SECURE_SSL_REDIRECT = ["*"], False

    assert body_of(ours(event_of(front, "GET", f"/{view}/", headers={"x-forwarded-proto": stated}))) == seen


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize(("path", "seen"), [("/items/", "/shop/items/"), ("/shop/items/", "/shop/shop/items/")])
def test_a_base_path_that_the_front_strips_is_restored(settings, front, path, seen):
    settings.ALLOWED_HOSTS = ["*"]
    handler = DirectLambdaHandler(base_path="/shop", base_path_is_stripped=True)
    reply = body_of(handler(event_of(front, "GET", path), CONTEXT)).decode()
    handler.close()

    assert reply.startswith(f'["{seen}", "{seen.removeprefix("/shop")}", "/shop/')


@pytest.mark.parametrize("is_stripped", [False, True])
@pytest.mark.parametrize("base_path", ["/shop", "/healthz"])
@pytest.mark.parametrize("front", FRONTS)
def test_health_is_answered_with_and_without_the_base_path(front, base_path, is_stripped):
    handler = DirectLambdaHandler(
        base_path=base_path,
        base_path_is_stripped=is_stripped,
        answer_health=lambda path, _: {"status": 200, "headers": [], "body": path.encode()},
    )

    for asked in ("/healthz", f"{base_path}/healthz"):
        assert body_of(handler(event_of(front, "GET", asked), CONTEXT)) == b"/healthz"
