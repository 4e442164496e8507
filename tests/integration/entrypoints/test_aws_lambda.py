"""The Lambda handler on the events of every supported front."""

import asyncio
import base64
import copy
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest

from django_runtimes.serving.aws_lambda.unknown_event import UnknownEvent
from webapp.guestbook.models import Entry

EVENTS = Path(__file__).parent / "events"
FRONTS = ("http_api_v2", "rest_api_v1", "load_balancer")
CONTEXT = SimpleNamespace(aws_request_id="c6af9ac6", function_name="web", memory_limit_in_mb="1024")


@pytest.fixture
def handler() -> Iterator[Callable[..., dict]]:
    """The handler in a thread that has an event loop, as awslambdaric's main thread does."""
    with asyncio.Runner() as runner:
        asyncio.set_event_loop(runner.get_loop())
        # Import this after collectstatic, since WhiteNoise looks for the files when the handler is created.
        from django_runtimes.entrypoints import aws_lambda

        yield aws_lambda.handler
    asyncio.set_event_loop(None)


def load_event(front: str) -> dict:
    return json.loads((EVENTS / f"{front}.json").read_text())


def event_for(front: str, method: str, path: str, *, body: str = "", **headers: str) -> dict:
    """Return the front's event with another request."""
    event = copy.deepcopy(load_event(front))
    if front == "http_api_v2":
        event["rawPath"] = event["requestContext"]["http"]["path"] = path
        event["requestContext"]["http"]["method"] = method
        event["cookies"] = [headers.pop("cookie")] if "cookie" in headers else []
    else:
        event["path"], event["httpMethod"] = path, method
    event["headers"].update(headers)
    for name, value in headers.items():
        if "multiValueHeaders" in event:
            event["multiValueHeaders"][name] = [value]
    # API Gateway passes a form's body as base64, a load balancer as text.
    event["isBase64Encoded"] = front != "load_balancer"
    event["body"] = base64.b64encode(body.encode()).decode() if event["isBase64Encoded"] else body
    return event


def headers_of(response: dict) -> dict[str, str]:
    several = {name: ", ".join(values) for name, values in response.get("multiValueHeaders", {}).items()}
    cookies = {"set-cookie": ", ".join(response["cookies"])} if response.get("cookies") else {}
    return {name.lower(): value for name, value in (response.get("headers", {}) | several | cookies).items()}


def body_of(response: dict) -> str:
    body = response["body"]
    return base64.b64decode(body).decode() if response["isBase64Encoded"] else body


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.django_db(transaction=True)
def test_an_https_form_post_works_behind_every_front(handler, front):
    page = handler(event_for(front, "GET", "/"), CONTEXT)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', body_of(page))[1]
    cookie = re.search(r"csrftoken=[^;]+", headers_of(page)["set-cookie"])[0]
    form = urlencode({"csrfmiddlewaretoken": token, "author": "Ada", "message": f"Behind {front}, näturally"})

    answer = handler(event_for(front, "POST", "/", body=form, cookie=cookie), CONTEXT)

    assert page["statusCode"] == 200
    assert answer["statusCode"] == 302, body_of(answer)
    assert Entry.objects.get().message == f"Behind {front}, näturally"


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.django_db(transaction=True)
def test_a_form_from_another_site_is_refused_behind_every_front(handler, front):
    page = handler(event_for(front, "GET", "/"), CONTEXT)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', body_of(page))[1]
    cookie = re.search(r"csrftoken=[^;]+", headers_of(page)["set-cookie"])[0]
    form = urlencode({"csrfmiddlewaretoken": token, "author": "Eve", "message": "forged"})
    origin = "Origin" if front == "rest_api_v1" else "origin"

    answer = handler(
        event_for(front, "POST", "/", body=form, cookie=cookie, **{origin: "https://evil.example"}), CONTEXT
    )

    assert answer["statusCode"] == 403
    assert not Entry.objects.exists()


@pytest.mark.parametrize("front", FRONTS)
def test_health_needs_neither_a_database_nor_a_known_host(handler, front):
    answer = handler(event_for(front, "GET", "/healthz", host="10.0.0.7"), CONTEXT)

    assert (answer["statusCode"], json.loads(body_of(answer))) == (200, {"status": "ok"})


@pytest.mark.django_db(transaction=True)
def test_it_is_ready_when_the_database_answers(handler, monkeypatch):
    # A busy machine may need more than the usual two seconds.
    monkeypatch.setattr(handler._answer_health.__self__, "_timeout_s", 60)

    answer = handler(event_for("http_api_v2", "GET", "/readyz"), CONTEXT)

    assert answer["statusCode"] == 200, body_of(answer)


def test_the_web_function_runs_no_management_command(handler):
    with pytest.raises(UnknownEvent, match="send commands to the operations function"):
        handler(load_event("management_command"), CONTEXT)
