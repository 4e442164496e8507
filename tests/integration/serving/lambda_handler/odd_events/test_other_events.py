"""Other events that AWS sends: from authorizers, WebSockets and VPC Lattice, and with null for missing values."""

import logging

import pytest
from django.http import HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from django_runtimes.serving.aws_lambda.unknown_event import UnknownEvent
from tests.integration.serving.lambda_handler.front import FRONTS, body_of, event_of, load_event, status_of


def described(request):
    return JsonResponse(
        {
            "client": request.META["REMOTE_ADDR"],
            "query": request.GET.lists(),
            "headers": dict(request.headers),
        },
        json_dumps_params={"default": list},
    )


@csrf_exempt
def form(request):
    return HttpResponse(str(len(request.POST)))


def letters(request, count):
    return HttpResponse("x" * count, content_type="text/plain")


def header(request, kind, length):
    response = HttpResponse("short", content_type="text/plain")
    if kind == "value":
        response["X-Long"] = "x" * length
    elif kind == "several":
        for number in range(length // 20):
            response[f"X-Number-{number}"] = ""
    elif kind == "names":
        for number in range(length // 200):
            response[f"X-{number}-{'x' * 200}"] = ""
    else:
        response.set_cookie("long", "x" * length)
    return response


urlpatterns = [
    path("users", described),
    path("form", form),
    path("letters/<int:count>", letters),
    path("header/<str:kind>/<int:length>", header),
]

EVERY_FRONT = pytest.mark.parametrize("front", FRONTS)
MULTIPART = {"content-type": "multipart/form-data; boundary=edge"}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("vpc_lattice_v1", "VPC Lattice"),
        ("vpc_lattice_v2", "VPC Lattice"),
        ("websocket_connect", "WebSocket API"),
        ("websocket_message", "WebSocket API"),
        ("authorizer_token", "authorizer"),
        ("authorizer_request", "authorizer"),
        ("authorizer_request_v2", "authorizer"),
        ("edge_response", "Lambda@Edge response"),
        ("queue", "an event with the keys 'Records'"),
        ("management_command", "an event with the keys 'command'"),
    ],
)
def test_the_rejection_of_an_unsupported_event_names_its_source(ours, name, words):
    with pytest.raises(UnknownEvent, match=f"{words}.* is not a request from an HTTP API"):
        ours(load_event(name))


@EVERY_FRONT
@pytest.mark.parametrize("body", [5, 0, False, [], ["a"], {}, {"a": 1}, 0.5], ids=repr)
def test_a_body_that_is_not_a_string_is_a_bad_request(ours, front, body):
    event = event_of(front, "POST", "/form")
    holder, key = (event, "body") if "body" in event else (event["Records"][0]["cf"]["request"]["body"], "data")
    holder[key] = body

    assert status_of(ours(event)) == 400


@pytest.mark.parametrize("front", ["http_api_v2", "function_url", "http_api_v1", "rest_api_v1", "load_balancer"])
@pytest.mark.parametrize("is_base64", ["true", 1, []], ids=repr)
def test_is_base64_encoded_must_be_a_boolean(ours, front, is_base64):
    assert status_of(ours(event_of(front, "GET", "/users") | {"isBase64Encoded": is_base64})) == 400


def test_a_body_truncated_by_cloudfront_is_rejected(ours):
    event = event_of("lambda_at_edge", "POST", "/form", headers=MULTIPART, body=b"x")
    event["Records"][0]["cf"]["request"]["body"]["inputTruncated"] = True

    reply = ours(event)

    assert reply["status"] == 413
    assert reply["headers"]["content-type"] == [{"key": "content-type", "value": "text/plain; charset=utf-8"}]


@pytest.mark.parametrize("key", ["body", "querystring"])
def test_a_null_at_the_edge_is_absent(ours, key):
    event = event_of("lambda_at_edge", "GET", "/users")
    event["Records"][0]["cf"]["request"][key] = None

    assert ours(event)["status"] == 200


@pytest.mark.parametrize("part", ["data", "encoding", "action"])
def test_a_null_in_a_body_at_the_edge_is_absent(ours, part):
    event = event_of("lambda_at_edge", "POST", "/form", headers=MULTIPART, body=b"x")
    event["Records"][0]["cf"]["request"]["body"] = {"action": "read-only", "encoding": "text", "data": ""} | {
        part: None
    }

    assert ours(event)["status"] == 200


@pytest.mark.parametrize("values", [[], None, [None], [{"key": "Accept", "value": None}], [{}]], ids=repr)
@pytest.mark.parametrize("name", ["accept", "x-forwarded-port", "cloudfront-forwarded-proto"])
def test_an_edge_header_without_a_value_is_ignored(ours, values, name):
    event = event_of("lambda_at_edge", "GET", "/users")
    event["Records"][0]["cf"]["request"]["headers"][name] = values

    reply = ours(event)

    assert reply["status"] == 200
    assert name.title().encode() not in body_of(reply)


def test_an_edge_event_without_a_host_is_a_bad_request(ours):
    event = event_of("lambda_at_edge", "GET", "/users")
    event["Records"][0]["cf"]["request"]["headers"]["host"] = []

    assert ours(event)["status"] == 400


@pytest.mark.parametrize("front", ["http_api_v2", "function_url", "http_api_v1", "rest_api_v1", "load_balancer"])
def test_a_null_header_is_ignored(ours, front):
    event = event_of(front, "GET", "/users")
    event["headers"] |= {"x-color": None, "X-Size": "5"}
    if "multiValueHeaders" in event:
        event["multiValueHeaders"] |= {"x-color": None}

    reply = ours(event)

    assert reply["statusCode"] == 200
    assert b'"X-Size": "5"' in body_of(reply)


@pytest.mark.parametrize("front", ["http_api_v2", "function_url", "http_api_v1", "rest_api_v1", "load_balancer"])
def test_null_is_accepted_for_every_optional_key(ours, settings, front):
    settings.ALLOWED_HOSTS = ["*"]
    settings.SECURE_SSL_REDIRECT = False
    event = event_of(front, "GET", "/users")
    for name in ("headers", "multiValueHeaders", "body", "queryStringParameters", "cookies", "rawQueryString"):
        if name in event:
            event[name] = None

    reply = ours(event)

    assert reply["statusCode"] == 200, reply
    assert b'"query": []' in body_of(reply)


def test_an_invocation_from_the_rest_api_console_is_served(ours, mangum, settings):
    settings.ALLOWED_HOSTS = ["*"]
    settings.SECURE_SSL_REDIRECT = False
    event = event_of("rest_api_v1", "GET", "/users") | {"headers": None, "multiValueHeaders": None}
    event["requestContext"] |= {"stage": "test-invoke-stage", "path": "/users", "domainPrefix": "testPrefix"}
    event["requestContext"]["identity"] = {"sourceIp": "test-invoke-source-ip", "userAgent": "aws-internal/3"}

    reply = ours(event)

    assert b'"client": "test-invoke-source-ip"' in body_of(reply)
    assert body_of(reply) == body_of(mangum(event))


@pytest.mark.parametrize("more", [0, 600_000])
@pytest.mark.parametrize("front", ["load_balancer", "load_balancer_multi_value", "lambda_at_edge"])
def test_a_reply_above_a_fronts_limit_of_1_mib_is_an_error(ours, caplog, front, more):
    with caplog.at_level(logging.ERROR, "django_runtimes.serving.aws_lambda.handler"):
        reply = ours(event_of(front, "GET", f"/letters/{500_000 + more}"))

    assert status_of(reply) == (500 if more else 200)
    who = "CloudFront" if front == "lambda_at_edge" else "the load balancer"
    assert (f"larger than {who} can send" in reply["body"]) is bool(more)
    assert (f"exceeds 1048576 bytes, the limit of {who}" in caplog.text) is bool(more)


@pytest.mark.parametrize("front", ["load_balancer", "load_balancer_multi_value", "lambda_at_edge"])
@pytest.mark.parametrize("kind", ["value", "several", "names", "cookie"])
def test_headers_count_towards_the_limit(ours, front, kind):
    assert status_of(ours(event_of(front, "GET", f"/header/{kind}/1000"))) == 200
    assert status_of(ours(event_of(front, "GET", f"/header/{kind}/1200000"))) == 500


def test_viewer_request_headers_are_limited_to_40_kb(ours):
    event = event_of("lambda_at_edge", "GET", "/header/value/39000")
    event["Records"][0]["cf"]["config"]["eventType"] = "viewer-request"
    assert ours(event)["status"] == 200
    event = event_of("lambda_at_edge", "GET", "/header/value/41000")
    event["Records"][0]["cf"]["config"]["eventType"] = "viewer-request"
    assert ours(event)["status"] == 500


def test_viewer_request_replies_are_limited_to_40_kb(ours):
    event = event_of("lambda_at_edge", "GET", "/letters/41000")
    assert ours(event)["status"] == 200
    event["Records"][0]["cf"]["config"]["eventType"] = "viewer-request"
    assert ours(event)["status"] == 500


@pytest.mark.parametrize("front", ["http_api_v2", "rest_api_v1"])
def test_api_gateways_accept_replies_above_1_mib(ours, front):
    assert status_of(ours(event_of(front, "GET", "/letters/2000000"))) == 200
