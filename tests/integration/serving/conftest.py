"""What tests of both handlers share."""

from collections.abc import Callable

import pytest

from django_runtimes.serving.middleware import alike_middleware


@pytest.fixture
def listed(monkeypatch) -> Callable[[str], str]:
    """Puts middleware on the list of those whose modes were compared by reading them; returns its path."""

    def add(path: str) -> str:
        monkeypatch.setattr(alike_middleware, "PACKAGES", alike_middleware.PACKAGES | {path})
        return path

    return add
