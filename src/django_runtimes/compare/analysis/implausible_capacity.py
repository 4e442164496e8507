"""Finds capacities that are too low to be true."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from django_runtimes.compare.analysis.percentile import latency_of
from django_runtimes.compare.record.capacity import Capacity
from django_runtimes.compare.record.results import TargetResult

# A capacity is implausible below this share of the median of similar targets, or of the rate of a single client.
_MIN_SHARE_OF_SIMILAR = 1 / 3
_MIN_SHARE_OF_CLIENT = 0.4

# The kind of the runtime, the route with the size, and the label.
SimilarKey = tuple[str, str, str]


@dataclass(frozen=True)
class FoundCapacity:
    """The capacity of a target under one scenario; targets with the same key `similar` should have a similar one.

    `client_rps` is the rate that a single client without breaks would reach; None if it is unknown.
    """

    target: str
    similar: SimilarKey
    scenario: str
    capacity: Capacity
    client_rps: float | None = None


@dataclass(frozen=True)
class ImplausibleCapacity:
    """A capacity in requests per second that is far below `expected_rps`, for this reason."""

    target: str
    scenario: str
    rate_rps: float
    expected_rps: float
    reason: str


def implausible_capacities(found: Sequence[FoundCapacity]) -> list[ImplausibleCapacity]:
    """Return the capacities that are far below those of similar targets, or below the rate of a single client."""
    return [implausible for each in found if (implausible := _implausible(each, found)) is not None]


def similar_key(name: str, route: str, label: str) -> SimilarKey:
    """Return the key of a target; App Runner, ECS and Kubernetes start the same process."""
    kind = "function" if name.startswith("aws_lambda") else "container"
    return kind, f"{route}{''.join(name.partition('@')[1:])}", label


def found_capacities(targets: Iterable[TargetResult]) -> list[FoundCapacity]:
    """Return the capacities of measured targets, with the rates of a single client."""
    return [
        FoundCapacity(
            target.name,
            similar_key(target.name, target.route, target.label),
            scenario,
            capacity,
            _client_rps(target, scenario),
        )
        for target in targets
        if target.status == "measured"
        for scenario, capacity in target.capacities.items()
    ]


def _implausible(each: FoundCapacity, found: Sequence[FoundCapacity]) -> ImplausibleCapacity | None:
    rate_rps = each.capacity.rate_rps
    if each.capacity.is_generators:
        return None
    others = [
        other.capacity.rate_rps
        for other in found
        if (other.similar, other.scenario) == (each.similar, each.scenario) and other is not each
    ]
    if others and rate_rps < _MIN_SHARE_OF_SIMILAR * median(others):
        reason = "which similar targets keep up with"
        return ImplausibleCapacity(each.target, each.scenario, rate_rps, median(others), reason)
    if each.client_rps is not None and rate_rps < _MIN_SHARE_OF_CLIENT * each.client_rps:
        reason = "which a single client reaches at its mean latency"
        return ImplausibleCapacity(each.target, each.scenario, rate_rps, each.client_rps, reason)
    return None


def _client_rps(target: TargetResult, scenario: str) -> float | None:
    means_ms = [
        mean_ms
        for each in target.scenarios
        if each.name == scenario and each.rate_rps is not None and (mean_ms := latency_of(each).mean_ms)
    ]
    return 1_000 / min(means_ms) if means_ms else None
