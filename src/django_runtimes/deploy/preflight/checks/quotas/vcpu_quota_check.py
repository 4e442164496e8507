"""The quotas of vCPUs of Fargate and of EC2, which are low in a new account."""

from collections.abc import Iterator

from django_runtimes.deploy.catalogue import LAMBDA, DeployTarget
from django_runtimes.deploy.managed_function import MANAGED_INSTANCES, is_managed
from django_runtimes.deploy.preflight.checks.quotas.service_quota import QUOTA_ACTIONS, ServiceQuota, quota_of
from django_runtimes.deploy.preflight.planned_stage import PlannedStage
from django_runtimes.deploy.preflight.preflight_answer import PreflightAnswer
from django_runtimes.deploy.preflight.preflight_check import PreflightCheck, bad, doubtful
from django_runtimes.deploy.templates.pair_rules import MB_PER_VCPU

_VCPUS = ServiceQuota("fargate", "L-3032A538", "Fargate On-Demand vCPU resource count")
_INSTANCE_VCPUS = ServiceQuota("ec2", "L-1216C47A", "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances")
_UNITS_PER_VCPU = 1024
# A deploy may run each task twice until the former ones have ended.
_DURING_DEPLOY = 2


def _ask(stage: PlannedStage) -> Iterator[PreflightAnswer]:
    context, runtime = stage.context, stage.context.runtime
    if is_managed(context):
        yield from _ask_instances(stage)
        return
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


def _ask_instances(stage: PlannedStage) -> Iterator[PreflightAnswer]:
    context = stage.context
    if not stage.changes(LAMBDA, MANAGED_INSTANCES, "MinExecutionEnvironments", "MemoryMb", "MaxVCpus"):
        return
    environments, memory, most = (
        int(context.value(LAMBDA, name)) for name in ("MinExecutionEnvironments", "MemoryMb", "MaxVCpus")
    )
    least = environments * (memory // MB_PER_VCPU)
    if least > most:
        yield bad(
            f"MinExecutionEnvironments needs {least} vCPUs of Managed Instances, and MaxVCpus allows {most}",
            "raise MaxVCpus, or lower MinExecutionEnvironments or MemoryMb",
        )
        return
    if least * _DURING_DEPLOY > most:
        yield doubtful(
            f"MinExecutionEnvironments needs {least} vCPUs of Managed Instances, and {least * _DURING_DEPLOY} during a "
            f"deploy, and MaxVCpus allows {most}",
            "raise MaxVCpus, or lower MinExecutionEnvironments or MemoryMb",
        )
    quota = quota_of(context.aws, _INSTANCE_VCPUS)
    if most > quota:
        yield doubtful(
            f"MaxVCpus allows {most} vCPUs of EC2, and the account may run {quota}",
            f'request more (Service Quotas, "{_INSTANCE_VCPUS.name}"), or lower MaxVCpus',
        )


VCPUS = PreflightCheck("the quotas of vCPUs", QUOTA_ACTIONS, _ask)
