"""Synchronous and asynchronous views see what middleware reads under Django's handler, whatever shape it has."""

import pytest
from django.contrib.admindocs.middleware import XViewMiddleware
from django.contrib.auth import middleware as auth
from django.http import HttpResponse
from django.urls import path
from django.utils.decorators import sync_and_async_middleware
from django.utils.module_loading import import_string

from django_runtimes.serving.middleware.middleware_modes import may_differ
from tests.integration.serving import alike_middleware, middleware_around, middleware_shapes, middleware_structures

DIFFERENT = [f"{module.__name__}.{name}" for module in (middleware_shapes, middleware_around) for name in module.SHAPES]
STRUCTURES = middleware_structures.__name__
ALIKE = alike_middleware.__name__
DJANGOS = [
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.sites.middleware.CurrentSiteMiddleware",
    "django.middleware.cache.CacheMiddleware",
    "django.middleware.cache.FetchFromCacheMiddleware",
    "django.middleware.cache.UpdateCacheMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.common.BrokenLinkEmailsMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.middleware.http.ConditionalGetMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.security.SecurityMiddleware",
]
WAYS = pytest.mark.parametrize("way", ["/sync", "/async"])


def name_of(path):
    return path.rpartition(".")[2]


def tenant(request):
    return HttpResponse(request.tenant or "nobody")


async def atenant(request):
    return tenant(request)


urlpatterns = [path("sync", tenant), path("async", atenant)]


@pytest.fixture(autouse=True)
def _keys(settings):
    settings.TENANT_KEY, settings.ASYNC_TENANT_KEY = "TENANT", "HTTP_TENANT"
    settings.TENANT_MIDDLEWARE = f"{middleware_around.__name__}.AsTheRemoteUser"
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"


@WAYS
@pytest.mark.parametrize("name", middleware_structures.SHAPES)
async def test_views_see_what_other_structures_read(both, settings, way, name):
    settings.MIDDLEWARE = [f"{STRUCTURES}.{name}"]

    assert (await both("GET", way, headers=[(b"tenant", b"acme")])).body == b"acme"


@WAYS
@pytest.mark.parametrize("middleware", DIFFERENT, ids=name_of)
async def test_views_see_what_the_asynchronous_code_reads(both, settings, way, middleware):
    settings.MIDDLEWARE = [middleware]

    assert (await both("GET", way, headers=[(b"tenant", b"acme")])).body == b"acme"


@WAYS
@pytest.mark.parametrize("name", alike_middleware.SHAPES)
async def test_middleware_that_is_alike_does_the_same(both, settings, way, name):
    settings.MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware", f"{ALIKE}.{name}"]

    assert (await both("GET", way, headers=[(b"tenant", b"acme")])).body == b"acme"


@pytest.mark.parametrize("name", alike_middleware.SHAPES)
def test_middleware_that_is_alike_keeps_the_one_hop(name):
    assert not may_differ(import_string(f"{ALIKE}.{name}"))


@pytest.mark.parametrize("middleware", DIFFERENT, ids=name_of)
def test_middleware_that_is_not_alike_is_found(middleware):
    assert may_differ(import_string(middleware))


@pytest.mark.parametrize("name", middleware_structures.SHAPES)
def test_another_structure_is_found(name):
    assert may_differ(import_string(f"{STRUCTURES}.{name}"))


def test_known_factories_keep_the_one_hop():
    @sync_and_async_middleware
    def factory(get_response):
        return middleware_around.AsTheRemoteUser(get_response)

    assert may_differ(factory)

    factory.__module__, factory.__qualname__ = "allauth.account.middleware", "AccountMiddleware"

    assert not may_differ(factory)


@pytest.mark.parametrize("name", DJANGOS)
def test_djangos_middleware_keeps_the_one_hop(name):
    assert not may_differ(import_string(name))


def test_djangos_other_middleware():
    assert not may_differ(XViewMiddleware)
    assert may_differ(auth.RemoteUserMiddleware)
    assert may_differ(auth.PersistentRemoteUserMiddleware)
