"""The sizes of tasks and instances that AWS offers."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.cost.usage.measured_usage import TargetUsage
from django_runtimes.compare.cost.usage.usage import ValueOrigin

# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html; memory in GB for each vCPU
_FARGATE: Mapping[str, tuple[float, ...]] = {
    "0.25": (0.5, 1, 2),
    "0.5": (1, 2, 3, 4),
    "1": tuple(range(2, 9)),
    "2": tuple(range(4, 17)),
    "4": tuple(range(8, 31)),
    "8": tuple(range(16, 61, 4)),
    "16": tuple(range(32, 121, 8)),
}
# https://docs.aws.amazon.com/apprunner/latest/api/API_InstanceConfiguration.html
_APP_RUNNER: Mapping[str, tuple[float, ...]] = {
    "0.25": (0.5, 1),
    "0.5": (1,),
    "1": (2, 3, 4),
    "2": (4, 6),
    "4": (8, 10, 12),
}
_SIZES = {"aws_ecs": ("a task of Fargate", _FARGATE), "aws_app_runner": ("an instance of App Runner", _APP_RUNNER)}
_KEYS = ("task_vcpu", "task_memory_gb")


def check_task_sizes(usages: Iterable[TargetUsage]) -> None:
    """Raise UsageError for a size that was set and that AWS does not offer; a measured limit may have any size."""
    for usage in usages:
        if usage.runtime in _SIZES and any(usage.origins[key] is ValueOrigin.SET for key in _KEYS):
            _check(usage)


def _check(usage: TargetUsage) -> None:
    noun, sizes = _SIZES[usage.runtime]
    vcpu, memory_gb = usage.usage.task_vcpu, usage.usage.task_memory_gb
    offered = next((each for key, each in sizes.items() if Decimal(key) == vcpu), None)
    if offered is None:
        raise UsageError(
            f"{usage.name}: task_vcpu={vcpu:f} is not a size of {noun}; choose one of: {', '.join(sizes)} (--set)"
        )
    if memory_gb not in {Decimal(repr(each)) for each in offered}:
        raise UsageError(
            f"{usage.name}: task_memory_gb={memory_gb:f} is not a size of {noun} with task_vcpu={vcpu:f}; choose one "
            f"of: {', '.join(f'{each:g}' for each in offered)} (--set)"
        )
