"""A fixture for the tests of both handlers."""

from collections.abc import Callable

import pytest
from django.db import connections

from django_runtimes.serving.asgi.threads.abandoned import exchange_connected
from django_runtimes.serving.middleware import listed_middleware


@pytest.fixture
def listed(monkeypatch) -> Callable[[str], str]:
    """Return a function that adds middleware to the list of reviewed middleware, and returns its path."""

    def add(path: str) -> str:
        monkeypatch.setattr(listed_middleware, "PACKAGE_MIDDLEWARE", listed_middleware.PACKAGE_MIDDLEWARE | {path})
        return path

    return add


@pytest.fixture(scope="module", autouse=True)
def no_connection_of_earlier_tests(django_db_blocker):
    """Close what tests with a database leave open on this thread: a handler checks it, and other tests may not."""
    with django_db_blocker.unblock():
        connections.close_all()
        for wrapper in exchange_connected({}).values():
            wrapper.close()
