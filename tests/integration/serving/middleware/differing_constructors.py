"""Middleware like `differing_middleware`'s, but its constructor, metaclass or `__new__` causes the difference."""

from django.utils.deprecation import MiddlewareMixin

from tests.integration.serving.middleware import differing_middleware
from tests.integration.serving.middleware.differing_keys import Dispatch, Keys, key_for


class Typed(type):
    def __call__(cls, get_response):
        return differing_middleware.Dispatching(get_response)


class ByMetaclass(MiddlewareMixin, metaclass=Typed):
    pass


class ByNew(MiddlewareMixin):
    def __new__(cls, get_response):
        return differing_middleware.Dispatching(get_response)


class ByConstructor(MiddlewareMixin):
    def __init__(self, get_response):
        super().__init__(get_response)
        self.key = key_for(get_response)

    def process_request(self, request):
        request.tenant = request.META.get(self.key)


class ByConstructorOfHelper(MiddlewareMixin):
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
        self.process_view = Dispatch(self).hook(differing_middleware.by_server, differing_middleware.by_header)


SHAPES = [
    name for name, value in [*vars().items()] if getattr(value, "async_capable", False) and value is not MiddlewareMixin
]
