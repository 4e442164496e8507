"""Fails any test of the guestbook that pins a connection of RDS Proxy."""

from collections.abc import Iterator

import pytest

from django_runtimes.config.values.connection_strategy import Route
from django_runtimes.pinning.findings import Findings


@pytest.fixture(autouse=True)
def _no_pinned_connections(pin_lint: Findings, settings) -> Iterator[None]:
    yield
    if settings.DJANGO_RUNTIMES.profile.route is Route.PROXY:
        assert pin_lint.pins == []
