"""Middleware of both kinds that reads `TENANT` synchronously and the header asynchronously, in many shapes."""

import functools
from enum import StrEnum

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from asgiref.sync import iscoroutinefunction as is_asynchronous
from django.conf import settings
from django.utils.decorators import sync_and_async_middleware
from django.utils.deprecation import MiddlewareMixin


class Either:
    """A base whose subclasses have `read` and `aread`."""

    sync_capable = async_capable = True

    def __init__(self, get_response):
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request):
        if self.is_async:
            return self.__acall__(request)
        request.tenant = self.read(request)
        return self.get_response(request)

    async def __acall__(self, request):
        request.tenant = await self.aread(request)
        return await self.get_response(request)


class Keys:
    SYNC = "TENANT"
    ASYNC = "HTTP_TENANT"
    get = "TENANT"
    aget = "HTTP_TENANT"


class EnumKeys(StrEnum):
    SYNC = "TENANT"
    ASYNC = "HTTP_TENANT"


def tenant_of(request, key):
    return request.META.get(key)


def reader(key):
    return lambda request: request.META.get(key)


class Reader:
    def __init__(self, key):
        self.key = key

    def read(self, request):
        return request.META.get(self.key)


read_tenant, aread_tenant = reader("TENANT"), reader("HTTP_TENANT")
reader_object, areader_object = Reader("TENANT"), Reader("HTTP_TENANT")


class ByClassOfKeys(Either):
    def read(self, request):
        return request.META.get(Keys.SYNC)

    async def aread(self, request):
        return request.META.get(Keys.ASYNC)


class ByTwinsOfKeys(Either):
    def read(self, request):
        return request.META.get(Keys.get)

    async def aread(self, request):
        return request.META.get(Keys.aget)


class ByTwinsOfItsOwn(Either):
    def __init__(self, get_response):
        super().__init__(get_response)
        self.get, self.aget = "TENANT", "HTTP_TENANT"

    def read(self, request):
        return request.META.get(self.get)

    async def aread(self, request):
        return request.META.get(self.aget)


class ByEnum(Either):
    def read(self, request):
        return request.META.get(EnumKeys.SYNC)

    async def aread(self, request):
        return request.META.get(EnumKeys.ASYNC)


class BySetting(Either):
    def read(self, request):
        return request.META.get(settings.TENANT_KEY)

    async def aread(self, request):
        return request.META.get(settings.ASYNC_TENANT_KEY)


class ByDefault(Either):
    def read(self, request, key="TENANT"):
        return request.META.get(key)

    async def aread(self, request, key="HTTP_TENANT"):
        return request.META.get(key)


class ByKeywordDefault(Either):
    def read(self, request, *, key="TENANT"):
        return request.META.get(key)

    async def aread(self, request, *, key="HTTP_TENANT"):
        return request.META.get(key)


class ByPartial(Either):
    find = functools.partial(tenant_of, key="TENANT")
    afind = functools.partial(tenant_of, key="HTTP_TENANT")

    def read(self, request):
        return self.find(request)

    async def aread(self, request):
        return self.afind(request)


class ByClosure(Either):
    def read(self, request):
        return read_tenant(request)

    async def aread(self, request):
        return aread_tenant(request)


class ByObject(Either):
    def read(self, request):
        return reader_object.read(request)

    async def aread(self, request):
        return areader_object.read(request)


class ByIndex(Either):
    keys = ("TENANT", "HTTP_TENANT")

    def read(self, request):
        return request.META.get(self.keys[0])

    async def aread(self, request):
        return request.META.get(self.keys[1])


class ByOrder(Either):
    def read(self, request):
        return request.META.get("REQUEST_METHOD") or request.META.get("HTTP_TENANT")

    async def aread(self, request):
        return request.META.get("HTTP_TENANT") or request.META.get("REQUEST_METHOD")


class ByPrefix(Either):
    key = "TENANT"

    def read(self, request):
        return request.META.get(self.key)

    async def aread(self, request):
        return request.META.get("HTTP_" + self.key)


class ByConstructor(MiddlewareMixin):
    def __init__(self, get_response):
        super().__init__(get_response)
        self.key = "HTTP_TENANT" if iscoroutinefunction(get_response) else "TENANT"

    def process_request(self, request):
        request.tenant = request.META.get(self.key)


class ByAliasInConstructor(MiddlewareMixin):
    def __init__(self, get_response):
        super().__init__(get_response)
        self.key = {True: "HTTP_TENANT", False: "TENANT"}[is_asynchronous(get_response)]

    def process_request(self, request):
        request.tenant = request.META.get(self.key)


class ByArgumentOfConstructor(Either):
    def __init__(self, get_response):
        self.get_response = get_response
        self.configure(iscoroutinefunction(get_response))
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def configure(self, flag):
        self.flag = flag
        self.key = "HTTP_TENANT" if flag else "TENANT"

    def __call__(self, request):
        request.tenant = request.META.get(self.key)
        return self.get_response(request)


class ByParameterOfConstructor(Either):
    def __init__(self, get_response, key="TENANT", asynchronous_key="HTTP_TENANT"):
        self.get_response = get_response
        self.key = asynchronous_key if iscoroutinefunction(get_response) else key
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request):
        request.tenant = request.META.get(self.key)
        return self.get_response(request)


class ByMode(MiddlewareMixin):
    def process_request(self, request):
        request.tenant = request.META.get("HTTP_TENANT" if self.async_mode else "TENANT")


class ByModeInAnEntry(Either):
    def __call__(self, request):
        request.tenant = request.META.get("HTTP_TENANT" if self.is_async else "TENANT")
        return self.get_response(request)


class ByModeInAView(Either):
    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        request.tenant = request.META.get("HTTP_TENANT" if self.is_async else "TENANT")


def key_of(middleware):
    return "HTTP_TENANT" if middleware.async_mode else "TENANT"


class ByModeElsewhere(MiddlewareMixin):
    def process_request(self, request):
        request.tenant = request.META.get(key_of(self))


class ByAsynchronousEntry(MiddlewareMixin):
    def process_request(self, request):
        request.tenant = request.META.get("TENANT")

    async def __acall__(self, request):
        request.tenant = request.META.get("HTTP_TENANT")
        return await self.get_response(request)


def _factory_of(key, asynchronous_key):
    @sync_and_async_middleware
    def factory(get_response):
        if iscoroutinefunction(get_response):

            async def middleware(request):
                request.tenant = request.META.get(asynchronous_key)
                return await get_response(request)

        else:

            def middleware(request):
                request.tenant = request.META.get(key)
                return get_response(request)

        return middleware

    return factory


by_factory_of_keys = _factory_of("TENANT", "HTTP_TENANT")


@sync_and_async_middleware
def by_variable(get_response):
    key = "HTTP_TENANT" if iscoroutinefunction(get_response) else "TENANT"
    if iscoroutinefunction(get_response):

        async def middleware(request):
            request.tenant = request.META.get(key)
            return await get_response(request)

    else:

        def middleware(request):
            request.tenant = request.META.get(key)
            return get_response(request)

    return middleware


@sync_and_async_middleware
def by_default_in_factory(get_response):
    if iscoroutinefunction(get_response):

        async def middleware(request, key="HTTP_TENANT"):
            request.tenant = request.META.get(key)
            return await get_response(request)

    else:

        def middleware(request, key="TENANT"):
            request.tenant = request.META.get(key)
            return get_response(request)

    return middleware


SHAPES = [
    name
    for name, value in [*vars().items()]
    if getattr(value, "async_capable", False) and name not in {"Either", "MiddlewareMixin"}
]
