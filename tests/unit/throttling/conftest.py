import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
from django.test import Client

from django_runtimes.stores.counters.process_counter import forget_counters
from django_runtimes.throttling import clients, counting
from django_runtimes.throttling.exhausted import ExhaustedCounters
from tests.unit.adopt.projects import decisions_for, ready_project
from tests.unit.throttling import views

# A Friday, at 20 s after the beginning of a minute.
NOW_S = 1_789_120_820.0


@pytest.fixture(autouse=True)
def _new_process(monkeypatch) -> Iterator[None]:
    """Give each test empty counters."""
    forget_counters()
    monkeypatch.setattr(counting, "_exhausted", ExhaustedCounters())
    clients._warn_of_missing_address.cache_clear()
    yield
    forget_counters()


@pytest.fixture
def clock(monkeypatch) -> Callable[[float], None]:
    """Return a function that advances the clock of the windows, which stands still otherwise."""
    passed = SimpleNamespace(seconds=0.0)
    monkeypatch.setattr(counting, "time", SimpleNamespace(time=lambda: NOW_S + passed.seconds))
    # The counters expire after the present time.
    monkeypatch.setattr(time, "time", lambda: NOW_S + passed.seconds)

    def advance(seconds: float) -> None:
        passed.seconds += seconds

    return advance


@pytest.fixture
def configured(settings, clock) -> Callable[..., None]:
    """Return a function that applies the variables of WEBAPP_THROTTLE to the application of `views`."""

    def configure(**variables: str) -> None:
        decided = decisions_for(
            ready_project(
                MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware"],
                SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
                CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
            ),
            **variables,
        )
        settings.ROOT_URLCONF = views.__name__
        settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
        settings.SESSION_COOKIE_SECURE = False
        settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
        settings.MIDDLEWARE = [
            name
            for name in decided.settings.get("MIDDLEWARE", ["django.contrib.sessions.middleware.SessionMiddleware"])
            if "whitenoise" not in name
        ]
        settings.TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates"}]
        settings.DJANGO_RUNTIMES = decided.adopted

    configure()
    return configure


@pytest.fixture
def client(configured) -> Client:
    return Client(headers={"Accept": "application/json"})
