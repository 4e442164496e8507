"""Lists the middleware that behaves the same in synchronous and asynchronous mode."""

import sys
from functools import cached_property as functools_cached_property
from types import FunctionType
from typing import Any, cast

from django.utils.functional import cached_property

# MiddlewareMixin runs hooks on a thread in both modes, and the hooks of these classes do not depend on the mode.
DJANGO_MIDDLEWARE = frozenset(
    {
        "django.contrib.admindocs.middleware.XViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.auth.middleware.LoginRequiredMiddleware",
        "django.contrib.flatpages.middleware.FlatpageFallbackMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.contrib.redirects.middleware.RedirectFallbackMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.sites.middleware.CurrentSiteMiddleware",
        "django.middleware.cache.CacheMiddleware",
        "django.middleware.cache.FetchFromCacheMiddleware",
        "django.middleware.cache.UpdateCacheMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
        "django.middleware.common.BrokenLinkEmailsMiddleware",
        "django.middleware.common.CommonMiddleware",
        # Django 6.0 and later.
        "django.middleware.csp.ContentSecurityPolicyMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.middleware.gzip.GZipMiddleware",
        "django.middleware.http.ConditionalGetMiddleware",
        "django.middleware.locale.LocaleMiddleware",
        "django.middleware.security.SecurityMiddleware",
        "django.utils.deprecation.MiddlewareMixin",
    }
)
# Middleware of other packages: we read and compared both modes of each class, and each has one small task. allauth's
# AccountMiddleware is not listed: it calls request.user in one mode and request.auser() in the other.
PACKAGE_MIDDLEWARE = frozenset(
    {
        # Both modes call check_preflight() and add_response_headers(), which use only the request, the settings and a
        # signal's receivers.
        "corsheaders.middleware.CorsMiddleware",
        # The class adds only a method passed to partial() to MiddlewareMixin's hooks; mode_blind rejects partial().
        "csp.middleware.CSPMiddleware",
        # Both modes set headers on the response, which depend only on the settings and on the response.
        "django_permissions_policy.PermissionsPolicyMiddleware",
        # Both modes only set HtmxDetails on the request.
        "django_htmx.middleware.HtmxMiddleware",
    }
)
# Descriptors that run a class's functions, and the attributes that hold these functions.
_HOLDERS: dict[type, tuple[str, ...]] = {
    **dict.fromkeys((staticmethod, classmethod), ("__func__",)),
    **dict.fromkeys((cached_property, functools_cached_property), ("func",)),
    property: ("fget", "fset", "fdel"),
}
_PLAIN = {bool, bytes, int, str, tuple, type, type(None)}
# Python adds these to every class.
IMPLICIT_ATTRIBUTES = {
    *("__annotations__", "__dict__", "__doc__", "__firstlineno__", "__module__", "__qualname__"),
    *("__static_attributes__", "__weakref__"),
}


def is_listed(middleware: Any) -> bool:
    """Return whether a class or factory is listed, and none of its functions has been replaced."""
    if type(middleware) is FunctionType:
        return _is_defined(middleware, PACKAGE_MIDDLEWARE) and _is_defined_by(
            middleware, middleware, middleware.__qualname__
        )
    if type(middleware) is not type or not _is_defined(middleware, DJANGO_MIDDLEWARE | PACKAGE_MIDDLEWARE):
        return False
    bases = middleware.__mro__[1:-1]
    return _is_unpatched(middleware) and all(is_listed_django_class(base) for base in bases)


def is_listed_django_class(cls: type) -> bool:
    """Return whether a class is in Django's list, and none of its functions has been replaced."""
    return _is_defined(cls, DJANGO_MIDDLEWARE) and _is_unpatched(cls)


def functions_in(value: object) -> list[FunctionType] | None:
    """Return the functions that a class attribute runs; None if it is neither a function nor a known descriptor."""
    kind = type(value)
    if kind is FunctionType:
        return [cast("FunctionType", value)]
    if kind not in _HOLDERS:
        return None
    functions = [getattr(value, name) for name in _HOLDERS[kind]]
    found = [function for function in functions if type(function) is FunctionType]
    return found if len(found) == sum(function is not None for function in functions) else None


def _is_defined(value: Any, names: frozenset[str]) -> bool:
    module, name = value.__module__, value.__qualname__
    return type(module) is str and f"{module}.{name}" in names and vars(sys.modules[module]).get(name) is value


def _is_unpatched(cls: type) -> bool:
    for name, value in vars(cls).items():
        if name in IMPLICIT_ATTRIBUTES or type(value) in _PLAIN:
            continue
        functions = functions_in(value)
        if functions is None or not all(_is_defined_by(each, cls, f"{cls.__qualname__}.{name}") for each in functions):
            return False
    return True


def _is_defined_by(function: FunctionType, owner: Any, name: str) -> bool:
    module = vars(sys.modules[owner.__module__])
    return function.__globals__ is module and function.__code__.co_qualname == name
