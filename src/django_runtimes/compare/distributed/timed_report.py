"""The report of a process in an answer to a worker."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class TimedReport:
    """Verified facts, the latency of their answer, and its moment since the start of the worker's part of the block.

    Clocks of different machines differ, so the moment is no time of day.
    """

    moment_s: float
    latency_ms: float
    facts: Mapping[str, str]


def in_time_order(reports_of_workers: Iterable[Iterable[TimedReport]]) -> list[TimedReport]:
    """Return the reports of all workers in the order in which their answers arrived."""
    return sorted((each for reports in reports_of_workers for each in reports), key=lambda each: each.moment_s)
