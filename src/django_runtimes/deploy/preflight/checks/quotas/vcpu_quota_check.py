"""Fargate's quota of vCPUs, which is low in a new account."""

from collections.abc import Iterator

from django_runtimes.deploy.catalogue import DeployTarget
from django_runtimes.deploy.preflight.checks.quotas.service_quota import QUOTA_ACTIONS, ServiceQuota, quota_of
from django_runtimes.deploy.preflight.planned_stage import PlannedStage
from django_runtimes.deploy.preflight.preflight_answer import PreflightAnswer
from django_runtimes.deploy.preflight.preflight_check import PreflightCheck, bad, doubtful

_VCPUS = ServiceQuota("fargate", "L-3032A538", "Fargate On-Demand vCPU resource count")
_UNITS_PER_VCPU = 1024
# A deploy may run each task twice until the former ones have ended.
_DURING_DEPLOY = 2


def _ask(stage: PlannedStage) -> Iterator[PreflightAnswer]:
    context, runtime = stage.context, stage.context.runtime
    if context.deployment.target not in {DeployTarget.AWS_ECS, DeployTarget.AWS_ECS_EXPRESS}:
        return
    if not stage.changes(runtime, "CpuUnits", "MinTasks", "MaxTasks"):
        return
    vcpus = int(context.value(runtime, "CpuUnits")) / _UNITS_PER_VCPU
    least, most = (int(context.value(runtime, name)) * vcpus for name in ("MinTasks", "MaxTasks"))
    quota = quota_of(context.aws, _VCPUS)
    remedy = f'request more (Service Quotas, "{_VCPUS.name}"), or set fewer tasks or CpuUnits'
    if least > quota:
        yield bad(f"MinTasks needs {least:g} vCPUs of Fargate, and the account may run {quota}", remedy)
    elif most * _DURING_DEPLOY > quota:
        yield doubtful(
            f"MaxTasks needs {most:g} vCPUs of Fargate, and up to {most * _DURING_DEPLOY:g} during a deploy, and the "
            f"account may run {quota}",
            remedy,
        )


VCPUS = PreflightCheck("Fargate's quota of vCPUs", QUOTA_ACTIONS, _ask)
