"""Weighs the cost of a function's memory sizes against their speed, as aws-lambda-power-tuning does."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from django_runtimes.compare.cost.analysis import CostAnalysis
from django_runtimes.compare.cost.bills.bill import Bill
from django_runtimes.compare.cost.bills.lambda_bill import LambdaBilling
from django_runtimes.compare.cost.exclusion import excluded_text
from django_runtimes.compare.cost.prices.price import PriceList
from django_runtimes.compare.cost.usage.measured_usage import TargetUsage
from django_runtimes.compare.cost.usage.traffic import Traffic
from django_runtimes.compare.cost.usage.usage_key import LAMBDA
from django_runtimes.compare.cost.usage.value_origin import ValueOrigin
from django_runtimes.compare.emulator.container_limits import lambda_vcpus
from django_runtimes.compare.record.results import Run

# The weight of the cost in the balanced choice: 0 chooses the fastest size, 1 the cheapest.
DEFAULT_WEIGHT = 0.5
_MILLION = Decimal(1_000_000)


@dataclass(frozen=True)
class MemoryPoint:
    """A memory size with the mean duration of a request, and the price of a million requests' durations.

    `mark` is the mark of a price that is not verified.
    """

    name: str
    memory_mb: int
    duration_ms: Decimal
    usd_per_million: Decimal
    mark: str = ""
    # The reasons why the size is not chosen, whatever its price and its duration.
    exclusions: tuple[str, ...] = ()

    @property
    def usd_text(self) -> str:
        """The price with its mark, such as "2.05*"."""
        return f"{self.usd_per_million:.2f}{self.mark}"

    @property
    def vcpus(self) -> float:
        """The vCPUs that Lambda grants with this memory."""
        return lambda_vcpus(self.memory_mb)


@dataclass(frozen=True)
class MemoryTuning:
    """The measured memory sizes of one function, from the smallest on, and the weight of the cost from 0 to 1."""

    target: str
    points: tuple[MemoryPoint, ...]
    weight: Decimal

    @property
    def eligible(self) -> tuple[MemoryPoint, ...]:
        """The sizes that can be chosen; a reason that all sizes share does not tell them apart."""
        shared = set.intersection(*(set(point.exclusions) for point in self.points))
        return tuple(point for point in self.points if shared.issuperset(point.exclusions))

    @property
    def left_out(self) -> str:
        """The other sizes with their reasons; "" if there are none."""
        return excluded_text({point.name: point.exclusions for point in self.points if point not in self.eligible})

    @property
    def cheapest(self) -> MemoryPoint:
        """The size with the lowest price; the faster of two with the same price."""
        return min(self.eligible, key=lambda point: (point.usd_per_million, point.duration_ms))

    @property
    def fastest(self) -> MemoryPoint:
        """The size with the shortest duration; the cheaper of two with the same duration."""
        return min(self.eligible, key=lambda point: (point.duration_ms, point.usd_per_million))

    @property
    def balanced(self) -> MemoryPoint:
        """The size with the lowest weighted sum of price and duration, each as a share of the highest one."""
        highest_usd = max(point.usd_per_million for point in self.eligible)
        longest_ms = max(point.duration_ms for point in self.eligible)

        def weighted(point: MemoryPoint) -> Decimal:
            price = point.usd_per_million / highest_usd if highest_usd else Decimal(0)
            return self.weight * price + (1 - self.weight) * point.duration_ms / longest_ms

        return min(self.eligible, key=weighted)

    def roles(self, point: MemoryPoint) -> tuple[str, ...]:
        """Return which of "cheapest", "balanced" and "fastest" a size is."""
        if point not in self.eligible:
            return ()
        chosen = {"cheapest": self.cheapest, "balanced": self.balanced, "fastest": self.fastest}
        return tuple(role for role, each in chosen.items() if each == point)


def tunings_of(run: Run, analysis: CostAnalysis | None) -> tuple[MemoryTuning, ...]:
    """Return the tuning of each function of which the run measured several memory sizes; none without an analysis."""
    if analysis is None:
        return ()
    plan = run.environment.get("plan")
    weight = plan.get("balanced_weight") if isinstance(plan, Mapping) else None
    return memory_tunings(analysis, DEFAULT_WEIGHT if weight is None else weight)


def memory_tunings(analysis: CostAnalysis, weight: float = DEFAULT_WEIGHT) -> tuple[MemoryTuning, ...]:
    """Return the tuning of each function of which several memory sizes were measured."""
    by_target: dict[str, list[MemoryPoint]] = {}
    for target, point in _points(analysis):
        by_target.setdefault(target, []).append(point)
    return tuple(
        MemoryTuning(target, tuple(sorted(points, key=lambda point: point.memory_mb)), Decimal(repr(weight)))
        for target, points in by_target.items()
        if len(points) > 1
    )


def _points(analysis: CostAnalysis) -> Iterator[tuple[str, MemoryPoint]]:
    for usage in analysis.usages:
        target, at, _ = usage.name.rpartition("@")
        # The size in the name of a deployed target is the user's own text, and nothing checks it.
        # The memory of Managed Instances has no price of its own.
        is_sized = bool(at) and usage.runtime in LAMBDA
        if is_sized and not any(usage.origins[key] is ValueOrigin.ASSUMED for key in ("memory_mb", "duration_ms")):
            bill = _million_durations(usage, analysis.prices)
            point = MemoryPoint(usage.name, int(usage.usage.memory_mb), usage.usage.duration_ms, bill.usd, bill.mark)
            yield target, replace(point, exclusions=analysis.exclusions.get(usage.name, ()))


def _million_durations(usage: TargetUsage, prices: PriceList) -> Bill:
    """Return the bill of the durations alone: the other terms do not depend on the memory."""
    bill = LambdaBilling(usage.name, usage.usage, prices).bill(Traffic.monthly(_MILLION))
    return Bill(tuple(term for term in bill.terms if term.name == "Lambda duration"))
