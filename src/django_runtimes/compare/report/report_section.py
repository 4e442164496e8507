"""A section of a report: its findings, tables and plots, with the limits of its figures beside them."""

from dataclasses import dataclass

from django_runtimes.compare.layout.report_table import ReportTable
from django_runtimes.compare.report.plots.plot import Plot


@dataclass(frozen=True)
class ReportSection:
    """One topic of a report; `key` names it in links.

    `findings` come before the tables, and `caveats` say which claims the section's figures do not support. `more` has
    the tables for readers who want every detail.
    """

    key: str
    title: str
    findings: tuple[str, ...] = ()
    plots: tuple[Plot, ...] = ()
    tables: tuple[ReportTable, ...] = ()
    more: tuple[ReportTable, ...] = ()
    caveats: tuple[str, ...] = ()
    caveats_title: str = "Read with care"
