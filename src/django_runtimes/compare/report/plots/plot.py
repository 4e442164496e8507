"""A plot of a report: a Vega-Lite specification for any width, and the table of its values."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django_runtimes.compare.layout.report_table import ReportTable

# The specification of a plot that is this many pixels wide.
SpecOfWidth = Callable[[int], dict[str, Any]]


@dataclass(frozen=True)
class Plot:
    """A plot with its title, a description for those who cannot see it, and the values behind it."""

    key: str
    title: str
    description: str
    spec: SpecOfWidth
    table: ReportTable
    notes: tuple[str, ...] = ()
