"""The defaults of `webapp deploy` that differ from a bill's sizes, or that limit its traffic."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from django_runtimes.compare.cost.usage.measured_usage import TargetUsage

# The sizes that the templates in deploy/ choose by default, by runtime and KEY. A run without limits measures with
# whole CPUs, so its bills are of larger ones.
DEPLOYED_SIZES = {
    "aws_lambda": {"memory_mb": Decimal(1024)},
    "aws_lambda+managed": {"processes": Decimal(4)},
    "aws_ecs": {"task_vcpu": Decimal("0.5"), "task_memory_gb": Decimal(1)},
    "aws_app_runner": {"task_vcpu": Decimal(1), "task_memory_gb": Decimal(2)},
}
# Parameters of the templates that limit the traffic, with their defaults.
DEPLOYED_LIMITS = {
    "aws_lambda": {"RequestsPerSecond": 100, "ReservedConcurrency": 50},
    "aws_lambda+managed": {"RequestsPerSecond": 100, "MaxExecutionEnvironments": 3, "MaxVCpus": 24},
    "aws_ecs": {"MaxTasks": 4},
    "aws_app_runner": {"MaxInstances": 4},
}


def deploy_sentences(usages: Sequence[TargetUsage]) -> Iterator[str]:
    """Yield sentences on other sizes than the templates' defaults, and on the templates' limits."""
    runtimes = dict.fromkeys(usage.runtime for usage in usages)
    differing = [text for runtime in runtimes for text in _differing(runtime, usages)]
    if differing:
        yield f"The defaults of webapp deploy have other sizes: {'; '.join(differing)}."
    limits = [
        f"{runtime} {name}={value}" for runtime in runtimes for name, value in DEPLOYED_LIMITS.get(runtime, {}).items()
    ]
    if limits:
        yield f"The defaults of webapp deploy limit the traffic: {', '.join(limits)}. Raise them for higher rates."


def _differing(runtime: str, usages: Sequence[TargetUsage]) -> Iterator[str]:
    sizes = DEPLOYED_SIZES.get(runtime, {})
    concerned = [usage.usage for usage in usages if usage.runtime == runtime]
    if any(getattr(usage, key) != value for usage in concerned for key, value in sizes.items()):
        yield f"{runtime} {', '.join(f'{key}={value.normalize():f}' for key, value in sizes.items())}"
