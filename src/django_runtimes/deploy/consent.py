"""Asks the user before anything is changed."""

import sys
from dataclasses import dataclass

from django_runtimes.cli.tool_error import ToolError, UsageError


@dataclass(frozen=True)
class Consent:
    """The user's consent: --yes gives it in advance, and --dry-run needs none, since it changes nothing."""

    yes: bool
    dry_run: bool

    def ask(self, question: str) -> None:
        """Ask the question; raise ToolError if the user declines, and UsageError without a terminal."""
        if self.yes:
            return
        if not sys.stdin.isatty():
            raise UsageError(f"{question} Standard input is not a terminal; add --yes")
        sys.stderr.write(f"{question} [y/N] ")
        sys.stderr.flush()
        if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
            raise ToolError("declined; nothing more was changed")
