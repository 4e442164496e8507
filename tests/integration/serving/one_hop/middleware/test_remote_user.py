"""A remote user is logged in whatever the mode of the middleware that names it."""

import pytest
from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.contrib.auth.middleware import PersistentRemoteUserMiddleware, RemoteUserMiddleware
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpResponse
from django.urls import path
from django.utils.decorators import sync_and_async_middleware

from django_runtimes.serving.middleware import current_user
from tests.integration.serving.django_versions import AUSER_IS_CURRENT, REMOTE_USER_PREFIX
from tests.integration.serving.one_hop.exchange import exchange

_HERE = __name__
_AUTHENTICATION = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]


def user(request):
    return HttpResponse(f"{request.user.username} {request.META.get('REMOTE_USER')}")


async def auser(request):
    return HttpResponse(f"{(await request.auser()).username} {request.META.get('REMOTE_USER')}")


urlpatterns = [path("sync/user", user), path("async/user", auser)]

WAYS = pytest.mark.parametrize("way", ["/sync", "/async"])


class FromProxy(PersistentRemoteUserMiddleware):
    header = f"{REMOTE_USER_PREFIX}X_PROXY_USER"


class Around:
    """Wraps Django's own, which decides by what it is given."""

    sync_capable = async_capable = True

    def __init__(self, get_response):
        self.get_response = get_response
        self.inner = RemoteUserMiddleware(get_response)
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request):
        return self.inner(request) if request.path.endswith("/user") else self.get_response(request)


@sync_and_async_middleware
def around(get_response):
    return RemoteUserMiddleware(get_response)


@pytest.fixture
def remote_user(settings):
    settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.RemoteUserBackend"]
    settings.MIDDLEWARE = [*_AUTHENTICATION, "django.contrib.auth.middleware.RemoteUserMiddleware"]
    return settings


@WAYS
@pytest.mark.django_db(transaction=True)
async def test_a_remote_user_is_logged_in(one_hop, remote_user, way):
    reply = await exchange(one_hop(), "GET", f"{way}/user", headers=[(b"remote-user", b"bob")])

    assert reply.body == b"bob None"
    assert "sessionid" in reply.header("set-cookie")


@WAYS
@pytest.mark.parametrize("name", ["Around", "around"])
@pytest.mark.django_db(transaction=True)
async def test_a_wrapped_remote_user_is_logged_in(one_hop, remote_user, way, name):
    remote_user.MIDDLEWARE = [*_AUTHENTICATION, f"{_HERE}.{name}"]

    reply = await exchange(one_hop(), "GET", f"{way}/user", headers=[(b"remote-user", b"bob")])

    assert reply.body == b"bob None"


@WAYS
@pytest.mark.django_db(transaction=True)
async def test_a_subclass_names_its_own_header(one_hop, remote_user, way):
    remote_user.MIDDLEWARE = [*_AUTHENTICATION, f"{_HERE}.FromProxy"]

    reply = await exchange(one_hop(), "GET", f"{way}/user", headers=[(b"x-proxy-user", b"bob")])

    assert reply.body == b"bob None"


@WAYS
@pytest.mark.django_db(transaction=True)
async def test_a_client_cannot_set_remote_user_itself(both, remote_user, way):
    forged = [(b"remote_user", b"eve"), (b"http_remote_user", b"eve"), (b"http-remote-user", b"eve")]

    assert (await both("GET", f"{way}/user", headers=forged)).body == b" None"


@pytest.mark.django_db(transaction=True)
async def test_auser_is_who_has_just_logged_in(one_hop, remote_user):
    named = {"headers": [(b"remote-user", b"bob")]}
    handler = one_hop()

    ours = await exchange(handler, "GET", "/async/user", **named)
    user_logged_in.disconnect(current_user._remember)
    djangos = await exchange(ASGIHandler(), "GET", "/async/user", **named)

    assert (ours.body, djangos.body) == (b"bob None", b"bob None" if AUSER_IS_CURRENT else b" None")


@pytest.mark.django_db(transaction=True)
async def test_auser_is_nobody_after_a_logout(one_hop, remote_user):
    handler = one_hop()
    login = await exchange(handler, "GET", "/async/user", headers=[(b"remote-user", b"bob")])
    cookie = {"headers": [(b"cookie", login.header("set-cookie").partition(";")[0].encode())]}

    user_logged_out.disconnect(current_user._forget)
    djangos = await exchange(ASGIHandler(), "GET", "/async/user", **cookie)
    login = await exchange(handler, "GET", "/async/user", headers=[(b"remote-user", b"bob")])
    cookie = {"headers": [(b"cookie", login.header("set-cookie").partition(";")[0].encode())]}
    current_user.keep_auser_current()
    ours = await exchange(handler, "GET", "/async/user", **cookie)

    assert (ours.body, djangos.body) == (b" None", b" None" if AUSER_IS_CURRENT else b"bob None")
