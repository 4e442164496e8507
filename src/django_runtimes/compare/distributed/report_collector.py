"""Collects the reports in the answers to a worker, for the master to add."""

import time
from collections.abc import Mapping

from django_runtimes.compare.deployed.report_signature import ReportSignature
from django_runtimes.compare.distributed.timed_report import TimedReport


class ReportCollector:
    """Signs a worker's requests to one target and keeps the verified reports of a block."""

    def __init__(self, key: str | None) -> None:
        self._signature = ReportSignature(key)
        self._reports: list[TimedReport] = []
        self._start = time.perf_counter()

    def start(self, moment: float) -> None:
        """Forget earlier reports; a block begins at this moment of time.perf_counter()."""
        self._reports, self._start = [], moment

    def sign(self) -> dict[str, str]:
        """Return the headers with which a request asks for a report."""
        return self._signature.sign()

    def read(self, sent: Mapping[str, str], answered: Mapping[str, str], latency_ms: float) -> None:
        """Keep the report in an answer's headers; ignore forged ones and those in answers of a cache."""
        facts = self._signature.facts(sent, answered)
        if facts is not None:
            self._reports.append(TimedReport(time.perf_counter() - self._start, latency_ms, facts))

    @property
    def reports(self) -> tuple[TimedReport, ...]:
        """The reports since the start of the block."""
        return tuple(self._reports)
