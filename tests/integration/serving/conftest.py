"""A fixture for the tests of both handlers."""

from collections.abc import Callable

import pytest

from django_runtimes.serving.middleware import listed_middleware


@pytest.fixture
def listed(monkeypatch) -> Callable[[str], str]:
    """Return a function that adds middleware to the list of reviewed middleware, and returns its path."""

    def add(path: str) -> str:
        monkeypatch.setattr(listed_middleware, "PACKAGE_MIDDLEWARE", listed_middleware.PACKAGE_MIDDLEWARE | {path})
        return path

    return add
