"""The report of a run as the terminal shows it."""

import io

from rich.console import Console

from django_runtimes.compare.record.results import Run
from django_runtimes.compare.report.terminal import print_report


def printed(run: Run, *, width: int = 100, terminal: bool = False) -> str:
    output = io.StringIO()
    print_report(run, Console(file=output, width=width, force_terminal=terminal))
    return output.getvalue()
