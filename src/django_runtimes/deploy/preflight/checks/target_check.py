"""What is known about a target without asking AWS."""

from collections.abc import Iterator

from django_runtimes.deploy.catalogue import LAMBDA, DeployTarget
from django_runtimes.deploy.managed_function import is_managed
from django_runtimes.deploy.preflight.planned_stage import PlannedStage
from django_runtimes.deploy.preflight.preflight_answer import PreflightAnswer
from django_runtimes.deploy.preflight.preflight_check import PreflightCheck, doubtful

# A browser requests a page with its scripts, styles and pictures over several connections at once.
_FEW_EXECUTIONS = 20


def _ask(stage: PlannedStage) -> Iterator[PreflightAnswer]:
    context = stage.context
    match context.deployment.target:
        case DeployTarget.AWS_APP_RUNNER:
            yield doubtful(
                "App Runner has been closed to new customers since 2026-04-30",
                "choose aws_ecs_express unless this account has services there",
            )
        case DeployTarget.AWS_ECS_EXPRESS:
            yield doubtful(
                "Express Mode rolls back when 4xx and 5xx together exceed about 1 %, so scanners on a quiet site can "
                "stop a deploy, and this cannot be changed",
                "choose aws_ecs, which counts only 5xx, if that happens",
            )
        # Managed Instances have no reservation.
        case DeployTarget.AWS_LAMBDA if not is_managed(context):
            concurrency = int(context.value(LAMBDA, "ReservedConcurrency"))
            if 0 < concurrency < _FEW_EXECUTIONS:
                yield doubtful(
                    f"ReservedConcurrency = {concurrency} lets few requests run at once, and static files count too, "
                    "so browsers may get 429",
                    f"set at least {_FEW_EXECUTIONS}, or serve static files from a CDN",
                )


TARGET = PreflightCheck("the target", (), _ask)
