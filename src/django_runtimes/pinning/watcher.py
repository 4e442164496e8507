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
        self._findings.begin_test(item.nodeid, pins_because=_reason_to_pin(item))
        try:
            return (yield)
        finally:
            self._findings.end_test()


def _reason_to_pin(item: pytest.Item) -> str | None:
    marker = item.get_closest_marker("pins")
    if marker is None:
        return None
    if len(marker.args) != 1 or not isinstance(marker.args[0], str):
        pytest.fail("the marker pins has no reason; write @pytest.mark.pins('why this may pin')", pytrace=False)
    return marker.args[0]
