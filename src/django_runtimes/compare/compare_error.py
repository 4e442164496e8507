"""The errors of `webapp compare`, `serve` and `test`."""

import sys
from collections.abc import Sequence

from django_runtimes.cli.tool_error import ToolError


class CompareError(ToolError):
    """Something could not be measured."""


class CommandFailedError(CompareError):
    """One of the application's commands failed; `output` are its last lines."""

    def __init__(self, text: str, output: Sequence[str]) -> None:
        super().__init__(text)
        self.output = tuple(output)


def show_output(error: Exception) -> None:
    """Print what a command that failed wrote last, to go before the line that says so."""
    if isinstance(error, CommandFailedError):
        for line in error.output:
            sys.stderr.write(f"  | {line}\n")
