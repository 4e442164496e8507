"""For every shape of event, a view sees the same request as behind Mangum and Django's own handler."""

import pytest
from django.http import HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from django_runtimes.serving.aws_lambda.unknown_event import UnknownEvent
from tests.integration.serving.lambda_handler.front import body_of, event_of, load_event, status_of
from tests.integration.serving.lambda_handler.shapes import shapes


def seen_in(request):
    body = request.body
    return JsonResponse(
        {
            "meta": {name: repr(value) for name, value in request.META.items()},
            "headers": dict(request.headers),
            "scope": {name: repr(value) for name, value in request.scope.items() if name != "aws.context"},
            "body": body.hex(),
            "query": request.GET.lists(),
            "form": request.POST.lists(),
            "files": list(request.FILES),
            "cookies": request.COOKIES,
            "scheme": request.scheme,
            "secure": request.is_secure(),
            "host": request.get_host(),
            "port": request.get_port(),
            "url": request.build_absolute_uri(),
            "path": [request.path, request.path_info, request.method],
            "encoding": [request.encoding, request.content_type, request.content_params],
        },
        json_dumps_params={"default": list},
    )


@csrf_exempt
def seen(request):
    return seen_in(request)


@csrf_exempt
async def aseen(request):
    return seen_in(request)


def with_cookies(request):
    response = HttpResponse("cookies")
    response.set_cookie("first", "1")
    response.set_cookie("second", "2")
    return response


async def awith_cookies(request):
    return with_cookies(request)


urlpatterns = [
    path("sync/seen", seen),
    path("async/seen", aseen),
    path("sync/cookies", with_cookies),
    path("async/cookies", awith_cookies),
]

WAYS = pytest.mark.parametrize("way", ["/sync", "/async"])
OTHERS = (
    *("vpc_lattice_v1", "vpc_lattice_v2", "websocket_connect", "websocket_message", "authorizer_token"),
    *("authorizer_request", "authorizer_request_v2", "edge_response", "queue", "management_command"),
)


@WAYS
@pytest.mark.parametrize("name", shapes(""))
def test_a_view_sees_the_same_request_as_behind_mangum(both, way, name):
    reply = both(shapes(f"{way}/seen")[name])

    assert status_of(reply) == (400 if name == "v2 with a wrong host" else 200), body_of(reply)
    assert b"Cookie" not in body_of(reply) or b'"cookies": {"a": "1"' in body_of(reply)
    assert "form" not in name or b'"form": [["a", ["1"]], ["b", ["2"]]]' in body_of(reply)


@pytest.mark.parametrize("name", OTHERS)
def test_other_shapes_are_rejected(ours, name):
    with pytest.raises(UnknownEvent):
        ours(load_event(name))


@WAYS
def test_every_cookie_reaches_the_edge(ours, mangum, way):
    event = event_of("lambda_at_edge", "GET", f"{way}/cookies")
    cookies = ours(event)["headers"]["set-cookie"]

    assert [cookie["value"].partition(";")[0] for cookie in cookies] == ["first=1", "second=2"]
    assert mangum(event)["headers"]["set-cookie"] == cookies[-1:]


@WAYS
def test_every_header_from_the_edge_reaches_the_view(ours, mangum, way):
    event = event_of("lambda_at_edge", "GET", f"{way}/seen")
    headers = event["Records"][0]["cf"]["request"]["headers"]
    headers["cookie"] = [{"key": "Cookie", "value": "a=1"}, {"key": "Cookie", "value": "b=2"}]
    headers["x-color"] = [{"key": "X-Color", "value": "red"}, {"key": "X-Color", "value": "blue"}]

    assert b'"X-Color": "red,blue"' in body_of(ours(event))
    assert b'"cookies": {"a": "1", "b": "2"}' in body_of(ours(event))
    assert b'"X-Color": "red"' in body_of(mangum(event))
