"""Prepares a release through the operations function: static files, web role, migration gate, migrations."""

import contextlib
import json
from collections.abc import Sequence
from typing import Any

from django_runtimes.cli.tool_error import ToolError
from django_runtimes.deploy.aws.functions import CommandOutcome, run_in_function
from django_runtimes.deploy.catalogue import OPERATIONS
from django_runtimes.deploy.context import Context

# The exit code of `migrate` when another process holds the lock for too long.
_EXIT_LOCKED = 75
_SHOWN_LINES = 5


def publish_static(context: Context) -> None:
    """Copy the image's static files to the stage's bucket; those of former images remain."""
    _succeed(context, ["publish_static"])


def create_web_role(context: Context) -> None:
    """Create the application's database role, or update the login of an existing one."""
    # A snapshot may contain the role, with the password of the stage that it was taken from.
    renewal = ["--renew-password"] if context.deployment.existing.starts_from_snapshot else []
    _succeed(context, ["create_web_role", *renewal])


def pass_gate(context: Context, allowed: Sequence[str]) -> None:
    """Raise ToolError, naming the migrations, if they would break the running version.

    Only say so for a database system that the gate does not know.
    """
    if not context.database_system.is_administered:
        context.progress.say(
            f"    {context.database_system.product} has no migration gate: the running version must work with the new "
            "tables"
        )
        return
    outcome = _run(context, ["migration_gate", "--json", *(f"--allow={migration}" for migration in allowed)])
    report = _report(outcome)
    if report is None or outcome.exit_code not in {0, 1}:
        raise ToolError(f"the migration gate ended with exit code {outcome.exit_code}: {_tail(outcome)}")
    for verdict in report["verdicts"]:
        context.progress.say(f"    {verdict['migration']}: {verdict['operation']}: {verdict['reason']}")
        if verdict["refuses"]:
            context.progress.say(f"      -> {verdict['remedy']}")
    refused = list(dict.fromkeys(verdict["migration"] for verdict in report["verdicts"] if verdict["refuses"]))
    if refused:
        first = next(verdict for verdict in report["verdicts"] if verdict["refuses"])
        raise ToolError(
            f"the running version would break: {first['migration']}, {first['operation']}: {first['reason']}; "
            f"{first['remedy']}; to apply it anyway: {' '.join(f'--allow {name}' for name in refused)}"
        )


def migrate(context: Context) -> None:
    """Apply the migrations; raise ToolError if any of them was not applied."""
    # Without a lock, the reserved execution of the function lets one `migrate` run at a time.
    unlocked = [] if context.database_system.is_administered else ["--without-lock"]
    _succeed(context, ["migrate", "--noinput", *unlocked])


def _succeed(context: Context, command: Sequence[str]) -> None:
    outcome = _run(context, command)
    for line in outcome.output.splitlines():
        context.progress.say(f"    {line}")
    if outcome.exit_code == 0:
        return
    remedy = (
        "wait until the other migration has ended" if outcome.exit_code == _EXIT_LOCKED else "fix it, and deploy again"
    )
    raise ToolError(f"`{command[0]}` ended with exit code {outcome.exit_code}: {_tail(outcome)}; {remedy}")


def _run(context: Context, command: Sequence[str]) -> CommandOutcome:
    function_name = context.output(OPERATIONS, "FunctionName")
    return run_in_function(context.aws, context.progress, function_name, command)


def _report(outcome: CommandOutcome) -> dict[str, Any] | None:
    """Return the gate's JSON, which is on one line of the output, or None."""
    for line in outcome.output.splitlines():
        if line.startswith("{"):
            with contextlib.suppress(ValueError):
                report: dict[str, Any] = json.loads(line)
                if "verdicts" in report:
                    return report
    return None


def _tail(outcome: CommandOutcome) -> str:
    lines = [line.strip() for line in outcome.output.splitlines() if line.strip()]
    return " | ".join(lines[-_SHOWN_LINES:]) or "it wrote nothing"
