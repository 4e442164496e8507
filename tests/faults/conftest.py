"""Runs each case as a trial, prints its row as it ends, and writes the report."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.figures import report
from tests.faults.figures.trials import REPETITIONS, Case, Trial, Verdict

_VERDICTS = pytest.StashKey[list[Verdict]]()
_REPORTS = Path(__file__).parents[2] / "reports"


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_VERDICTS] = []


def pytest_unconfigure(config: pytest.Config) -> None:
    # Short versions report nothing: their figures are no worst of anything.
    verdicts = [verdict for verdict in config.stash[_VERDICTS] if verdict.repetitions == REPETITIONS]
    if verdicts:
        # A part must not take the place of the whole.
        report.write_report(verdicts, _REPORTS, name="faults-part" if config.getoption("keyword") else "faults")


@pytest.fixture
def trial(case: Case, repetition_count: int, request: pytest.FixtureRequest) -> Iterator[Trial]:
    """The case of this test."""

    def publish(verdict: Verdict) -> None:
        request.config.stash[_VERDICTS].append(verdict)
        with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            print(f"\n{report.row(verdict)}")  # noqa: T201

    return Trial(case, repetition_count, publish)
