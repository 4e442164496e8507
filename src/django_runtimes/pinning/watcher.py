"""Notes in the findings when a test's body starts and ends."""

from collections.abc import Generator

import pytest

from django_runtimes.pinning.findings import Findings


class TestWatcher:
    """A pytest plugin that makes the findings count the statements of test bodies, but not of fixtures."""

    __test__ = False

    def __init__(self, findings: Findings) -> None:
        self._findings = findings

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """Note the start and the end of a test's body."""
        self._findings.begin_test(item.nodeid, reason=_reason(item, self._findings.route.marker))
        try:
            return (yield)
        finally:
            self._findings.end_test()


def _reason(item: pytest.Item, name: str) -> str | None:
    marker = item.get_closest_marker(name)
    if marker is None:
        return None
    if len(marker.args) != 1 or not isinstance(marker.args[0], str):
        pytest.fail(f"the marker {name} has no reason; write @pytest.mark.{name}('why')", pytrace=False)
    return marker.args[0]
