"""The execution environments of Managed Instances, and the EC2 instances that hold them."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.cost.prices.price import PriceList
from django_runtimes.compare.cost.usage.ec2_types import EC2_TYPES, SMALLEST, Ec2Type
from django_runtimes.compare.cost.usage.usage import Usage

MB_PER_GB = Decimal(1_024)
# The billing rules that say which part of an instance Lambda keeps for itself.
RESERVED = ("managed_reserved_vcpu", "managed_reserved_gb")


@dataclass(frozen=True)
class Placement:
    """A type of EC2 instances, and the number of execution environments that each instance holds."""

    ec2_type: Ec2Type
    environments: Decimal


def environment_vcpu(usage: Usage) -> Decimal:
    """Return the whole vCPUs of an execution environment, which come with its memory."""
    vcpu = usage.memory_mb / MB_PER_GB / Decimal(usage.gb_per_vcpu)
    return vcpu.to_integral_value(ROUND_CEILING)


def placement_of(usage: Usage, prices: PriceList) -> Placement:
    """Return the instances of a target: of the set type, or of the smallest one on x86 that holds an environment.

    Raise UsageError if an instance holds none.
    """
    for each in _chosen_types(usage):
        placed = _placed(each, usage, prices)
        if placed.environments > 0:
            return placed
    sufficient = [each.name for each in EC2_TYPES if _placed(each, usage, prices).environments > 0]
    remedy = f"choose one of: {', '.join(sufficient)}" if sufficient else "set less memory_mb"
    vcpu, memory_gb = (prices.value(key) for key in RESERVED)
    raise UsageError(
        f"instance_type={usage.instance_type} holds no execution environment of {environment_vcpu(usage):f} vCPU and "
        f"{(usage.memory_mb / MB_PER_GB).normalize():f} GB beside the {vcpu:f} vCPU and {memory_gb:f} GB that Lambda "
        f"keeps; {remedy}"
    )


def _chosen_types(usage: Usage) -> Iterator[Ec2Type]:
    """Yield the set type, or those with an environment's memory for each vCPU: on x86 first, the smallest first."""
    for each in EC2_TYPES:
        is_smallest = usage.instance_type == SMALLEST and each.gb_per_vcpu == usage.gb_per_vcpu
        if is_smallest or usage.instance_type == each.name:
            yield each


def _placed(each: Ec2Type, usage: Usage, prices: PriceList) -> Placement:
    reserved_vcpu, reserved_gb = (prices.value(key) for key in RESERVED)
    by_vcpu = (each.vcpu - reserved_vcpu) / environment_vcpu(usage)
    by_memory = (each.memory_gb - reserved_gb) * MB_PER_GB / usage.memory_mb
    return Placement(each, min(by_vcpu, by_memory).to_integral_value(ROUND_FLOOR))
