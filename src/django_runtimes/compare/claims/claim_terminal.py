"""Prints claims as lines for a terminal: one for each claim, and the totals."""

from collections import Counter
from collections.abc import Iterator

from django_runtimes.compare.record.results import Run

_WIDTH = len("not shown")


def claim_lines(run: Run) -> Iterator[str]:
    """Yield a line for each claim with its verdict and the figures that decided it."""
    for result in run.claims:
        yield f"{result.verdict:<{_WIDTH}}  {result.name}: {result.error or result.reason}"
    counts = Counter(result.verdict for result in run.claims)
    yield ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
