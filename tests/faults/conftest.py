"""Runs each case as a trial, prints its row when it ends, and writes the report."""

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
    # The report omits short versions, because the worst figure of a single repetition means little.
    verdicts = [verdict for verdict in config.stash[_VERDICTS] if verdict.repetitions == REPETITIONS]
    if verdicts:
        # A partial run must not overwrite the report of a full one.
        report.write_report(verdicts, _REPORTS, name="faults-part" if config.getoption("keyword") else "faults")


@pytest.fixture
def trial(case: Case, repetition_count: int, request: pytest.FixtureRequest) -> Iterator[Trial]:
    """Return the trial of this test's case."""

    def publish(verdict: Verdict) -> None:
        request.config.stash[_VERDICTS].append(verdict)
        with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            print(f"\n{report.row(verdict)}")  # noqa: T201

    return Trial(case, repetition_count, publish)
