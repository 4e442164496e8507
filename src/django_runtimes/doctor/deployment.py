"""Examines the requirements of `webapp deploy`: webapp.toml, docker or podman, credentials, stacks, Lambda's quota."""

from collections.abc import Iterator
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from django_runtimes.cli.progress import Progress
from django_runtimes.cli.tool_error import ToolError
from django_runtimes.deploy.aws.aws_api import explain_error
from django_runtimes.deploy.aws.stack_status import Readiness, stack_remedy
from django_runtimes.deploy.catalogue import LAMBDA, OPERATIONS, STACKS, DeployTarget
from django_runtimes.deploy.configuration import load_configuration
from django_runtimes.deploy.consent import Consent
from django_runtimes.deploy.context import Context, open_context
from django_runtimes.deploy.image_builder import find_builder
from django_runtimes.deploy.steps.validation import validate_parameters
from django_runtimes.deploy.templates.template_source import TemplateSource, differing_templates
from django_runtimes.doctor.finding import Finding, Level

# Concurrency that AWS keeps for functions without a reservation.
_UNRESERVED = 100
# The concurrency that the operations function reserves.
_OPERATIONS = 1


def examine_deployment(directory: Path) -> list[Finding]:
    """Return the findings; the first error is the last finding."""
    findings = [_engine()]
    try:
        for stage in load_configuration(directory).stages:
            consent = Consent(yes=False, dry_run=True)
            context = open_context(directory, stage=stage, target=None, consent=consent, progress=Progress())
            context.refuse_other_account()
            if len(findings) == 1:
                findings.append(Finding(Level.OK, f"account {context.aws.account}, {context.aws.region}"))
                findings += _templates(context.template_source)
            findings += _stage(context)
    except ToolError as error:
        findings.append(Finding(Level.WRONG, str(error)))
    except (BotoCoreError, ClientError) as error:
        findings.append(Finding(Level.WRONG, explain_error(error)))
    return findings


def _engine() -> Finding:
    try:
        return Finding(Level.OK, f"{find_builder().name} builds and pushes the image")
    except ToolError as error:
        # Images in the registry can be deployed without an engine.
        return Finding(Level.WARNING, str(error))


def _templates(source: TemplateSource) -> Iterator[Finding]:
    yield Finding(Level.OK, f"templates: {source}")
    _, changed = differing_templates(source)
    if changed:
        yield Finding(
            Level.WARNING,
            f"{source.library} has changed since {source.directory} was ejected from it: {', '.join(changed)}",
            "merge the changes that you need, or delete the copy and eject again",
        )


def _stage(context: Context) -> Iterator[Finding]:
    place = f"{context.deployment.stage}, {context.deployment.target}"
    # This raises UsageError for an invalid parameter.
    validate_parameters(context)
    states = [context.state(stack) for stack in STACKS]
    for state in states:
        if state.readiness is Readiness.STUCK:
            yield Finding(
                Level.WRONG,
                f"the stack {state.name} is in {state.status}",
                stack_remedy(state.name, str(state.status), context.aws.region),
            )
        if state.readiness is Readiness.UNCREATED:
            yield Finding(
                Level.WARNING,
                f"the stack {state.name} could not be created",
                "the next deploy deletes it, since it has no resources, and creates it again",
            )
    there = {stack for stack, state in zip(STACKS, states, strict=True) if state.readiness is Readiness.READY}
    yield Finding(Level.OK, f"{place}: {len(there)} stacks exist; the image is {context.running_image() or 'none'}")
    if context.deployment.target is DeployTarget.AWS_APP_RUNNER:
        yield Finding(
            Level.WARNING,
            f"{place}: App Runner has been closed to new customers since 2026-04-30",
            "choose aws_ecs_express unless this account has services there",
        )
    wanted = 0 if OPERATIONS in there else _OPERATIONS
    if context.deployment.target is DeployTarget.AWS_LAMBDA and LAMBDA not in there:
        wanted += int(context.value(LAMBDA, "ReservedConcurrency"))
    if wanted:
        yield _concurrency(context, place, wanted)


def _concurrency(context: Context, place: str, wanted: int) -> Finding:
    limit = context.aws.client("lambda").get_account_settings()["AccountLimit"]
    available = max(0, limit["UnreservedConcurrentExecutions"] - _UNRESERVED)
    text = f"{place}: Lambda will reserve {wanted} of the account's concurrent executions; {available} are available"
    if available >= wanted:
        return Finding(Level.OK, text)
    lower = ", or lower ReservedConcurrency" if wanted > _OPERATIONS and available > _OPERATIONS else ""
    return Finding(Level.WRONG, text, f'request more (Service Quotas, Lambda, "Concurrent executions"){lower}')
