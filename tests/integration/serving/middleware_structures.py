"""Middleware of both kinds whose two modes name the same things, and use them otherwise."""

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpResponse
from django.utils.decorators import sync_and_async_middleware

from tests.integration.serving.middleware_shapes import Either

_KEYS = ("TENANT", "HTTP_TENANT")


class ByUnpacking(Either):
    def read(self, request):
        key, _ = _KEYS
        return request.META.get(key)

    async def aread(self, request):
        _, key = _KEYS
        return request.META.get(key)


class ByStar(Either):
    def read(self, request):
        key, *_ = _KEYS
        return request.META.get(key)

    async def aread(self, request):
        *_, key = _KEYS
        return request.META.get(key)


class ByBreak(Either):
    def read(self, request):
        for key in _KEYS:
            tenant = request.META.get(key)
            break
        return tenant

    async def aread(self, request):
        for key in _KEYS:
            tenant = request.META.get(key)
        return tenant


class ByParameter(Either):
    def read(self, request):
        return self.first(request, "TENANT", "HTTP_TENANT")

    async def aread(self, request):
        return self.second(request, "TENANT", "HTTP_TENANT")

    def first(self, request, key, other):
        return request.META.get(key)

    def second(self, request, other, key):
        return request.META.get(key)


class ByCondition(Either):
    def read(self, request):
        tenant = request.META.get("HTTP_TENANT")
        return tenant if tenant is None else None

    async def aread(self, request):
        tenant = request.META.get("HTTP_TENANT")
        return tenant if tenant is not None else None


class ByConnective(Either):
    def read(self, request):
        return request.META.get("REQUEST_METHOD") and request.META.get("TENANT") and request.META.get("HTTP_TENANT")

    async def aread(self, request):
        return request.META.get("REQUEST_METHOD") and (request.META.get("TENANT") or request.META.get("HTTP_TENANT"))


class ByFormat(Either):
    def read(self, request):
        prefix, name = "HTTP_", "TENANT"
        return request.META.get(f"{name}" or prefix)

    async def aread(self, request):
        prefix, name = "HTTP_", "TENANT"
        return request.META.get(f"{prefix}{name}")


class ByIndentation(Either):
    def read(self, request):
        tenant = None
        if request.META.get("REQUEST_METHOD") == "GET":
            tenant = request.META.get("HTTP_TENANT")
            if tenant:
                tenant = None
        return tenant

    async def aread(self, request):
        tenant = None
        if request.META.get("REQUEST_METHOD") == "GET":
            tenant = request.META.get("HTTP_TENANT")
        if not tenant:
            tenant = None
        return tenant


class ByOrderOfTheView(Either):
    """Synchronously it is too late."""

    def __call__(self, request):
        if self.is_async:
            return self.__acall__(request)
        request.tenant = None
        response = self.get_response(request)
        request.tenant = request.META.get("HTTP_TENANT")
        return response

    async def __acall__(self, request):
        request.tenant = None
        request.tenant = request.META.get("HTTP_TENANT")
        response = await self.get_response(request)
        return response  # noqa: RET504  (as the other mode)


class _Marked:
    sync_capable = async_capable = True

    def __init__(self, get_response):
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request):
        response = self.get_response(request)
        request.tenant = request.META.get(self.key_for(response))
        return response


class ByResult(_Marked):
    """Synchronously it is too late, and asynchronously nothing has run yet."""

    def key_for(self, response):
        return "TENANT" if isinstance(response, HttpResponse) else "HTTP_TENANT"


class ByAttributeOfTheResult(_Marked):
    def key_for(self, response):
        return "HTTP_TENANT" if hasattr(response, "cr_frame") else "TENANT"


class ByNameOfTheResult(_Marked):
    def key_for(self, response):
        return "HTTP_TENANT" if type(response).__name__ == "coroutine" else "TENANT"


@sync_and_async_middleware
def by_hook(get_response):
    if iscoroutinefunction(get_response):

        async def middleware(request):
            return await get_response(request)

        async def process_view(request, view, args, kwargs):
            request.tenant = request.META.get("HTTP_TENANT")

    else:

        def middleware(request):
            return get_response(request)

        def process_view(request, view, args, kwargs):
            request.tenant = request.META.get("TENANT")

    middleware.process_view = process_view
    return middleware


@sync_and_async_middleware
def by_hook_of_one_mode(get_response):
    if iscoroutinefunction(get_response):

        async def middleware(request):
            return await get_response(request)

        async def process_view(request, view, args, kwargs):
            request.tenant = request.META.get("HTTP_TENANT")

        middleware.process_view = process_view
    else:

        def middleware(request):
            request.tenant = None
            return get_response(request)

    return middleware


SHAPES = [
    name
    for name, value in [*vars().items()]
    if getattr(value, "async_capable", False) and name not in {"Either", "_Marked"}
]
