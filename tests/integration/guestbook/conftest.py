"""What holds for every test of the guestbook."""

from collections.abc import Iterator

import pytest

from django_runtimes.config.databases.connection_strategy import Route
from django_runtimes.pinning.findings import Findings


@pytest.fixture(autouse=True)
def _nothing_pins_the_proxy(pin_lint: Findings, settings) -> Iterator[None]:
    yield
    if settings.DJANGO_RUNTIMES.profile.route is Route.PROXY:
        assert pin_lint.pins == []
