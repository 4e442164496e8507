"""The cost of a run, as sentences and tables for its reports."""

from dataclasses import dataclass

from django_runtimes.cli.tool_error import ToolError
from django_runtimes.compare.cost.analysis import analyze_cost
from django_runtimes.compare.cost.cost_sentences import cost_sentences
from django_runtimes.compare.cost.cost_tables import cost_tables
from django_runtimes.compare.report.report_table import ReportTable
from django_runtimes.compare.run.results import Run


@dataclass(frozen=True)
class CostContent:
    """The tables, and the sentences with the crossings, the assumptions and the unverified prices."""

    tables: tuple[ReportTable, ...]
    sentences: tuple[str, ...]


def cost_content(run: Run) -> CostContent:
    """Return the cost of the measured targets with default assumptions; only a sentence if nothing can be billed."""
    try:
        analysis = analyze_cost(run)
    except ToolError as error:
        return CostContent((), (f"There are no bills: {error}",))
    return CostContent(cost_tables(analysis), cost_sentences(analysis))
