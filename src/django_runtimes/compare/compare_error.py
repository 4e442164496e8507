"""The errors of `webapp compare`, `serve` and `test`."""

import sys
from collections.abc import Sequence

from django_runtimes.cli.tool_error import ToolError


class CompareError(ToolError):
    """A target, or the whole run, could not be measured."""


class CommandFailedError(CompareError):
    """A command of the application failed; `output` has its last lines."""

    def __init__(self, text: str, output: Sequence[str]) -> None:
        super().__init__(text)
        self.output = tuple(output)


def show_output(error: Exception) -> None:
    """Print the last lines of a failed command, before the error itself."""
    if isinstance(error, CommandFailedError):
        for line in error.output:
            sys.stderr.write(f"  | {line}\n")
