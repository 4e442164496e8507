"""Examines the requirements of `webapp deploy`: webapp.toml, docker or podman, credentials, and the preflight."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from django_runtimes.cli.progress import Progress
from django_runtimes.cli.tool_error import ToolError
from django_runtimes.deploy.aws.aws_api import explain_error
from django_runtimes.deploy.configuration import load_configuration
from django_runtimes.deploy.consent import Consent
from django_runtimes.deploy.context import Context, open_context
from django_runtimes.deploy.image_builder import find_builder
from django_runtimes.deploy.preflight.planned_stage import look_at
from django_runtimes.deploy.preflight.preflight import CHECKS, preflight
from django_runtimes.deploy.preflight.preflight_answer import Outlook
from django_runtimes.deploy.preflight.preflight_check import PreflightCheck
from django_runtimes.deploy.steps.refusals.validation import validate_parameters
from django_runtimes.deploy.templates.template_source import TemplateSource, differing_templates
from django_runtimes.deploy.verification.account_assumptions import ACCOUNT_ASSUMPTIONS
from django_runtimes.deploy.verification.stage_assumptions import STAGE_ASSUMPTIONS
from django_runtimes.doctor.finding import Finding, Level

VERIFICATIONS = (*ACCOUNT_ASSUMPTIONS, *STAGE_ASSUMPTIONS)
_LEVELS = {
    Outlook.GOOD: Level.OK,
    Outlook.UNKNOWN: Level.SKIPPED,
    Outlook.DOUBTFUL: Level.WARNING,
    Outlook.BAD: Level.WRONG,
}


def examine_deployment(directory: Path, *, verify: bool) -> list[Finding]:
    """Return the findings about all stages. With `verify`, verify assumptions about AWS too."""
    findings = [_engine()]
    introduced = False
    try:
        for stage in load_configuration(directory).stages:
            try:
                findings += _examined(directory, stage, introduce=not introduced, verify=verify)
                introduced = True
            except ToolError as error:
                # The other stages are examined all the same.
                finding = Finding(Level.WRONG, str(error))
                findings += [] if finding in findings else [finding]
    except ToolError as error:
        findings.append(Finding(Level.WRONG, str(error)))
    except (BotoCoreError, ClientError) as error:
        findings.append(Finding(Level.WRONG, explain_error(error)))
    return findings


def _examined(directory: Path, stage: str, *, introduce: bool, verify: bool) -> list[Finding]:
    """Return a stage's findings; raise ToolError if it cannot be examined."""
    consent = Consent(yes=False, dry_run=True)
    context = open_context(directory, stage=stage, target=None, consent=consent, progress=Progress())
    context.refuse_other_account()
    found = []
    if introduce:
        found.append(Finding(Level.OK, f"account {context.aws.account}, {context.aws.region}"))
        found += _templates(context.template_source)
    return [*found, *_stage(context, (*CHECKS, *VERIFICATIONS) if verify else CHECKS)]


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


def _stage(context: Context, checks: Sequence[PreflightCheck]) -> Iterator[Finding]:
    place = f"{context.deployment.stage}, {context.deployment.target}"
    try:
        validate_parameters(context)
    except ToolError as error:
        # The checks would read the same invalid parameters.
        yield Finding(Level.WRONG, f"{place}: {error}")
        return
    for answer in preflight(look_at(context), checks):
        yield Finding(_LEVELS[answer.outlook], f"{place}: {answer.text}", answer.remedy)
