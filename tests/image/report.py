"""Records the figures of the image's tests in reports/image.json."""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.image.podman import CHECKOUT

REPORT = CHECKOUT / "reports" / "image.json"


def record_figure(name: str, value: float, *, unit: str, bar: float | None = None) -> bool:
    """Record a figure with its upper bound, if it has one; return whether the figure is within it."""
    met = bar is None or value <= bar
    _record("figures", {"name": name, "value": value, "unit": unit, "bar": bar, "met": met}, "name")
    return met


def record_fault(
    number: int, name: str, *, target: str, repetitions: int, worst: Mapping[str, float], limits: Mapping[str, float]
) -> bool:
    """Record a case of the table of faults with its worst figures and limits; return whether it passed.

    A missing figure exceeds its limit.
    """
    passed = all(worst.get(figure, float("inf")) <= limit for figure, limit in limits.items())
    case: dict[str, Any] = {
        "number": number,
        "name": name,
        "target": target,
        "repetitions": repetitions,
        # JSON cannot express the infinite time of a recovery that never happened.
        "worst": {figure: value if value != float("inf") else None for figure, value in worst.items()},
        "limits": dict(limits),
        "passed": passed,
    }
    _record("faults", case, "number", "target")
    return passed


def _record(kind: str, entry: dict[str, Any], *identity: str) -> None:
    """Replace the entry of the same identity, and keep the others, so that a partial run updates only its own."""
    REPORT.parent.mkdir(exist_ok=True)
    with _locked(REPORT.parent):
        report = json.loads(REPORT.read_text()) if REPORT.exists() else {"figures": [], "faults": []}
        others = [other for other in report[kind] if any(other[name] != entry[name] for name in identity)]
        report[kind] = sorted([*others, entry], key=lambda each: [each[name] for name in identity])
        REPORT.write_text(json.dumps(report, indent=2) + "\n")


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """Let one process at a time into the block, since the parts of `make image-test` record their figures."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
