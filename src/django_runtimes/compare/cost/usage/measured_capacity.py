"""The capacity of a target in its run, and the one of a task or an environment with other vCPUs that follows."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django_runtimes.compare.analysis.implausible_capacity import found_capacities, implausible_capacities
from django_runtimes.compare.cost.usage.billed_runtime import billed_runtime
from django_runtimes.compare.cost.usage.usage_key import MANAGED, SCALED
from django_runtimes.compare.record.results import Run, TargetResult

# The limits in the format that ContainerLimits writes.
_LIMITS = re.compile(r"(?P<cpus>\d+(?:\.\d+)?) CPU and (?P<memory_mb>[\d,]+) MB")
_CENTI = Decimal("0.01")


@dataclass(frozen=True)
class MeasuredLimits:
    """The CPUs and the memory that a target had in a run."""

    cpus: Decimal
    memory_mb: Decimal


@dataclass(frozen=True)
class MeasuredCapacity:
    """The highest rate that a target kept up with, in the scenario where it is lowest, and the CPUs that it had."""

    rate_rps: Decimal
    cpus: Decimal
    scenario: str
    # Whether the target had these CPUs for itself.
    is_limited: bool
    # What the capacity grows with.
    size: str = "task_vcpu"

    def with_vcpu(self, vcpu: Decimal) -> Decimal:
        """Return the capacity of a task or an environment with these vCPUs, in proportion to the CPUs of the run."""
        return max((self.rate_rps * vcpu / self.cpus).quantize(_CENTI), _CENTI)

    @property
    def basis(self) -> str:
        """A description of the measurement."""
        cpus = f"{self.cpus.normalize():f} {'CPU' if self.cpus == 1 else 'CPUs'}"
        where = f"its limit of {cpus}" if self.is_limited else f"{cpus} that it shared with the database and the load"
        return (
            f"the {self.scenario} capacity with {where}, in proportion to {self.size}, on the measuring machine "
            "instead of AWS's CPUs"
        )


def limits_of(details: Mapping[str, object]) -> MeasuredLimits | None:
    """Return the limits of a target with a memory size or of the containers of an image, from its details."""
    found = _LIMITS.fullmatch(str(details.get("limits", "")))
    if found is None:
        return None
    return MeasuredLimits(Decimal(found["cpus"]), Decimal(found["memory_mb"].replace(",", "")))


def capacity_of(run: Run, target: TargetResult, details: Mapping[str, object]) -> MeasuredCapacity | None:
    """Return the capacity of an emulated target that is billed by its capacity.

    None if the run has none that is certain and plausible. The number of a deployed service's tasks is unknown, so its
    capacity is not the one of a task.
    """
    runtime = billed_runtime(target.name, target.runtime)
    if runtime not in SCALED or target.label != "emulated" or not target.capacities:
        return None
    implausible = {each.target for each in implausible_capacities(found_capacities(run.targets))}
    if target.name in implausible or not all(each.is_certain for each in target.capacities.values()):
        return None
    limits = limits_of(details)
    cpus = _used_cpus(run, details) if limits is None else limits.cpus
    if not cpus:
        return None
    scenario, lowest = min(target.capacities.items(), key=lambda item: item[1].rate_rps)
    size = "the vCPUs of an execution environment" if runtime in MANAGED else "task_vcpu"
    return MeasuredCapacity(Decimal(repr(lowest.rate_rps)), cpus, scenario, limits is not None, size)


def _used_cpus(run: Run, details: Mapping[str, object]) -> Decimal | None:
    """Return the CPUs of the machine, or the number of the target's workers if there are fewer; None if unknown."""
    cpus = run.environment.get("machine", {}).get("cpus")
    if isinstance(cpus, bool) or not isinstance(cpus, int) or cpus < 1:
        return None
    workers = str(details.get("workers", ""))
    # A worker is one process of Python, which computes on one CPU at a time.
    return Decimal(min(cpus, int(workers)) if workers.isdecimal() and int(workers) else cpus)
