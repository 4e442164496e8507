"""Asks before load goes to a service that does not run on this machine."""

import sys
from collections.abc import Sequence

from django_runtimes.cli.tool_error import ToolError, UsageError
from django_runtimes.compare.deployed.deployed_service import DeployedService


def ask_for_load(
    services: Sequence[DeployedService], *, max_rate_rps: float, requests: int, writes: bool, yes: bool
) -> None:
    """Ask whether to send this load; `requests` is the expected number for each service, at most.

    With `yes` only state it. Raise ToolError if the user declines, and UsageError without a terminal.
    """
    elsewhere = [service for service in services if not service.is_here]
    if not elsewhere:
        return
    hosts = " and ".join(f"{service.host} ({service.name})" for service in elsewhere)
    kind = "reads and writes, whose rows stay" if writes else "reads only"
    statement = (
        f"This sends about {requests * len(elsewhere):,} requests ({kind}), at most {max_rate_rps:g} a "
        f"second, to {hosts}."
    )
    if yes:
        sys.stderr.write(f"{statement}\n")
        return
    if not sys.stdin.isatty():
        raise UsageError(f"{statement} Standard input is not a terminal; add --yes")
    sys.stderr.write(f"{statement} Continue? [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise ToolError("declined; nothing was sent")
