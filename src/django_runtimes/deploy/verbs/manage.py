"""`webapp manage -- COMMAND`: runs a management command on the deployed stage, and exits with its exit code."""

import argparse
from collections.abc import Sequence

from django_runtimes.cli.tool_error import ToolError
from django_runtimes.deploy.aws.functions import CommandOutcome, run_in_function
from django_runtimes.deploy.aws.service_linked_roles import create_service_linked_roles
from django_runtimes.deploy.aws.service_roles import service_roles
from django_runtimes.deploy.aws.tasks import run_in_task
from django_runtimes.deploy.catalogue import NETWORK, OPERATIONS, OPERATIONS_TASK, SECURITY_GROUPS
from django_runtimes.deploy.context import Context
from django_runtimes.deploy.steps.refusals.trusted_regions import refuse_login_in_untrusted_region
from django_runtimes.deploy.steps.stack import bring_up
from django_runtimes.deploy.verb import Result, add_consent, add_place, context_of, run, verb_parser
from django_runtimes.deploy.verbs.deploy import place_content

_INTERRUPTED = (
    "interrupted; a started command continues in AWS, and running this again would start it a second time: "
    "`webapp logs --of operations` shows its output"
)


def main(arguments: Sequence[str]) -> int:
    """Run the command and return its exit code."""
    parser = verb_parser(
        "manage",
        "Run a management command with the operations login, and print its output.",
        epilog="Exit codes: the command's own; 1 also if it could not be run, 2 for bad arguments.",
    )
    add_place(parser)
    add_consent(parser)
    parser.add_argument(
        "--task",
        action="store_true",
        help="run in an ECS task, for a command that takes longer than a function's 15 minutes",
    )
    parser.add_argument("command", nargs="+", metavar="-- COMMAND", help="such as webapp manage -- migrate --plan")
    return run(parser, arguments, _manage, interrupted=_INTERRUPTED)


def _manage(options: argparse.Namespace) -> Result:
    context = context_of(options)
    function_name = context.output(OPERATIONS, "FunctionName")
    content = place_content(context) | {"command": options.command}
    if context.consent.dry_run:
        where = "a task" if options.task else function_name
        return Result(f"{where} would run: {' '.join(options.command)}", content | {"dry_run": True})
    if options.task:
        outcome = _in_task(context, options.command)
    else:
        outcome = run_in_function(context.aws, context.progress, function_name, options.command)
    return Result(
        outcome.output, content | {"exit_code": outcome.exit_code, "output": outcome.output}, outcome.exit_code
    )


def _in_task(context: Context, command: Sequence[str]) -> CommandOutcome:
    image = context.state(OPERATIONS).parameters.get("ImageUri")
    if image is None:
        raise ToolError(f"{context.place} is not deployed; run `webapp deploy` first")
    # The stage's functions may call the Data API, but a task logs in at the database.
    refuse_login_in_untrusted_region(context)
    # This stack is created on first use; it costs money only while a task runs.
    if not context.state(OPERATIONS_TASK).exists:
        types = context.templates[OPERATIONS_TASK.name].resource_types.values()
        create_service_linked_roles(context.aws, service_roles(types))
    bring_up(context, OPERATIONS_TASK, image=image)
    network = {**context.state(NETWORK).outputs, **context.state(SECURITY_GROUPS).outputs}
    project, stage = context.configuration.project, context.deployment.stage
    return run_in_task(
        context.aws,
        context.progress,
        cluster=context.output(OPERATIONS_TASK, "ClusterName"),
        task=context.output(OPERATIONS_TASK, "Task"),
        network=network,
        log_group=f"/{project}/{stage}/operations/task",
        command=command,
    )
