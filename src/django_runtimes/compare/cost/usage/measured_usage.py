"""The usage of each target, with the values that a run measured."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.cost.usage.billed_runtime import billed_runtime
from django_runtimes.compare.cost.usage.environment_size import environment_vcpu
from django_runtimes.compare.cost.usage.measured_capacity import MeasuredCapacity, capacity_of, limits_of
from django_runtimes.compare.cost.usage.usage import USAGE_KEYS, Usage, assumed_usage
from django_runtimes.compare.cost.usage.usage_key import CONNECTED, LAMBDA, MANAGED, UsageKey
from django_runtimes.compare.cost.usage.usage_settings import SettableTarget, UsageSettings
from django_runtimes.compare.cost.usage.value_origin import ValueOrigin
from django_runtimes.compare.load.histogram import LatencyHistogram
from django_runtimes.compare.record.results import Run, ScenarioResult, TargetResult
from django_runtimes.compare.targets.name import DEFAULT_TARGETS, engine_in
from django_runtimes.config.values.connection_strategy import Strategy
from django_runtimes.config.values.data_paths import Engine

_MILLI = Decimal("0.001")
_MB_PER_GB = Decimal(1_024)
_CAPACITY = "capacity_rps"
# A function of Managed Instances records how many processes each of its environments had.
_PROCESSES = re.compile(r"[1-9]\d{0,3}(?=,)")
_FUNCTION_URL = re.compile(r"^https://[^/]+\.lambda-url\.[^/]+\.on\.aws(?:[:/]|$)")


@dataclass(frozen=True)
class MeasuredValue:
    """A value that a run measured, and a description of the measurement."""

    value: Decimal
    basis: str


@dataclass(frozen=True)
class TargetUsage:
    """A target with its usage and the origin of each value; `runtime` tells functions on Managed Instances apart."""

    name: str
    runtime: str
    route: str
    usage: Usage
    origins: Mapping[str, ValueOrigin]
    # A description of each measurement.
    bases: Mapping[str, str]
    # "emulated" or "deployed"; "assumed" without a run.
    label: str = "assumed"
    # Whether requests reached the measured function by its URL.
    is_function_url: bool = False
    engine: str = Engine.POSTGRESQL.value

    def needs(self, key: str) -> bool:
        """Whether the key affects the target's bill, or a shared part."""
        found = USAGE_KEYS[key]
        return found.affects(self.runtime, self.route, self.engine) or found.affects_shared(self.runtime, self.engine)

    def assumes(self, key: str) -> bool:
        """Whether the target's bill rests on an assumed value of this key."""
        return self.needs(key) and self.origins[key] is ValueOrigin.ASSUMED


def measured_targets(run: Run) -> tuple[SettableTarget, ...]:
    """Return the targets of a run that have a usage."""
    return tuple(_settable(target) for target in run.targets if target.status == "measured")


def _settable(target: TargetResult) -> SettableTarget:
    # The parts in the name of a deployed target are the user's own text.
    engine = engine_in(target.name) if target.label == "emulated" else Engine.POSTGRESQL
    return SettableTarget(target.name, billed_runtime(target.name, target.runtime), target.route, engine.value)


def assumed_targets() -> tuple[SettableTarget, ...]:
    """Return the default targets of a comparison.

    Persistent connections are left out, since they make no difference without measurements.
    """
    return tuple(
        SettableTarget(str(name), name.runtime.value, name.route.value)
        for name in DEFAULT_TARGETS
        if name.strategy is not Strategy.PERSISTENT
    )


def measured_usages(run: Run, settings: UsageSettings) -> tuple[TargetUsage, ...]:
    """Return the usage of each measured target; set values take precedence over measured ones."""
    return tuple(
        _target_usage(
            _settable(target),
            {**_limits(run, target), **_usable(_settable(target), _measured(run, target))},
            settings,
            label=target.label,
            capacity=capacity_of(run, target, _details(run, target)),
            is_function_url=_FUNCTION_URL.search(str(_details(run, target).get("url", ""))) is not None,
        )
        for target in run.targets
        if target.status == "measured"
    )


def assumed_usages(settings: UsageSettings) -> tuple[TargetUsage, ...]:
    """Return the default targets of a comparison with assumed and set values only."""
    return tuple(_target_usage(each, {}, settings) for each in assumed_targets())


def _target_usage(
    target: SettableTarget,
    measured: Mapping[str, MeasuredValue],
    settings: UsageSettings,
    *,
    label: str = "assumed",
    capacity: MeasuredCapacity | None = None,
    is_function_url: bool = False,
) -> TargetUsage:
    chosen = settings.of(target.name)
    if capacity is not None and _CAPACITY not in measured:
        sized = _usage(target.runtime, measured, chosen)
        vcpu = environment_vcpu(sized) if target.runtime in MANAGED else sized.task_vcpu
        measured = {**measured, _CAPACITY: MeasuredValue(capacity.with_vcpu(vcpu), capacity.basis)}
    origins = dict.fromkeys(USAGE_KEYS, ValueOrigin.ASSUMED)
    origins |= dict.fromkeys(measured, ValueOrigin.MEASURED)
    origins |= dict.fromkeys(chosen, ValueOrigin.SET)
    bases = {key: found.basis for key, found in measured.items() if key not in chosen}
    usage = _usage(target.runtime, measured, chosen)
    return TargetUsage(
        target.name, target.runtime, target.route, usage, origins, bases, label, is_function_url, target.engine
    )


def _usage(runtime: str, measured: Mapping[str, MeasuredValue], chosen: Mapping[str, Decimal | str]) -> Usage:
    # The keys and the types of their values were checked before.
    values = {**{key: found.value for key, found in measured.items()}, **chosen}
    return replace(assumed_usage(runtime), **values)  # type: ignore[arg-type]


def _usable(target: SettableTarget, measured: Iterator[tuple[str, MeasuredValue]]) -> dict[str, MeasuredValue]:
    """Return the values of the KEYs that a target on its engine has."""
    return {name: value for name, value in measured if USAGE_KEYS[name].is_for(target.engine)}


def _measured(run: Run, target: TargetResult) -> Iterator[tuple[str, MeasuredValue]]:
    """Yield each KEY that the run measured; a missing value is never derived from other values."""
    duration = _mean_latency(target)
    if duration is not None:
        yield "duration_ms", duration
    starts = target.cold_start_ms.phases.ready_ms
    runtime = billed_runtime(target.name, target.runtime)
    processes = _PROCESSES.match(str(_details(run, target).get("processes of each environment", "")))
    if runtime in MANAGED and processes is not None:
        yield "processes", MeasuredValue(Decimal(processes[0]), "the number in the run")
    if runtime in LAMBDA and starts:
        mean_ms = sum((_number(target, "cold_start_ms", each) for each in starts), Decimal(0)) / len(starts)
        yield (
            "init_ms",
            MeasuredValue(_rounded(mean_ms), f"the mean of {len(starts)} cold starts on one machine, not on AWS"),
        )
    if target.route in CONNECTED:
        yield from _connections(target)
    # Values that the run recorded for the bill come last, so they replace values derived from other figures.
    for name, value in target.usage.items():
        key = USAGE_KEYS.get(name)
        # A later version may measure more.
        if key is not None and not key.choices:
            yield name, MeasuredValue(_within(target, key, value), f"recorded by the run, {target.label}")


def _within(target: TargetResult, key: UsageKey, value: object) -> Decimal:
    """Return a value within the bounds of its KEY; raise CompareError for any other value."""
    number = _number(target, f"usage.{key.name}", value)
    if not key.low <= number <= key.high:
        raise CompareError(
            f"{target.name}: usage.{key.name} is {value!r}, not from {key.low:f} to {key.high:f}; set it with --set"
        )
    return number


def _details(run: Run, target: TargetResult) -> Mapping[str, object]:
    details: Mapping[str, object] = run.environment.get("targets", {}).get(target.name, {})
    return details


def _limits(run: Run, target: TargetResult) -> dict[str, MeasuredValue]:
    """Return the limits of a target with a memory size or of the containers of an image, else nothing."""
    found = limits_of(_details(run, target))
    if found is None:
        return {}
    basis = "its limit in the run"
    if target.runtime == "aws_lambda":
        return {"memory_mb": MeasuredValue(found.memory_mb, basis)}
    return {
        "task_vcpu": MeasuredValue(found.cpus, basis),
        "task_memory_gb": MeasuredValue(found.memory_mb / _MB_PER_GB, basis),
    }


def _mean_latency(target: TargetResult) -> MeasuredValue | None:
    """Return the mean latency at the lowest steady rate, at which requests wait the least for each other."""
    steady = [each for each in target.scenarios if each.rate_rps is not None and each.latency_ms.n]
    if not steady:
        return None
    lowest = min(_number(target, "rate_rps", each.rate_rps) for each in steady)
    taken = [each for each in steady if each.rate_rps is not None and Decimal(repr(each.rate_rps)) == lowest]
    merged = LatencyHistogram.merged(_histograms(target, taken))
    mean_ms = merged.mean_ms
    if mean_ms is None:
        return None
    value = _rounded(_number(target, "latency_ms", mean_ms))
    basis = f"the mean latency at {lowest.normalize():f}/s, an upper bound since it includes the way to the target"
    return MeasuredValue(max(value, _MILLI), basis)


def _histograms(target: TargetResult, scenarios: Sequence[ScenarioResult]) -> Iterator[LatencyHistogram]:
    for scenario in scenarios:
        valid = [block for block in scenario.blocks if block.void is None] or list(scenario.blocks)
        for block in valid:
            # The decoder raises errors of many types.
            try:
                yield LatencyHistogram.decoded(block.histogram)
            except Exception as error:
                raise CompareError(
                    f"{target.name}: the histogram of {scenario.name} cannot be read ({type(error).__name__}); "
                    "use the file as webapp compare wrote it"
                ) from error


def _connections(target: TargetResult) -> Iterator[tuple[str, MeasuredValue]]:
    """Yield the peak of the connections at the highest steady rate, that rate, and the largest sampled number."""
    if target.connections.peak is not None:
        peak = _number(target, "connections.peak", target.connections.peak)
        yield "peak_connections", MeasuredValue(peak, _peak_basis(target))
    counted = [each for each in target.scenarios if each.rate_rps is not None and each.connections.peak is not None]
    if not counted:
        return
    highest = max(_number(target, "rate_rps", each.rate_rps) for each in counted)
    peak = max(
        _number(target, "connections.peak", each.connections.peak)
        for each in counted
        if each.rate_rps is not None and Decimal(repr(each.rate_rps)) == highest
    )
    yield "connections", MeasuredValue(peak, f"the sampled peak at {highest.normalize():f}/s, a lower bound")
    yield "connections_at_rps", MeasuredValue(highest, "the highest steady rate")


def _peak_basis(target: TargetResult) -> str:
    """Return the description of the largest sampled number, with the scenarios that reached it."""
    reached = [each.name for each in target.scenarios if each.connections.peak == target.connections.peak]
    where = f" ({', '.join(dict.fromkeys(reached))})" if reached else ", between the scenarios"
    return f"the largest number that was sampled{where}, a lower bound"


def _number(target: TargetResult, name: str, value: object) -> Decimal:
    """Return a finite number from 0 on; raise CompareError for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise CompareError(
            f"{target.name}: {name} is {value!r}, not a number from 0 on; use the file as webapp compare wrote it"
        )
    return Decimal(repr(value))


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(_MILLI)
