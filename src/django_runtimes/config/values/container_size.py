"""The sizes of tasks and instances that AWS offers: GB of memory for each number of vCPUs."""

from collections.abc import Mapping
from decimal import Decimal

_Sizes = Mapping[Decimal, tuple[Decimal, ...]]


def _sizes(offered: Mapping[str, tuple[float, ...]]) -> _Sizes:
    return {Decimal(vcpu): tuple(Decimal(repr(each)) for each in memory_gb) for vcpu, memory_gb in offered.items()}


# Read on 2026-11-29 in the reference of ECS's API (`memory` of RegisterTaskDefinition):
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html
FARGATE_SIZES = _sizes(
    {
        "0.25": (0.5, 1, 2),
        "0.5": (1, 2, 3, 4),
        "1": tuple(range(2, 9)),
        "2": tuple(range(4, 17)),
        "4": tuple(range(8, 31)),
        "8": tuple(range(16, 61, 4)),
        "16": tuple(range(32, 121, 8)),
    }
)
# Read on 2026-11-29. The API's reference lists the values, and the CDK's the number of vCPUs for each memory:
# https://docs.aws.amazon.com/apprunner/latest/api/API_InstanceConfiguration.html
# https://docs.aws.amazon.com/cdk/api/v2/docs/@aws-cdk_aws-apprunner-alpha.Memory.html
APP_RUNNER_SIZES = _sizes({"0.25": (0.5, 1), "0.5": (1,), "1": (2, 3, 4), "2": (4, 6), "4": (8, 10, 12)})
