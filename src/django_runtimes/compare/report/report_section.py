"""A section of a report: its findings, tables and plots, with the limits of its figures beside them."""

from dataclasses import dataclass

from django_runtimes.compare.report.plots.plot import Plot
from django_runtimes.compare.report.tables.report_table import ReportTable


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
