"""Middleware of both kinds around the middleware of another, which reads otherwise in each mode."""

import functools

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.contrib.auth.middleware import RemoteUserMiddleware
from django.utils.decorators import sync_and_async_middleware
from django.utils.module_loading import import_string

from tests.integration.serving.middleware_shapes import Either, by_factory_of_keys


class AsTheRemoteUser(RemoteUserMiddleware):
    """Django's own dispatch, without a login."""

    header = "TENANT"

    def process_request(self, request):
        request.tenant = request.META.get(self.header)

    async def aprocess_request(self, request):
        request.tenant = request.META.get("HTTP_" + self.header)


class OverridingNothing(AsTheRemoteUser):
    def __call__(self, request):
        return super().__call__(request)


class Around:
    """Wraps a class that its `find` names."""

    sync_capable = async_capable = True

    def __init__(self, get_response):
        self.inner = self.find()(get_response)
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request):
        return self.inner(request)


class AroundAClass(Around):
    def find(self):
        return AsTheRemoteUser


class AroundAnAttribute(Around):
    inner_class = AsTheRemoteUser

    def find(self):
        return self.inner_class


class AroundAPath(Around):
    def find(self):
        return import_string(settings.TENANT_MIDDLEWARE)


class AroundAnImport(Around):
    def find(self):
        from tests.integration.serving.middleware_around import AsTheRemoteUser as Inner

        return Inner


@sync_and_async_middleware
def around_a_class(get_response):
    return AsTheRemoteUser(get_response)


def _logged(factory):
    @functools.wraps(factory)
    def wrapper(get_response):
        return factory(get_response)

    return wrapper


around_a_factory = _logged(by_factory_of_keys)
around_partial = functools.partial(AsTheRemoteUser)
around_partial.sync_capable = around_partial.async_capable = True


class _Maker:
    sync_capable = async_capable = True

    def __call__(self, get_response):
        return AsTheRemoteUser(get_response)


an_object = _Maker()


class ByMethodsOfAnother(Either):
    """Hands the request to the methods of another middleware."""

    def read(self, request):
        AsTheRemoteUser.process_request(self, request)
        return request.tenant

    async def aread(self, request):
        await AsTheRemoteUser.aprocess_request(self, request)
        return request.tenant

    header = "TENANT"


_BASES = {"Around", "Either", "RemoteUserMiddleware", "_Maker", "by_factory_of_keys"}
SHAPES = [name for name, value in [*vars().items()] if getattr(value, "async_capable", False) and name not in _BASES]
