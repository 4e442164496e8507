"""Middleware of both kinds that does the same in both modes, in the shapes of packages and of Django's guide."""

import re
from types import SimpleNamespace
from urllib.parse import urlsplit

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.security import SecurityMiddleware
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.decorators import sync_and_async_middleware
from django.utils.deprecation import MiddlewareMixin
from django.utils.functional import cached_property

ORIGIN = "access-control-allow-origin"


class Dispatching:
    sync_capable = True
    async_capable = True

    def __init__(self, get_response) -> None:
        self.get_response = get_response
        self.async_mode = iscoroutinefunction(self.get_response)
        if self.async_mode:
            markcoroutinefunction(self)


class Cors(Dispatching):
    """As django-cors-headers answers and marks requests."""

    def __call__(self, request: HttpRequest):
        if self.async_mode:
            return self.__acall__(request)
        response = self.preflight(request)
        if response is None:
            result = self.get_response(request)
            assert isinstance(result, HttpResponse)
            response = result
        self.add_headers(request, response)
        return response

    async def __acall__(self, request: HttpRequest):
        response = self.preflight(request)
        if response is None:
            result = self.get_response(request)
            assert not isinstance(result, HttpResponse)
            response = await result
        self.add_headers(request, response)
        return response

    def preflight(self, request):
        request.tenant = request.headers.get("tenant")
        is_preflight = request.method == "OPTIONS" and "access-control-request-method" in request.headers
        return HttpResponse(headers={"content-length": "0"}) if is_preflight else None

    def add_headers(self, request, response):
        patch_vary_headers(response, ("origin",))
        origin = request.headers.get("origin")
        if origin and self.allows(urlsplit(origin)):
            response[ORIGIN] = origin

    def allows(self, url):
        return any(re.match(pattern, url.netloc) for pattern in getattr(settings, "ORIGINS", []))


class Htmx(Dispatching):
    """As django-htmx gives requests an object."""

    def __call__(self, request):
        if self.async_mode:
            return self.__acall__(request)
        request.htmx = Details(request)
        request.tenant = request.htmx.tenant
        return self.get_response(request)

    async def __acall__(self, request):
        request.htmx = Details(request)
        request.tenant = request.htmx.tenant
        return await self.get_response(request)


class Details:
    def __init__(self, request):
        self.request = request

    @cached_property
    def tenant(self):
        return self.request.headers.get("tenant")


@sync_and_async_middleware
def account(get_response):
    """As allauth redirects, with a hook and an asynchronous twin of a function."""
    if iscoroutinefunction(get_response):

        async def async_middleware(request: HttpRequest):
            request.details = SimpleNamespace()
            request.tenant = request.headers.get("tenant")
            response = await get_response(request)
            if _is_missing(response):
                response = await _aredirect(request)
            return response

        middleware = async_middleware
    else:

        def sync_middleware(request: HttpRequest):
            request.details = SimpleNamespace()
            request.tenant = request.headers.get("tenant")
            response = get_response(request)
            if _is_missing(response):
                response = _redirect(request)
            return response

        middleware = sync_middleware

    def process_exception(request, exception):
        if isinstance(exception, PermissionError):
            return HttpResponse(f"no {request.tenant}", status=403)
        return None

    middleware.process_exception = process_exception
    return middleware


def _is_missing(response):
    return response.status_code == 404 and bool(settings.LOGIN_URL)


async def _aredirect(request):
    account, login = reverse("account"), reverse("login")
    user = await request.auser()
    return HttpResponseRedirect(account if user.is_authenticated else login)


def _redirect(request):
    account, login = reverse("account"), reverse("login")
    user = request.user
    return HttpResponseRedirect(account if user.is_authenticated else login)


class Asking:
    """As axes asks for the mode of itself and calls a function in a thread."""

    sync_capable = async_capable = True

    def __init__(self, get_response):
        self.get_response = get_response
        if iscoroutinefunction(self.get_response):
            markcoroutinefunction(self)

    def __call__(self, request):
        if iscoroutinefunction(self):
            return self.__acall__(request)
        request.tenant = tenant_of(request, fallback=None)
        return self.get_response(request)

    async def __acall__(self, request):
        request.tenant = await sync_to_async(tenant_of, thread_sensitive=True)(request, fallback=None)
        return await self.get_response(request)


def tenant_of(request, fallback):
    return request.META.get("HTTP_TENANT", fallback)


class Twins(Dispatching):
    """Reads the session by the two forms that Django has of a method."""

    def __call__(self, request):
        if self.async_mode:
            return self.__acall__(request)
        request.tenant = self.read(request)
        return self.get_response(request)

    async def __acall__(self, request):
        request.tenant = await self.aread(request)
        return await self.get_response(request)

    def read(self, request):
        return request.headers.get("tenant") or request.session.get("tenant")

    async def aread(self, request):
        return request.headers.get("tenant") or await request.session.aget("tenant")


class Adapted(MiddlewareMixin):
    def process_request(self, request):
        request.tenant = tenant_of(request, fallback=None)


class MarkedOnly:
    """Hands on what comes, an awaitable or not."""

    sync_capable = async_capable = True

    def __init__(self, get_response):
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request):
        request.tenant = tenant_of(request, fallback=None)
        return self.get_response(request)


class Secure(SecurityMiddleware):
    def process_request(self, request):
        request.tenant = tenant_of(request, fallback=None)
        return super().process_request(request)


class ForMost(LoginRequiredMiddleware):
    def process_request(self, request):
        request.tenant = tenant_of(request, fallback=None)

    def process_view(self, request, view_func, view_args, view_kwargs):
        return None if request.tenant else super().process_view(request, view_func, view_args, view_kwargs)


SHAPES = ["Cors", "Htmx", "account", "Asking", "Twins", "Adapted", "MarkedOnly", "Secure", "ForMost"]
