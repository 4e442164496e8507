"""The pytest plugin: the marker `pins`, and the fixture that finds what would pin RDS Proxy."""

from collections.abc import Iterator

import pytest

from django_runtimes.pinning.findings import Findings
from django_runtimes.pinning.watcher import TestWatcher


def pytest_configure(config: pytest.Config) -> None:
    """Name the marker."""
    config.addinivalue_line(
        "markers", "pins(reason): sends statements that pin RDS Proxy on purpose; the pin lint leaves them out"
    )


@pytest.fixture
def pin_lint(request: pytest.FixtureRequest) -> Iterator[Findings]:
    """What would pin RDS Proxy so far in this test: `assert pin_lint.pins == []`."""
    # Loading the database backend takes time that runs without this fixture do not owe.
    from django_runtimes.pinning.recorder import recording

    findings = Findings()
    watcher = TestWatcher(findings)
    request.config.pluginmanager.register(watcher)
    try:
        with recording(findings.observe):
            yield findings
    finally:
        request.config.pluginmanager.unregister(watcher)
