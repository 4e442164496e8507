"""An API's stage in the path becomes the script name."""

import pytest
from django.http import JsonResponse
from django.shortcuts import redirect
from django.urls import path, reverse

from django_runtimes.serving.aws_lambda.handler import DirectLambdaHandler
from tests.integration.serving.lambda_handler.conftest import CONTEXT
from tests.integration.serving.lambda_handler.front import body_of, event_of


def described(request):
    return JsonResponse(
        {
            "path": request.path,
            "path_info": request.path_info,
            "script": request.META["SCRIPT_NAME"],
            "reversed": reverse("described"),
        }
    )


def away(request):
    return redirect("described")


urlpatterns = [path("", described), path("users", described, name="described"), path("away", away)]


APIS_OWN_DOMAIN = "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com"


def at_stage(front, client_path, *, path_=None, stage="prod", proxy=None, domain=APIS_OWN_DOMAIN):
    """Return an event of the stage for a client that requested `client_path`."""
    event = event_of(front, "GET", path_ or client_path)
    event["requestContext"] |= {"stage": stage, "domainName": domain}
    if front == "http_api_v2":
        return event
    event["requestContext"]["path"] = client_path
    return event | {"pathParameters": {"proxy": proxy} if proxy else None}


@pytest.mark.parametrize(
    "event",
    [
        at_stage("http_api_v2", "/prod/users"),
        at_stage("http_api_v1", "/prod/users", proxy="users"),
        at_stage("rest_api_v1", "/prod/users", path_="/users", proxy="users"),
    ],
    ids=["HTTP API, 2.0", "HTTP API, 1.0", "REST API"],
)
def test_the_stage_in_the_path_is_the_script_name(ours, event):
    reply = body_of(ours(event))

    for part in (
        b'"path": "/prod/users"',
        b'"path_info": "/users"',
        b'"script": "/prod"',
        b'"reversed": "/prod/users"',
    ):
        assert part in reply


@pytest.mark.parametrize(
    "event",
    [at_stage("http_api_v2", "/prod"), at_stage("rest_api_v1", "/prod", path_="/"), at_stage("http_api_v2", "/prod/")],
)
def test_the_stage_alone_is_the_applications_root(ours, event):
    reply = ours(event)

    assert reply["statusCode"] == 200
    assert b'"path_info": "/"' in body_of(reply)


def test_a_redirect_keeps_the_stage(ours):
    reply = ours(at_stage("rest_api_v1", "/prod/away", path_="/away", proxy="away"))

    assert reply["headers"]["location"] == "/prod/users"


@pytest.mark.parametrize(
    "event",
    [
        at_stage("http_api_v2", "/users"),
        at_stage("http_api_v2", "/users", stage="$default"),
        at_stage("http_api_v2", "/users", stage=None),
        at_stage("rest_api_v1", "/users", proxy="users"),
        at_stage("rest_api_v1", "/users", stage="use", proxy="users"),
        at_stage("rest_api_v1", "/users", stage="users", proxy="users"),
        at_stage("http_api_v1", "/users", stage="users", proxy="users"),
    ],
    ids=repr,
)
def test_a_custom_domain_has_no_stage_in_the_path(both, event):
    assert b'"path_info": "/users", "script": ""' in body_of(both(event))


@pytest.mark.parametrize("front", ["http_api_v1", "http_api_v2"])
def test_a_path_behind_a_custom_domain_may_start_like_the_stage(both, front):
    event = at_stage(front, "/users", stage="users", domain="shop.example")

    event["requestContext"]["resourcePath"] = "$default"

    assert b'"path_info": "/users", "script": ""' in body_of(both(event | {"routeKey": "$default"}))


def test_health_is_answered_below_the_stage():
    handler = DirectLambdaHandler(answer_health=lambda path, _: {"status": 200, "headers": [], "body": path.encode()})

    assert body_of(handler(at_stage("http_api_v2", "/prod/healthz"), CONTEXT)) == b"/healthz"
