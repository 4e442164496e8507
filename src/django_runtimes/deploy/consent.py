"""Asks before anything is changed."""

import sys
from dataclasses import dataclass

from django_runtimes.cli.tool_error import ToolError, UsageError


@dataclass(frozen=True)
class Consent:
    """Given beforehand by --yes; with --dry-run nothing is asked, since nothing is changed."""

    yes: bool
    dry_run: bool

    def ask(self, question: str) -> None:
        """Return when the user agrees; ToolError otherwise, UsageError where nobody can answer."""
        if self.yes:
            return
        if not sys.stdin.isatty():
            raise UsageError(f"{question} Nobody can answer here; add --yes")
        sys.stderr.write(f"{question} [y/N] ")
        sys.stderr.flush()
        if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
            raise ToolError("declined; nothing more was changed")
