"""Middleware of both kinds that reads `TENANT` synchronously and the header asynchronously, one class for each way."""

import functools

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.contrib.auth.middleware import RemoteUserMiddleware
from django.utils.decorators import sync_and_async_middleware
from django.utils.deprecation import MiddlewareMixin

from tests.integration.serving.differing_helpers import ByMode, Dispatch, Keys, KeyTable, key_for, key_of


def by_header(request, *_):
    request.tenant = request.META.get("HTTP_TENANT")


def by_server(request, *_):
    request.tenant = request.META.get("TENANT")


class OfRemoteUser(RemoteUserMiddleware):
    """Django's own dispatch, without a login."""

    def process_request(self, request):
        by_server(request)

    async def aprocess_request(self, request):
        by_header(request)


class Pretending(OfRemoteUser):
    """Carries a name of Django's list."""


Pretending.__module__, Pretending.__qualname__ = "django.middleware.common", "CommonMiddleware"


class Dispatching:
    """Two entries, as packages have them."""

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
    """One entry that hands on what comes; its subclass chooses the key by the base's attribute."""

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


an_object = _Maker()


class OwnEntry(MiddlewareMixin):
    def process_request(self, request):
        by_server(request)

    async def __acall__(self, request):
        by_header(request)
        return await self.get_response(request)


class _Half:
    async def __acall__(self, request):
        by_header(request)
        return await self.get_response(request)


class EntryOfMixin(_Half, MiddlewareMixin):
    def process_request(self, request):
        by_server(request)


class Typed(type):
    def __call__(cls, get_response):
        return Dispatching(get_response)


class OfMetaclass(MiddlewareMixin, metaclass=Typed):
    pass


class ByNew(MiddlewareMixin):
    def __new__(cls, get_response):
        return Dispatching(get_response)


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
    """Names no mode; a function of another module asks the middleware."""

    def process_request(self, request):
        request.tenant = request.META.get(key_of(self))


class ByStrategy(MiddlewareMixin):
    keys = Keys()

    def process_request(self, request):
        request.tenant = request.META.get(self.keys.of(self))


class ByMethodOfItsOwn(MiddlewareMixin):
    """Hands on a method that holds the middleware."""

    def process_request(self, request):
        request.tenant = request.META.get(key_of(self.process_request))


class BySuper(MiddlewareMixin):
    def process_request(self, request):
        base = super()
        request.tenant = request.META.get(key_of(base))


class BySuperOfAnotherName(MiddlewareMixin):
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


class ByConstructor(MiddlewareMixin):
    def __init__(self, get_response):
        super().__init__(get_response)
        self.key = key_for(get_response)

    def process_request(self, request):
        request.tenant = request.META.get(self.key)


class ByConstructorOfAnother(MiddlewareMixin):
    keys = Keys()

    def __init__(self, get_response):
        super().__init__(get_response)
        self.keys.__init__(get_response)

    def process_request(self, request):
        request.tenant = request.META.get(self.keys.key)


class ByArguments(MiddlewareMixin):
    def __init__(self, *rest):
        super().__init__(rest[0])
        self.key = key_for(*rest)

    def process_request(self, request):
        request.tenant = request.META.get(self.key)


class ByAliasOfConstructor(MiddlewareMixin):
    def _set_up(self, rest):
        super().__init__(rest)
        self.key = key_for(rest)

    __init__ = _set_up

    def process_request(self, request):
        request.tenant = request.META.get(self.key)


class ByHookOfConstructor(MiddlewareMixin):
    def __init__(self, get_response):
        super().__init__(get_response)
        self.process_view = Dispatch(self).hook(by_server, by_header)


class ByLocals(MiddlewareMixin):
    def process_request(self, request):
        request.tenant = request.META.get(key_of(locals()["self"]))


class ByState(MiddlewareMixin):
    """By what pickle would keep of the middleware."""

    def process_request(self, request):
        state = self.__getstate__()
        request.tenant = request.META.get("HTTP_TENANT" if state["async_mode"] else "TENANT")


class ByTable(MiddlewareMixin):
    keys = KeyTable()

    def process_request(self, request):
        request.tenant = request.META.get(self.keys[self])


_BASES = {"RemoteUserMiddleware", "MiddlewareMixin", "_Maker"}
SHAPES = [name for name, value in [*vars().items()] if getattr(value, "async_capable", False) and name not in _BASES]
