"""Builds the tables of claims: their verdicts, and each claim's figures."""

from django_runtimes.compare.layout.figures import number, ratio
from django_runtimes.compare.layout.report_table import ReportTable
from django_runtimes.compare.record.claim_result import ClaimFigure, ClaimResult
from django_runtimes.compare.record.results import Run


def claim_table(run: Run) -> ReportTable:
    """Return a row with the verdict for each claim."""
    return ReportTable(
        title="Verdicts",
        columns=("claim", "verdict", "reason"),
        rows=tuple((result.claim, result.verdict, result.error or result.reason) for result in run.claims),
    )


def claim_figures(result: ClaimResult) -> ReportTable:
    """Return a row for each figure of a claim."""
    return ReportTable(
        title="Figures",
        columns=("name", "measured", "interval"),
        rows=tuple((figure.name, _value(figure), _interval(figure)) for figure in result.figures),
    )


def _value(figure: ClaimFigure) -> str:
    if figure.low is not None:
        return ratio(figure.value)
    text = number(figure.value if figure.value % 1 else int(figure.value))
    return f"{text} {figure.unit}" if figure.unit else text


def _interval(figure: ClaimFigure) -> str:
    if figure.low is None or figure.high is None:
        return "-"
    return f"{ratio(figure.low)} to {ratio(figure.high)} ({figure.pairs} pairs)"
