"""The pytest plugin: the markers `pins` and `needs_session`, and the fixtures `pin_lint` and `data_api_lint`."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from django_runtimes.config.values.connection_strategy import Route
from django_runtimes.pinning.findings import Findings
from django_runtimes.pinning.linted_route import LINTED_ROUTES
from django_runtimes.pinning.watcher import TestWatcher


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers."""
    config.addinivalue_line(
        "markers", "pins(reason): sends statements that pin RDS Proxy on purpose; the pin lint ignores them"
    )
    config.addinivalue_line(
        "markers",
        "needs_session(reason): sends statements on purpose that the Data API refuses; the Data API lint ignores them",
    )


@pytest.fixture
def pin_lint(request: pytest.FixtureRequest) -> Iterator[Findings]:
    """The findings of this test so far: `assert pin_lint.found == []`."""
    with _watched(request, Route.PROXY) as findings:
        yield findings


@pytest.fixture
def data_api_lint(request: pytest.FixtureRequest) -> Iterator[Findings]:
    """What the Data API would have refused of this test so far: `assert data_api_lint.found == []`."""
    with _watched(request, Route.DATA_API) as findings:
        yield findings


@contextmanager
def _watched(request: pytest.FixtureRequest, route: Route) -> Iterator[Findings]:
    # This imports the database backend, and so slows down only runs with these fixtures.
    from django_runtimes.pinning.recorder import recording

    findings = Findings(LINTED_ROUTES[route])
    watcher = TestWatcher(findings)
    request.config.pluginmanager.register(watcher)
    try:
        with recording(findings.observe, findings.observe_rows):
            yield findings
    finally:
        request.config.pluginmanager.unregister(watcher)
