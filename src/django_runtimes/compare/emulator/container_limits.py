"""The CPU and memory limits of each runtime's containers."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from django_runtimes.config.values.runtime import Runtime

# With this much memory a function gets one vCPU: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
_LAMBDA_MB_PER_CPU = 1_769
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MIN_LAMBDA_MB, MAX_LAMBDA_MB = 128, 10_240


@dataclass(frozen=True)
class ContainerLimits:
    """The limits of a container: CPUs of this machine, and MB of memory."""

    cpus: float
    memory_mb: int

    @classmethod
    def of_lambda(cls, memory_mb: int) -> Self:
        """Return the limits of a function: its memory, and the CPU share that Lambda grants with it.

        The share is at most all CPUs of this machine.
        """
        return cls(min(lambda_vcpus(memory_mb), float(len(os.sched_getaffinity(0)))), memory_mb)

    def __str__(self) -> str:
        return f"{self.cpus:g} CPU and {self.memory_mb:,} MB"


def lambda_vcpus(memory_mb: int) -> float:
    """Return the vCPUs that Lambda grants with this much memory."""
    return round(memory_mb / _LAMBDA_MB_PER_CPU, 3)


# Every runtime has one CPU, since a comparison needs equal resources.
LIMITS: Mapping[Runtime, ContainerLimits] = {
    Runtime.AWS_LAMBDA: ContainerLimits.of_lambda(_LAMBDA_MB_PER_CPU),
    Runtime.AWS_APP_RUNNER: ContainerLimits(1.0, 2_048),
    Runtime.AWS_ECS: ContainerLimits(1.0, 2_048),
    Runtime.KUBERNETES: ContainerLimits(1.0, 2_048),
    Runtime.LOCAL: ContainerLimits(1.0, 2_048),
}
