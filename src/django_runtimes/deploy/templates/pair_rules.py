"""Checks pairs of a template's parameters, which CloudFormation accepts one by one and a service refuses together."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django_runtimes.config.values.container_size import APP_RUNNER_SIZES, FARGATE_SIZES

_UNITS_PER_VCPU, _MB_PER_GB = 1024, 1024
# A number that may have a unit, as App Runner writes them.
_NUMBER = re.compile(r"\d+(\.\d+)?( vCPU| GB)?")
# RDS requires this much more than the initial storage, in percent.
_STORAGE_MARGIN = 10
_ON, _MANAGED = "yes", "ManagedInstances"
# The ratio of the template's Managed Instances.
MB_PER_VCPU = 4096
# Lambda's limit for Python.
_PROCESSES_PER_VCPU = 16


@dataclass(frozen=True)
class ExclusionRule:
    """A switch that is "yes", and another parameter that must keep the value `off` then, with the reason."""

    switch: str
    other: str
    off: str
    reason: str


@dataclass(frozen=True)
class PairRule:
    """Two parameters, the function that returns the broken rule or None, and the engine that uses them."""

    first: str
    second: str
    broken: Callable[[float, float], str | None]
    # Empty if the parameters apply to each engine, or the template has none.
    engine: str = ""


def broken_pair(values: Mapping[str, str]) -> str | None:
    """Return the first pair of a stack's values that a service refuses, with the rule; None if there is none."""
    for rule in PAIR_RULES:
        first, second = values.get(rule.first), values.get(rule.second)
        if first is None or second is None or rule.engine not in {"", values.get("Engine")}:
            continue
        # A copy of the templates may have values of another form.
        if not (_NUMBER.fullmatch(first) and _NUMBER.fullmatch(second)):
            continue
        if reason := rule.broken(_number(first), _number(second)):
            return f"{rule.first} = '{first}' with {rule.second} = '{second}': {reason}"
    for exclusion in EXCLUSION_RULES:
        value = values.get(exclusion.other, exclusion.off)
        if values.get(exclusion.switch) == _ON and value != exclusion.off:
            return f"{exclusion.switch} = '{_ON}' with {exclusion.other} = '{value}': {exclusion.reason}"
    return _broken_instances(values)


def _broken_instances(values: Mapping[str, str]) -> str | None:
    """Return the broken rule of a function's memory and processes on Managed Instances."""
    memory, processes = values.get("MemoryMb", ""), values.get("Processes", "")
    if values.get(_MANAGED) != _ON or not (memory.isdecimal() and processes.isdecimal()):
        return None
    vcpus, rest = divmod(int(memory), MB_PER_VCPU)
    if not vcpus or rest:
        return (
            f"{_MANAGED} = '{_ON}' with MemoryMb = '{memory}': Managed Instances have 4096 MB for each vCPU; set "
            "MemoryMb to 4096 or 8192"
        )
    if int(processes) > vcpus * _PROCESSES_PER_VCPU:
        return (
            f"MemoryMb = '{memory}' with Processes = '{processes}': Lambda runs at most {_PROCESSES_PER_VCPU} Python "
            f"processes for each vCPU, here {vcpus * _PROCESSES_PER_VCPU}"
        )
    return None


def _number(value: str) -> float:
    return float(value.partition(" ")[0])


def _above(least: float, most: float) -> str | None:
    return "the minimum is above the maximum" if least > most else None


def _above_reservation(provisioned: float, reserved: float) -> str | None:
    # Without a reservation the account's limit applies.
    if 0 < reserved < provisioned:
        return "Lambda keeps at most the reserved environments ready, and 0 reserves none"
    return None


def _small_storage(initial: float, most: float) -> str | None:
    if most * 100 < initial * (100 + _STORAGE_MARGIN):
        return f"RDS requires a maximum at least {_STORAGE_MARGIN} % above the initial storage"
    return None


def _fargate_memory(units: float, memory_mb: float) -> str | None:
    offered = FARGATE_SIZES.get(Decimal(units) / _UNITS_PER_VCPU)
    # A copy of the templates may offer more sizes.
    if offered is None or Decimal(memory_mb) / _MB_PER_GB in offered:
        return None
    least, most = (each * _MB_PER_GB for each in (offered[0], offered[-1]))
    return f"with {units:g} CPU units Fargate offers {least.normalize():f} to {most.normalize():f} MB"


def _app_runner_memory(cpu: float, memory_gb: float) -> str | None:
    offered = APP_RUNNER_SIZES.get(Decimal(str(cpu)))
    # App Runner also accepts CPU units and MB, which a copy of the templates may offer.
    if offered is None or memory_gb > max(map(max, APP_RUNNER_SIZES.values())) or Decimal(str(memory_gb)) in offered:
        return None
    return f"with {cpu:g} vCPU App Runner offers {', '.join(map(str, offered))} GB"


PAIR_RULES = (
    PairRule("MinTasks", "MaxTasks", _above),
    PairRule("MinInstances", "MaxInstances", _above),
    PairRule("MinAcu", "MaxAcu", _above, engine="aurora"),
    PairRule("StorageGb", "MaxStorageGb", _small_storage, engine="instance"),
    PairRule("ProvisionedConcurrency", "ReservedConcurrency", _above_reservation),
    PairRule("CpuUnits", "MemoryMb", _fargate_memory),
    PairRule("Cpu", "Memory", _app_runner_memory),
    PairRule("MinExecutionEnvironments", "MaxExecutionEnvironments", _above),
)
EXCLUSION_RULES = (
    ExclusionRule("SnapStart", "ProvisionedConcurrency", "0", "Lambda restores snapshots or keeps environments ready"),
    ExclusionRule(_MANAGED, "SnapStart", "no", "Managed Instances start before requests arrive, without snapshots"),
    ExclusionRule(
        _MANAGED, "ProvisionedConcurrency", "0", "Managed Instances always run; set MinExecutionEnvironments"
    ),
    ExclusionRule(_MANAGED, "WarmUp", "no", "Managed Instances always run"),
    ExclusionRule(
        _MANAGED, "DataApi", "no", "Managed Instances run in the network that Route = 'data_api' does without"
    ),
)
