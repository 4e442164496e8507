"""The middleware that is known to do the same in both modes."""

import sys
from functools import cached_property as functools_cached_property
from types import FunctionType
from typing import Any, cast

from django.utils.functional import cached_property

# The hooks of a class that derives from MiddlewareMixin run on a thread in both modes, and these ask for no mode.
DJANGOS = frozenset(
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
        # From Django 6.0 on.
        "django.middleware.csp.ContentSecurityPolicyMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.middleware.gzip.GZipMiddleware",
        "django.middleware.http.ConditionalGetMiddleware",
        "django.middleware.locale.LocaleMiddleware",
        "django.middleware.security.SecurityMiddleware",
        "django.utils.deprecation.MiddlewareMixin",
    }
)
# Other packages': both modes were compared by reading them, and each class has one small task. Not on the list:
# allauth's AccountMiddleware, which asks for request.user in one mode and for request.auser() in the other.
PACKAGES = frozenset(
    {
        # Both sides call check_preflight() and add_response_headers(), which know the request, the settings and a
        # signal's receivers.
        "corsheaders.middleware.CorsMiddleware",
        # Hooks of a MiddlewareMixin, one of which is handed to partial().
        "csp.middleware.CSPMiddleware",
        # Both sides make HtmxDetails of the request, and nothing else.
        "django_htmx.middleware.HtmxMiddleware",
    }
)
# What a class holds that runs functions of its own, and where they are.
_HOLDERS: dict[type, tuple[str, ...]] = {
    **dict.fromkeys((staticmethod, classmethod), ("__func__",)),
    **dict.fromkeys((cached_property, functools_cached_property), ("func",)),
    property: ("fget", "fset", "fdel"),
}
_PLAIN = {bool, bytes, int, str, tuple, type, type(None)}
# What Python itself gives a class.
GIVEN_BY_PYTHON = {
    *("__annotations__", "__dict__", "__doc__", "__firstlineno__", "__module__", "__qualname__"),
    *("__static_attributes__", "__weakref__"),
}


def is_listed(middleware: Any) -> bool:
    """Whether it is a class or a factory of the lists, as its package defines it: none of its functions is replaced."""
    if type(middleware) is FunctionType:
        return _is_defined(middleware, PACKAGES) and _is_of(middleware, middleware, middleware.__qualname__)
    if type(middleware) is not type or not _is_defined(middleware, DJANGOS | PACKAGES):
        return False
    bases = middleware.__mro__[1:-1]
    return _is_unpatched(middleware) and all(is_djangos(base) for base in bases)


def is_djangos(cls: type) -> bool:
    """Whether a class is of Django's list, and none of its functions is replaced."""
    return _is_defined(cls, DJANGOS) and _is_unpatched(cls)


def functions_in(value: object) -> list[FunctionType] | None:
    """The functions that an attribute of a class runs as the class's; None for one that is none of Python's kinds."""
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
        if name in GIVEN_BY_PYTHON or type(value) in _PLAIN:
            continue
        functions = functions_in(value)
        if functions is None or not all(_is_of(each, cls, f"{cls.__qualname__}.{name}") for each in functions):
            return False
    return True


def _is_of(function: FunctionType, owner: Any, name: str) -> bool:
    module = vars(sys.modules[owner.__module__])
    return function.__globals__ is module and function.__code__.co_qualname == name
