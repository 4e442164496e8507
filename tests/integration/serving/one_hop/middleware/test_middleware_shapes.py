"""Sync and async views see the values that middleware sets under Django's own handler, in every form of middleware."""

import re
import subprocess
import sys
from pathlib import Path
from types import FunctionType

import django
import pytest
from django.contrib import admin
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpResponse
from django.middleware.security import SecurityMiddleware
from django.urls import path
from django.utils.decorators import sync_and_async_middleware
from django.utils.deprecation import MiddlewareMixin
from django.utils.module_loading import import_string

from django_runtimes.serving.middleware import listed_middleware as listed
from django_runtimes.serving.middleware.middleware_modes import may_differ
from tests.integration.serving.middleware import (
    alike_middleware,
    differing_constructors,
    differing_keys,
    differing_middleware,
)

ALIKE = alike_middleware.__name__
DIFFERENT = [
    f"{module.__name__}.{name}" for module in (differing_constructors, differing_middleware) for name in module.SHAPES
]
# Middleware whose sync and async modes read different keys.
DIFFERENT_IN_DJANGO = {
    "django.contrib.auth.middleware.PersistentRemoteUserMiddleware",
    "django.contrib.auth.middleware.RemoteUserMiddleware",
}
_APPS = ["django.contrib.flatpages", "django.contrib.redirects", "django.contrib.sites"]
WAYS = pytest.mark.parametrize("way", ["/sync", "/async"])
ACME = {"headers": [(b"tenant", b"acme")]}


def tenant(request):
    return HttpResponse(request.tenant or "nobody")


async def atenant(request):
    return tenant(request)


urlpatterns = [path("sync", tenant), path("async", atenant)]


@WAYS
@pytest.mark.parametrize("name", DIFFERENT, ids=lambda name: name.rpartition(".")[2])
async def test_views_see_the_value_that_async_mode_sets(both, settings, way, name):
    settings.MIDDLEWARE = [name]

    assert (await both("GET", way, **ACME)).body == b"acme"


@WAYS
@pytest.mark.parametrize("name", alike_middleware.SHAPES)
async def test_middleware_with_equal_modes_sets_the_same_value(both, settings, way, name):
    settings.MIDDLEWARE = [f"{ALIKE}.{name}"]

    assert (await both("GET", way, **ACME)).body == b"acme"


@pytest.mark.parametrize("name", DIFFERENT, ids=lambda name: name.rpartition(".")[2])
def test_middleware_with_differing_modes_is_detected(name):
    assert may_differ(import_string(name))


@pytest.mark.parametrize("name", alike_middleware.SHAPES)
def test_middleware_with_equal_modes_keeps_the_one_hop(one_hop, settings, name):
    settings.MIDDLEWARE = [f"{ALIKE}.{name}"]

    assert not one_hop().needs_asynchronous_chain


class AsynchronousHook(MiddlewareMixin):
    async def process_view(self, request, *_):
        request.tenant = request.headers.get("tenant")


class HookOfAnInstance(MiddlewareMixin):
    def __init__(self, get_response):
        super().__init__(get_response)
        self.process_view = differing_middleware.by_header


class HookOfAnObject(MiddlewareMixin):
    process_view = type("Hook", (), {"__call__": differing_middleware.by_header})()


class HookOfAProperty(MiddlewareMixin):
    @property
    def process_view(self):
        return differing_middleware.by_header


@pytest.mark.parametrize("middleware", [AsynchronousHook, HookOfAnInstance, HookOfAnObject, HookOfAProperty])
def test_hooks_that_are_not_functions_of_the_class_are_detected(middleware):
    assert may_differ(middleware)


def find_by_super(self, request):
    return super(MiddlewareMixin, self).find(request)


def test_a_replaced_super_is_detected():
    another = FunctionType(find_by_super.__code__, {**globals(), "super": differing_keys.key_of})

    assert may_differ(type("Shadowing", (MiddlewareMixin,), {"find": another}))
    assert not may_differ(type("Ordinary", (MiddlewareMixin,), {"find": find_by_super}))


@pytest.fixture
def admin_registry():
    """Restore the admin site's registry, because models stay registered after the setting is reset."""
    registered = {**admin.site._registry}
    yield
    admin.site._registry.clear()
    admin.site._registry.update(registered)


def test_every_middleware_of_django_is_on_a_list(admin_registry, settings):
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, *_APPS]
    found = set()
    root = Path(django.__file__).parent
    # tests.py has middleware for Django's own tests.
    for file in (file for file in root.rglob("*.py") if file.name != "tests.py"):
        module = ".".join(("django", *file.relative_to(root).with_suffix("").parts))
        for name in re.findall(r"^class (\w*Middleware(?:Mixin)?)\b", file.read_text(), re.MULTILINE):
            found.add(f"{module}.{name}")

    assert found - listed.DJANGO_MIDDLEWARE == DIFFERENT_IN_DJANGO
    # Django 6.0 added this middleware.
    assert listed.DJANGO_MIDDLEWARE - found <= {"django.middleware.csp.ContentSecurityPolicyMiddleware"}
    assert {name for name in found if may_differ(import_string(name))} == DIFFERENT_IN_DJANGO


def test_allauth_is_not_listed():
    # Its middleware redirects by request.user in one mode and by request.auser() in the other.
    assert set(listed.PACKAGE_MIDDLEWARE) == {
        "corsheaders.middleware.CorsMiddleware",
        "csp.middleware.CSPMiddleware",
        "django_permissions_policy.PermissionsPolicyMiddleware",
        "django_htmx.middleware.HtmxMiddleware",
    }


def test_a_replaced_function_takes_a_class_off_the_list(monkeypatch):
    def replaced(self, request):
        differing_middleware.ByHelper.process_request(self, request)

    # Imitate a method that is defined in a class of the same name.
    replaced.__code__ = replaced.__code__.replace(co_qualname="SecurityMiddleware.process_request")
    monkeypatch.setattr(SecurityMiddleware, "process_request", replaced)

    assert may_differ(SecurityMiddleware)
    assert may_differ(alike_middleware.Secure)
    assert not may_differ(LoginRequiredMiddleware)


def test_a_replaced_entry_takes_every_class_off_the_list(monkeypatch):
    monkeypatch.setattr(MiddlewareMixin, "__call__", lambda self, request: self.get_response(request))

    assert may_differ(SecurityMiddleware)
    assert may_differ(alike_middleware.Plain)


def test_a_factory_is_listed_by_identity_not_by_name(monkeypatch):
    @sync_and_async_middleware
    def factory(get_response):
        return differing_middleware.factory(get_response)

    factory.__module__, factory.__qualname__ = __name__, "factory"
    monkeypatch.setattr(listed, "PACKAGE_MIDDLEWARE", frozenset({f"{__name__}.factory"}))

    assert may_differ(factory)
    assert may_differ(differing_middleware.factory)


def listed_factory(get_response):
    return differing_middleware.factory(get_response)


def test_a_listed_factory_keeps_the_one_hop(monkeypatch):
    assert may_differ(listed_factory)

    monkeypatch.setattr(listed, "PACKAGE_MIDDLEWARE", frozenset({f"{__name__}.listed_factory"}))

    assert not may_differ(listed_factory)


def test_a_class_with_over_1000_functions_is_assumed_to_differ():
    hooks = {f"find_{number}": lambda self, request: None for number in range(1001)}

    assert may_differ(type("Long", (MiddlewareMixin,), hooks))
    assert not may_differ(type("Short", (MiddlewareMixin,), dict([*hooks.items()][:1000])))


def test_listed_middleware_is_known_without_reading_code():
    code = (
        "import sys\n"
        "from django.conf import settings\n"
        f"settings.configure(MIDDLEWARE={['django.middleware.security.SecurityMiddleware']!r})\n"
        "from django_runtimes.serving.middleware.middleware_modes import needs_asynchronous_chain\n"
        "assert not needs_asynchronous_chain()\n"
        "print([name for name in sys.modules if 'mode_blind' in name])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
