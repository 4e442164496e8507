"""Middleware whose hooks read the same key in both modes, as packages and projects write it."""

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpResponse
from django.middleware.security import SecurityMiddleware
from django.utils.deprecation import MiddlewareMixin
from django.utils.functional import SimpleLazyObject, cached_property


class Plain(MiddlewareMixin):
    def process_request(self, request):
        request.tenant = request.headers.get("tenant")


class Configured(MiddlewareMixin):
    """Uses a constructor, a property, methods and nested functions."""

    names = ("tenant",)

    def __init__(self, get_response=None):
        super().__init__(get_response)
        self.prefix = getattr(settings, "TENANT_PREFIX", "")

    def process_request(self, request):
        request.tenant = self.find(request)

    def process_response(self, request, response):
        response[self.header] = "1"
        return response

    @cached_property
    def header(self):
        return "X-Tenant"

    def find(self, request):
        return next(filter(None, (request.headers.get(self.prefix + name) for name in self.names)), None)


class OldSuper(Configured):
    def __init__(self, get_response):
        super(OldSuper, self).__init__(get_response)  # noqa: UP008 (as many packages write it)

    def find(self, request):
        return super().find(request)


class Secure(SecurityMiddleware):
    def process_request(self, request):
        request.tenant = request.headers.get("tenant")
        return super().process_request(request)


class SkipsLoginForTenants(LoginRequiredMiddleware):
    def process_request(self, request):
        request.tenant = request.headers.get("tenant")

    def process_view(self, request, view_func, view_args, view_kwargs):
        return None if request.tenant else super().process_view(request, view_func, view_args, view_kwargs)

    def process_exception(self, request, exception):
        return HttpResponse(status=403) if isinstance(exception, PermissionError) else None


class _Settings:
    """Has no attribute except its settings, not even `__dict__`, like a package's settings object."""

    def __getattribute__(self, name):
        return {"HEADER": "tenant"}.get(name)


class _Array:
    """Gives a comparison that has no truth value, like a numpy array."""

    def __eq__(self, other):
        return self

    def __bool__(self):
        raise ValueError("The truth value of an array is ambiguous")

    __hash__ = None


class _UnreadableTable(list):
    """A table that must not be read at startup, as if it had many rows."""

    def _fail(self, *_):
        raise AssertionError("read")

    __iter__ = __len__ = __getitem__ = __eq__ = _fail
    __hash__ = None


def _evaluate():
    raise AssertionError("evaluated")


_settings, _table, _lazy = _Settings(), _UnreadableTable(), SimpleLazyObject(_evaluate)


class WithUninspectableObjects(MiddlewareMixin):
    """Refers to objects that fail when they are inspected."""

    settings, weights, table, lazy = _settings, _Array(), _table, _lazy

    def process_request(self, request):
        request.tenant = request.headers.get(_settings.HEADER)
        request.unused = lambda: (_table, _lazy, self.weights)


SHAPES = ["Plain", "Configured", "OldSuper", "Secure", "SkipsLoginForTenants", "WithUninspectableObjects"]
