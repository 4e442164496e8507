"""Refuses a size of a task or an instance that AWS does not offer."""

from collections.abc import Iterable

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.cost.usage.measured_usage import TargetUsage
from django_runtimes.compare.cost.usage.value_origin import ValueOrigin
from django_runtimes.config.values.container_size import APP_RUNNER_SIZES, FARGATE_SIZES

_SIZES = {
    "aws_ecs": ("a task of Fargate", FARGATE_SIZES),
    "aws_app_runner": ("an instance of App Runner", APP_RUNNER_SIZES),
}
_KEYS = ("task_vcpu", "task_memory_gb")


def check_task_sizes(usages: Iterable[TargetUsage]) -> None:
    """Raise UsageError for a size that was set and that AWS does not offer; a measured limit may have any size."""
    for usage in usages:
        if usage.runtime in _SIZES and any(usage.origins[key] is ValueOrigin.SET for key in _KEYS):
            _check(usage)


def _check(usage: TargetUsage) -> None:
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
