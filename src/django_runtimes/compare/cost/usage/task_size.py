"""Refuses a size of a task, an instance or an execution environment that AWS does not offer."""

from collections.abc import Iterable

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.cost.prices.price import PriceList
from django_runtimes.compare.cost.usage.environment_size import MB_PER_GB, environment_vcpu, placement_of
from django_runtimes.compare.cost.usage.measured_usage import TargetUsage
from django_runtimes.compare.cost.usage.usage_key import MANAGED
from django_runtimes.compare.cost.usage.value_origin import ValueOrigin
from django_runtimes.config.values.container_size import APP_RUNNER_SIZES, FARGATE_SIZES

_SIZES = {
    "aws_ecs": ("a task of Fargate", FARGATE_SIZES),
    "aws_app_runner": ("an instance of App Runner", APP_RUNNER_SIZES),
}
_KEYS = ("task_vcpu", "task_memory_gb")
# The most that Lambda accepts for Python on Managed Instances.
_PROCESSES_PER_VCPU = 16


def check_sizes(usages: Iterable[TargetUsage], prices: PriceList) -> None:
    """Raise UsageError for a size that was set and that AWS does not offer; a measured limit may have any size."""
    for usage in usages:
        if usage.runtime in _SIZES and _is_set(usage, *_KEYS):
            _check_task(usage)
        if usage.runtime in MANAGED:
            _check_environment(usage, prices)


def _check_task(usage: TargetUsage) -> None:
    noun, sizes = _SIZES[usage.runtime]
    vcpu, memory_gb = usage.usage.task_vcpu, usage.usage.task_memory_gb
    offered = sizes.get(vcpu)
    if offered is None:
        raise UsageError(
            f"{usage.name}: task_vcpu={vcpu:f} is not a size of {noun}; choose one of: "
            f"{', '.join(map(str, sizes))} (--set)"
        )
    if memory_gb not in offered:
        raise UsageError(
            f"{usage.name}: task_memory_gb={memory_gb:f} is not a size of {noun} with task_vcpu={vcpu:f}; choose one "
            f"of: {', '.join(map(str, offered))} (--set)"
        )


def _check_environment(target: TargetUsage, prices: PriceList) -> None:
    usage = target.usage
    step_mb = int(usage.gb_per_vcpu) * MB_PER_GB
    if usage.memory_mb % step_mb and _is_set(target, "memory_mb", "gb_per_vcpu"):
        raise UsageError(
            f"{target.name}: memory_mb={usage.memory_mb:f} gives no whole number of vCPUs with gb_per_vcpu="
            f"{usage.gb_per_vcpu}; use a multiple of {step_mb:f} (--set {target.name}:memory_mb={step_mb:f})"
        )
    most = environment_vcpu(usage) * _PROCESSES_PER_VCPU
    if usage.processes > most and _is_set(target, "processes"):
        raise UsageError(
            f"{target.name}: processes={usage.processes:f} exceeds {_PROCESSES_PER_VCPU} for each vCPU of an execution "
            f"environment; use at most {most:f} (--set)"
        )
    try:
        placement_of(usage, prices)
    except UsageError as error:
        raise UsageError(f"{target.name}: {error} (--set)") from None


def _is_set(target: TargetUsage, *keys: str) -> bool:
    return any(target.origins[key] is ValueOrigin.SET for key in keys)
