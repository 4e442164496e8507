"""Prints the cost in a terminal, or as plain text in a log."""

from rich.console import Console
from rich.text import Text

from django_runtimes.cli.literal_console import plain_unless_terminal
from django_runtimes.compare.cost.analysis import CostAnalysis
from django_runtimes.compare.cost.bills.bill import Billed
from django_runtimes.compare.cost.cost_sentences import (
    basis_sentences,
    crossing_sentences,
    price_sentences,
    scope_sentences,
    setup_sentences,
    usage_sentences,
)
from django_runtimes.compare.cost.cost_tables import (
    instance_tables,
    month_and_million_tables,
    option_table,
    shared_table,
    term_table,
)
from django_runtimes.compare.cost.deploy_defaults import deploy_sentences
from django_runtimes.compare.cost.usage.traffic import Traffic
from django_runtimes.compare.cost.usage.usage_key import MANAGED
from django_runtimes.compare.layout.report_table import ReportTable
from django_runtimes.compare.layout.terminal_table import laid_out

_PLAIN_WIDTH = 120
_MOST_CROSSINGS = 4


def print_cost(analysis: CostAnalysis, console: Console, *, with_details: bool = False) -> None:
    """Print the bills of the targets, the crossings, the assumptions and the unverified prices, on one screen."""
    console = plain_unless_terminal(console, _PLAIN_WIDTH)
    for sentence in basis_sentences(analysis):
        console.print(Text(sentence))
    for table in month_and_million_tables(analysis):
        _print_table(table, console)
    if not with_details and any(each.usage.egress != "none" or each.runtime in MANAGED for each in analysis.usages):
        # A chosen egress changes the tasks' addresses, and Managed Instances need one, so its own cost belongs beside
        # the bills.
        _print_table(shared_table(analysis), console)
    console.print()
    crossings = list(crossing_sentences(analysis))
    for sentence in crossings[:_MOST_CROSSINGS]:
        console.print(Text(sentence))
    if len(crossings) > _MOST_CROSSINGS:
        console.print(Text(f"{len(crossings) - _MOST_CROSSINGS} more pairs cross; --json lists every crossing."))
    console.print()
    console.print(Text(" ".join(setup_sentences(analysis)), style="dim"))
    for sentence in (*usage_sentences(analysis), *price_sentences(analysis)):
        console.print(Text(sentence, style="dim"))
    console.print(Text(" ".join(scope_sentences(analysis)), style="dim"))


def print_details(analysis: CostAnalysis, console: Console) -> None:
    """Print the options of the targets, the shared parts, and the instance classes for the measured connections."""
    console = plain_unless_terminal(console, _PLAIN_WIDTH)
    for table in (option_table(analysis), shared_table(analysis), *instance_tables(analysis)):
        _print_table(table, console)
    console.print()
    for sentence in deploy_sentences(analysis.usages):
        console.print(Text(sentence, style="dim"))


def print_terms(billed: Billed, traffic: Traffic, console: Console) -> None:
    """Print one bill, term by term."""
    console = plain_unless_terminal(console, _PLAIN_WIDTH)
    table = term_table(billed, traffic)
    console.print(Text(table.title, style="bold"))
    width = max(len(usd) for _, _, _, usd, _ in table.rows)
    for name, quantity, price, usd, formula in table.rows:
        product = f": {quantity} x {price}" if price else ""
        console.print(Text(f"{usd:>{width}}  {name}{product}"))
        console.print(Text(f"{'':>{width}}  = {formula}", style="dim"))


def _print_table(table: ReportTable, console: Console) -> None:
    console.print(Text(f"\n{table.title}", style="bold"))
    grid = laid_out(table)
    # In a narrow terminal names wrap, never figures.
    grid.columns[0].no_wrap = False
    grid.columns[0].overflow = "fold"
    console.print(grid)
    for note in table.notes:
        console.print(Text(note, style="dim"))
