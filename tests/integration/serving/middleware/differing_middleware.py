"""Middleware that reads `TENANT` in sync mode and the header in async mode; each class chooses the key differently."""

import functools

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.contrib.auth.middleware import RemoteUserMiddleware
from django.utils.decorators import sync_and_async_middleware
from django.utils.deprecation import MiddlewareMixin

from tests.integration.serving.middleware.differing_keys import (
    ByMode,
    KeptByDelete,
    KeptBySet,
    Keys,
    KeyTable,
    key_of,
)


def by_header(request, *_):
    request.tenant = request.META.get("HTTP_TENANT")


def by_server(request, *_):
    request.tenant = request.META.get("TENANT")


class WithoutLogin(RemoteUserMiddleware):
    """Keeps Django's dispatch, but logs no user in."""

    def process_request(self, request):
        by_server(request)

    async def aprocess_request(self, request):
        by_header(request)


class WithDjangosName(WithoutLogin):
    """Has the name of a Django middleware that is on the list."""


WithDjangosName.__module__, WithDjangosName.__qualname__ = "django.middleware.common", "CommonMiddleware"


class Dispatching:
    """Has two entry points, as the middleware of some packages does."""

    sync_capable = async_capable = True

    def __init__(self, get_response):
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request):
        if self.is_async:
            return self.acall(request)
        by_server(request)
        return self.get_response(request)

    async def acall(self, request):
        by_header(request)
        return await self.get_response(request)


class MarkedOnly(Dispatching):
    """Has one entry point for both modes, and chooses the key by an attribute of its base class."""

    def __init__(self, get_response):
        super().__init__(get_response)
        self.key = "HTTP_TENANT" if self.is_async else "TENANT"

    def __call__(self, request):
        request.tenant = request.META.get(self.key)
        return self.get_response(request)


@sync_and_async_middleware
def factory(get_response):
    if iscoroutinefunction(get_response):

        async def middleware(request):
            by_header(request)
            return await get_response(request)

    else:

        def middleware(request):
            by_server(request)
            return get_response(request)

    return middleware


partial = functools.partial(Dispatching)
partial.sync_capable = partial.async_capable = True


class _Maker:
    sync_capable = async_capable = True

    def __call__(self, get_response):
        return Dispatching(get_response)


callable_object = _Maker()


class OwnEntryPoint(MiddlewareMixin):
    def process_request(self, request):
        by_server(request)

    async def __acall__(self, request):
        by_header(request)
        return await self.get_response(request)


class _Half:
    async def __acall__(self, request):
        by_header(request)
        return await self.get_response(request)


class EntryPointOfMixin(_Half, MiddlewareMixin):
    def process_request(self, request):
        by_server(request)


class ByAttribute(MiddlewareMixin):
    def process_request(self, request):
        request.tenant = request.META.get("HTTP_TENANT" if self.async_mode else "TENANT")


class ByMissingAttribute(MiddlewareMixin):
    def process_request(self, request):
        request.tenant = request.META.get(self.key)

    def __getattr__(self, name):
        if name != "key":
            raise AttributeError(name)
        return key_of(self)


class ByHelper(MiddlewareMixin):
    """Does not name a mode itself: a function of another module reads the middleware's mode."""

    def process_request(self, request):
        request.tenant = request.META.get(key_of(self))


class ByStrategy(MiddlewareMixin):
    keys = Keys()

    def process_request(self, request):
        request.tenant = request.META.get(self.keys.of(self))


class ByBoundMethod(MiddlewareMixin):
    """Passes a bound method, which refers to the middleware."""

    def process_request(self, request):
        request.tenant = request.META.get(key_of(self.process_request))


class BySuper(MiddlewareMixin):
    def process_request(self, request):
        base = super()
        request.tenant = request.META.get(key_of(base))


class ByAliasOfSuper(MiddlewareMixin):
    def process_request(self, request):
        base = super
        request.tenant = request.META.get(key_of(base()))


class ByClosure(MiddlewareMixin):
    def process_request(self, request):
        request.tenant = next(request.META.get(key_of(self)) for _ in "1")


class ByDescriptor(MiddlewareMixin):
    key = ByMode()

    def process_request(self, request):
        request.tenant = request.META.get(self.key)


class ByProperty(MiddlewareMixin):
    @functools.cached_property
    def key(self):
        return key_of(self)

    def process_request(self, request):
        request.tenant = request.META.get(self.key)


def _decorated(function):
    @functools.wraps(function)
    def wrapper(*args, unused=None):
        args[-1].key = key_of(args[0])
        return function(*args)

    return wrapper


class Decorated(MiddlewareMixin):
    @_decorated
    def process_request(self, request):
        request.tenant = request.META.get(request.key)


class ByLocals(MiddlewareMixin):
    def process_request(self, request):
        request.tenant = request.META.get(key_of(locals()["self"]))


class ByState(MiddlewareMixin):
    """Chooses the key by the state that pickle would store."""

    def process_request(self, request):
        state = self.__getstate__()
        request.tenant = request.META.get("HTTP_TENANT" if state["async_mode"] else "TENANT")


class BySetter(MiddlewareMixin):
    key = KeptBySet()

    def process_request(self, request):
        self.key = None
        request.tenant = request.META.get(self.key)


class ByDeleter(MiddlewareMixin):
    key = None
    kept = KeptByDelete()

    def process_request(self, request):
        del self.kept
        request.tenant = request.META.get(self.key)


class ByTable(MiddlewareMixin):
    keys = KeyTable()

    def process_request(self, request):
        request.tenant = request.META.get(self.keys[self])


_BASES = {"RemoteUserMiddleware", "MiddlewareMixin", "_Maker"}
SHAPES = [name for name, value in [*vars().items()] if getattr(value, "async_capable", False) and name not in _BASES]
