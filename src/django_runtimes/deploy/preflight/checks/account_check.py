"""Whether a production stage names its account."""

from collections.abc import Iterator

from django_runtimes.deploy.configuration import FILE_NAME
from django_runtimes.deploy.preflight.planned_stage import PlannedStage
from django_runtimes.deploy.preflight.preflight_answer import PreflightAnswer
from django_runtimes.deploy.preflight.preflight_check import PreflightCheck, doubtful


def _ask(stage: PlannedStage) -> Iterator[PreflightAnswer]:
    # Every verb refuses credentials for another account than the one that the stage names.
    context = stage.context
    settings = context.deployment.settings
    if settings.production and settings.account is None:
        yield doubtful(
            f"[stages.{context.deployment.stage}] names no account, so other credentials would build a second one",
            f'add account = "{context.aws.account}" to {FILE_NAME}',
        )


ACCOUNT = PreflightCheck("the account", ("sts:GetCallerIdentity",), _ask)
