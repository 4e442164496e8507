"""The ASGI application as containers serve it, behind a load balancer that ends TLS."""

import json
import re
from urllib.parse import urlencode

import pytest
from asgiref.testing import ApplicationCommunicator
from django.conf import settings

from django_runtimes.databases.postgresql.base import DatabaseWrapper
from webapp.guestbook.models import Entry

# The headers of an Application Load Balancer; App Runner's front sends the same ones without the port.
LOAD_BALANCER = {
    "host": "guestbook.example",
    "x-forwarded-for": "203.0.113.7",
    "x-forwarded-proto": "https",
    "x-forwarded-port": "443",
}
APP_RUNNER = {name: value for name, value in LOAD_BALANCER.items() if name != "x-forwarded-port"}


async def request(method, path, headers, body=b""):
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        # uvicorn speaks plain HTTP with the load balancer.
        "scheme": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("10.0.0.7", 40000),
        "server": ("10.0.0.8", 8000),
    }
    # Import this after collectstatic, since WhiteNoise looks for the files when the handler is created.
    from django_runtimes.entrypoints.asgi import application

    communicator = ApplicationCommunicator(application, scope)
    await communicator.send_input({"type": "http.request", "body": body})
    start = await communicator.receive_output(timeout=60)
    received = b""
    while True:
        part = await communicator.receive_output(timeout=60)
        received += part["body"]
        if not part.get("more_body"):
            break
    await communicator.wait()
    return start["status"], dict(start["headers"]), received.decode()


@pytest.mark.parametrize("front", [LOAD_BALANCER, APP_RUNNER], ids=["load balancer", "App Runner"])
@pytest.mark.django_db(transaction=True)
async def test_an_https_form_post_works(front):
    _, headers, page = await request("GET", "/", front)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
    cookie = re.search(r"csrftoken=[^;]+", headers[b"Set-Cookie"].decode())[0]
    form = urlencode({"csrfmiddlewaretoken": token, "author": "Ada", "message": "By HTTPS"}).encode()

    status, _, body = await request(
        "POST",
        "/",
        front
        | {
            "origin": "https://guestbook.example",
            "cookie": cookie,
            "content-type": "application/x-www-form-urlencoded",
            "content-length": str(len(form)),
        },
        form,
    )

    assert status == 302, body
    assert await Entry.objects.acount() == 1


@pytest.mark.skipif(not settings.DJANGO_RUNTIMES.profile.https, reason="the profile has no HTTPS in front")
async def test_plain_http_is_redirected_to_https():
    status, headers, _ = await request("GET", "/", LOAD_BALANCER | {"x-forwarded-proto": "http"})

    assert (status, headers[b"Location"]) == (301, b"https://guestbook.example/")


async def test_an_unknown_host_is_refused_except_by_the_health_check():
    forged = LOAD_BALANCER | {"host": "10.0.0.8:8000"}

    assert (await request("GET", "/", forged))[0] == 400
    assert (await request("GET", "/healthz", forged))[0] == 200


@pytest.mark.skipif(not settings.DJANGO_RUNTIMES.profile.https, reason="the profile has no HTTPS in front")
@pytest.mark.django_db(transaction=True)
async def test_cookies_are_secure_and_hsts_is_sent():
    _, headers, _ = await request("GET", "/", LOAD_BALANCER)

    assert b"Secure" in headers[b"Set-Cookie"]
    assert headers[b"Strict-Transport-Security"] == b"max-age=3600"


class EmptyPool:
    max_size = 8
    empty_for_s = 61.0

    def reclaim_unused(self) -> None:
        """Reclaim no connection."""


async def test_a_pool_that_stays_empty_fails_the_health_check(monkeypatch):
    assert (await request("GET", "/healthz", {}))[0] == 200
    monkeypatch.setitem(DatabaseWrapper._connection_pools, "another", EmptyPool())

    status, _, body = await request("GET", "/healthz", {})

    assert (status, json.loads(body)["reason"]) == (503, "PoolEmptyError")
