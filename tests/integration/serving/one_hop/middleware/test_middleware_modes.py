"""Middleware that differs between its modes reads what it would under Django's handler."""

import pytest
from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.contrib.auth.middleware import PersistentRemoteUserMiddleware, RemoteUserMiddleware
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpResponse
from django.urls import path
from django.utils.decorators import sync_and_async_middleware
from django.utils.deprecation import MiddlewareMixin

from django_runtimes.serving.middleware import current_user
from django_runtimes.serving.middleware.middleware_modes import may_differ, needs_asynchronous_chain
from tests.integration.serving.django_versions import AUSER_IS_CURRENT, REMOTE_USER_PREFIX
from tests.integration.serving.one_hop.exchange import exchange
from tests.integration.serving.one_hop.middleware.tenant_keys import asynchronous_tenant, synchronous_tenant

_HERE = __name__
_AUTHENTICATION = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]


class Either:
    """Middleware of both kinds, as packages write it; `find` and `afind` are what its two modes read."""

    sync_capable = async_capable = True

    def __init__(self, get_response):
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request):
        if self.is_async:
            return self.__acall__(request)
        request.tenant = self.find(request)
        return self.get_response(request)

    async def __acall__(self, request):
        request.tenant = self.afind(request)
        return await self.get_response(request)


class ByMethod(Either):
    def __call__(self, request):
        if self.is_async:
            return self.__acall__(request)
        request.tenant = request.META.get("TENANT")
        return self.get_response(request)

    async def __acall__(self, request):
        request.tenant = request.META.get("HTTP_TENANT")
        return await self.get_response(request)


class ByAttribute(Either):
    key = "TENANT"
    asynchronous_key = "HTTP_TENANT"

    def find(self, request):
        return self.read(request, self.key)

    def afind(self, request):
        return self.read(request, self.asynchronous_key)

    def read(self, request, key):
        return request.META.get(key)


class ByConstructor(Either):
    def __init__(self, get_response):
        super().__init__(get_response)
        self.key, self.asynchronous_key = "TENANT", "HTTP_TENANT"

    def find(self, request):
        return request.META.get(self.key)

    def afind(self, request):
        return request.META.get(self.asynchronous_key)


class ByCookie(Either):
    def find(self, request):
        return request.COOKIES.get("old_tenant")

    def afind(self, request):
        return request.COOKIES.get("new_tenant")


class ByQuery(Either):
    def find(self, request):
        return request.GET.get("old")

    def afind(self, request):
        return request.GET.get("new")


class ByOtherModule(Either):
    def find(self, request):
        return synchronous_tenant(request)

    def afind(self, request):
        return asynchronous_tenant(request)


class ByProperty(Either):
    @property
    def key(self):
        return "TENANT"

    @property
    def asynchronous_key(self):
        return "HTTP_TENANT"

    def find(self, request):
        return request.META.get(self.key)

    def afind(self, request):
        return request.META.get(self.asynchronous_key)


@sync_and_async_middleware
def by_factory(get_response):
    if iscoroutinefunction(get_response):

        async def middleware(request):
            request.tenant = request.headers.get("tenant")
            return await get_response(request)

    else:

        def middleware(request):
            request.tenant = request.META.get("TENANT")
            return get_response(request)

    return middleware


class Alike(Either):
    """Reads the same in both modes."""

    def find(self, request):
        return request.META.get("HTTP_TENANT")

    afind = find


class Adapted(MiddlewareMixin):
    def process_request(self, request):
        request.tenant = request.META.get("HTTP_TENANT")


class SynchronousOnly:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)


def tenant(request):
    return HttpResponse(f"{request.tenant} {request.META.get('TENANT')}")


async def atenant(request):
    return tenant(request)


def user(request):
    return HttpResponse(f"{request.user.username} {request.META.get('REMOTE_USER')}")


async def auser(request):
    return HttpResponse(f"{(await request.auser()).username} {request.META.get('REMOTE_USER')}")


urlpatterns = [
    path("sync/tenant", tenant),
    path("async/tenant", atenant),
    path("sync/user", user),
    path("async/user", auser),
]

WAYS = pytest.mark.parametrize("way", ["/sync", "/async"])
EITHER = pytest.mark.parametrize("name", ["ByMethod", "ByAttribute", "ByConstructor", "by_factory", "Alike", "Adapted"])


@WAYS
@EITHER
async def test_the_asynchronous_code_reads_the_request(both, settings, way, name):
    settings.MIDDLEWARE = [f"{_HERE}.{name}"]

    assert (await both("GET", f"{way}/tenant", headers=[(b"tenant", b"acme")])).body == b"acme None"


@WAYS
@EITHER
async def test_outside_synchronous_middleware_it_does_not(both, settings, way, name):
    settings.MIDDLEWARE = [f"{_HERE}.{name}", f"{_HERE}.SynchronousOnly"]

    await both("GET", f"{way}/tenant", headers=[(b"tenant", b"acme")])


@pytest.mark.parametrize(
    "middleware",
    [
        *(ByMethod, ByAttribute, ByConstructor, ByCookie, ByQuery, ByOtherModule, ByProperty),
        *(by_factory, RemoteUserMiddleware),
    ],
)
def test_middleware_that_may_differ_is_found(middleware):
    assert may_differ(middleware)


@pytest.mark.parametrize("middleware", [Alike, Adapted])
def test_middleware_that_reads_the_same_keeps_the_one_hop(middleware):
    assert not may_differ(middleware)


def test_the_projects_own_middleware_keeps_the_one_hop(settings):
    assert not needs_asynchronous_chain()
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.contrib.auth.middleware.RemoteUserMiddleware"]
    assert needs_asynchronous_chain()


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
