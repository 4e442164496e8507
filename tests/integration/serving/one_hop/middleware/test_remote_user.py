"""A remote user is logged in, whichever mode the middleware runs in."""

import pytest
from django.contrib.auth.middleware import PersistentRemoteUserMiddleware
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.core.exceptions import MiddlewareNotUsed
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpResponse
from django.urls import path

from django_runtimes.serving.middleware import current_user
from tests.integration.serving.django_versions import AUSER_IS_CURRENT, DROPS_UNDERSCORE_HEADERS, REMOTE_USER_PREFIX
from tests.integration.serving.one_hop.exchange import exchange

_HERE = __name__
_AUTHENTICATION = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
REMOTE_USER = "django.contrib.auth.middleware.RemoteUserMiddleware"


class SynchronousOnly:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)


class SynchronousNotUsed(SynchronousOnly):
    def __init__(self, get_response):
        raise MiddlewareNotUsed


def user(request):
    return HttpResponse(f"{request.user.username} {request.META.get('REMOTE_USER')}")


async def auser(request):
    return HttpResponse(f"{(await request.auser()).username} {request.META.get('REMOTE_USER')}")


urlpatterns = [path("sync/user", user), path("async/user", auser)]

WAYS = pytest.mark.parametrize("way", ["/sync", "/async"])
BOB = {"headers": [(b"remote-user", b"bob")]}


def test_the_projects_own_middleware_keeps_the_one_hop(one_hop, settings, caplog):
    caplog.set_level("INFO", logger="django_runtimes")
    assert not one_hop().needs_asynchronous_chain
    assert caplog.messages == []

    settings.MIDDLEWARE = [*settings.MIDDLEWARE, REMOTE_USER, f"{_HERE}.FromProxy"]

    assert one_hop().needs_asynchronous_chain
    assert caplog.messages == [
        f"every request takes Django's native path because MIDDLEWARE lists {REMOTE_USER}, {_HERE}.FromProxy"
    ]


class FromProxy(PersistentRemoteUserMiddleware):
    header = f"{REMOTE_USER_PREFIX}X_PROXY_USER"


@pytest.fixture
def remote_user(settings):
    settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.RemoteUserBackend"]
    settings.MIDDLEWARE = [*_AUTHENTICATION, REMOTE_USER]
    return settings


@WAYS
@pytest.mark.django_db(transaction=True)
async def test_a_remote_user_is_logged_in(one_hop, remote_user, way):
    reply = await exchange(one_hop(), "GET", f"{way}/user", **BOB)

    assert reply.body == b"bob None"
    assert "sessionid" in reply.header("set-cookie")


@WAYS
@pytest.mark.django_db(transaction=True)
async def test_unused_sync_middleware_has_no_effect(one_hop, remote_user, way):
    remote_user.MIDDLEWARE = [*_AUTHENTICATION, REMOTE_USER, f"{_HERE}.SynchronousNotUsed"]

    assert (await exchange(one_hop(), "GET", f"{way}/user", **BOB)).body == b"bob None"


@WAYS
@pytest.mark.django_db(transaction=True)
async def test_used_sync_middleware_switches_the_others_to_sync(one_hop, remote_user, way):
    remote_user.MIDDLEWARE = [*_AUTHENTICATION, REMOTE_USER, f"{_HERE}.SynchronousOnly"]

    ours = await exchange(one_hop(), "GET", f"{way}/user", **BOB)
    djangos = await exchange(ASGIHandler(), "GET", f"{way}/user", **BOB)

    # Since Django 6.1, both modes read REMOTE_USER from META. Only bodies are compared, because session ids differ.
    assert ours.body == djangos.body == (b"bob None" if REMOTE_USER_PREFIX else b" None")


@WAYS
@pytest.mark.django_db(transaction=True)
async def test_a_subclass_names_its_own_header(one_hop, remote_user, way):
    remote_user.MIDDLEWARE = [*_AUTHENTICATION, f"{_HERE}.FromProxy"]

    reply = await exchange(one_hop(), "GET", f"{way}/user", headers=[(b"x-proxy-user", b"bob")])

    assert reply.body == b"bob None"


@WAYS
@pytest.mark.skipif(not DROPS_UNDERSCORE_HEADERS, reason="this Django trusts the header")
@pytest.mark.django_db(transaction=True)
async def test_a_client_cannot_set_remote_user_itself(both, remote_user, way):
    forged = [(b"remote_user", b"eve"), (b"http_remote_user", b"eve"), (b"http-remote-user", b"eve")]

    assert (await both("GET", f"{way}/user", headers=forged)).body == b" None"


@pytest.mark.django_db(transaction=True)
async def test_auser_is_current_after_a_login(one_hop, remote_user):
    handler = one_hop()

    ours = await exchange(handler, "GET", "/async/user", **BOB)
    user_logged_in.disconnect(current_user._remember)
    djangos = await exchange(ASGIHandler(), "GET", "/async/user", **BOB)

    assert (ours.body, djangos.body) == (b"bob None", b"bob None" if AUSER_IS_CURRENT else b" None")


@pytest.mark.django_db(transaction=True)
async def test_auser_is_anonymous_after_a_logout(one_hop, remote_user):
    handler = one_hop()
    login = await exchange(handler, "GET", "/async/user", **BOB)
    cookie = {"headers": [(b"cookie", login.header("set-cookie").partition(";")[0].encode())]}

    user_logged_out.disconnect(current_user._forget)
    djangos = await exchange(ASGIHandler(), "GET", "/async/user", **cookie)
    login = await exchange(handler, "GET", "/async/user", **BOB)
    cookie = {"headers": [(b"cookie", login.header("set-cookie").partition(";")[0].encode())]}
    current_user.keep_auser_current()
    ours = await exchange(handler, "GET", "/async/user", **cookie)

    assert (ours.body, djangos.body) == (b" None", b" None" if AUSER_IS_CURRENT else b"bob None")
