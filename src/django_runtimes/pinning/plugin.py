"""The pytest plugin: the marker `pins` and the fixture `pin_lint`."""

from collections.abc import Iterator

import pytest

from django_runtimes.pinning.findings import Findings
from django_runtimes.pinning.watcher import TestWatcher


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line(
        "markers", "pins(reason): sends statements that pin RDS Proxy on purpose; the pin lint ignores them"
    )


@pytest.fixture
def pin_lint(request: pytest.FixtureRequest) -> Iterator[Findings]:
    """The findings of this test so far: `assert pin_lint.pins == []`."""
    # This imports the database backend, and so slows down only runs with this fixture.
    from django_runtimes.pinning.recorder import recording

    findings = Findings()
    watcher = TestWatcher(findings)
    request.config.pluginmanager.register(watcher)
    try:
        with recording(findings.observe):
            yield findings
    finally:
        request.config.pluginmanager.unregister(watcher)
