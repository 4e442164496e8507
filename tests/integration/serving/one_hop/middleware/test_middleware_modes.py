"""Middleware that differs between its modes reads what it would under Django's handler."""

import pytest
from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.contrib.auth.middleware import RemoteUserMiddleware
from django.http import HttpResponse
from django.urls import path
from django.utils.decorators import sync_and_async_middleware
from django.utils.deprecation import MiddlewareMixin

from django_runtimes.serving.middleware.middleware_modes import may_differ, needs_asynchronous_chain
from tests.integration.serving.one_hop.middleware.tenant_keys import asynchronous_tenant, synchronous_tenant

_HERE = __name__


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


urlpatterns = [
    path("sync/tenant", tenant),
    path("async/tenant", atenant),
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
