"""Advice on a target that is not an error, told before a deploy."""

from collections.abc import Iterator

from django_runtimes.deploy.catalogue import LAMBDA, DeployTarget
from django_runtimes.deploy.context import Context

# A page with its scripts, styles and pictures is requested by a browser over several connections at once.
_FEW_EXECUTIONS = 20


def advise(context: Context) -> Iterator[str]:
    """Yield one sentence for each known weakness of the chosen target and its parameters."""
    match context.deployment.target:
        case DeployTarget.AWS_APP_RUNNER:
            yield "App Runner has been closed to new customers since 2026-04-30; prefer aws_ecs_express"
        case DeployTarget.AWS_ECS_EXPRESS:
            yield (
                "Express Mode rolls back when 4xx and 5xx together exceed about 1 %, so scanners on a quiet site can "
                "stop a deploy, and this cannot be changed; aws_ecs counts only 5xx"
            )
        case DeployTarget.AWS_LAMBDA:
            concurrency = context.value(LAMBDA, "ReservedConcurrency")
            if 0 < int(concurrency) < _FEW_EXECUTIONS:
                yield (
                    f"ReservedConcurrency = {concurrency} lets few requests run at once, and static files count too, "
                    f"so browsers may get 429; set at least {_FEW_EXECUTIONS}, or serve static files from a CDN"
                )
