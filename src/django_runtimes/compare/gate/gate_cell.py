"""The figures that a condition is about: one for each target and load that it names."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from django_runtimes.compare.cost.usage.traffic import Traffic
from django_runtimes.compare.gate.gate_condition import EVERY_TARGET, FailCondition, bill_names
from django_runtimes.compare.gate.gate_figure import GateFigure
from django_runtimes.compare.gate.gate_latency import (
    cold_start_figure,
    cold_start_ratio,
    latency_figure,
    latency_ratio,
)
from django_runtimes.compare.gate.gate_metric import METRICS
from django_runtimes.compare.gate.judged_run import JudgedRun
from django_runtimes.compare.gate.unjudgeable import UnjudgeableError
from django_runtimes.compare.intervals.order_statistics import share_interval
from django_runtimes.compare.record.results import ScenarioResult, TargetResult

_DEFAULT_RPS = "10"
_MILLION = 1_000_000


@dataclass(frozen=True)
class GateCell:
    """A target, or a target under one load; `figure` raises UnjudgeableError if the run does not have it."""

    subject: str
    # Returns the figure with an interval of a confidence.
    figure: Callable[[float], GateFigure]


def cells_of(condition: FailCondition, judged: JudgedRun) -> list[GateCell]:
    """Return every figure that the condition is about; at least one."""
    cells = [cell for target in _targets(condition, judged) for cell in _cells(condition, target, judged)]
    return cells or [_missing(condition.target, f"{judged.name or 'the run'} has no such target")]


def _targets(condition: FailCondition, judged: JudgedRun) -> Iterator[TargetResult]:
    for target in judged.run.targets:
        if condition.target == EVERY_TARGET:
            is_reference = judged.base is None and target in judged.measured[:1]
            if not (condition.is_ratio and is_reference):
                yield target
        elif condition.target in (target.name, *bill_names(target.name)):
            yield target


def _cells(condition: FailCondition, target: TargetResult, judged: JudgedRun) -> Iterator[GateCell]:
    if target.status != "measured":
        yield _missing(target.name, f"it failed: {target.error}")
        return
    match condition.metric.name:
        case "p50" | "p90" | "p99":
            for scenario in _scenarios(condition, target):
                yield GateCell(_subject(target, scenario), partial(_latency, condition, target, scenario, judged))
        case "errors":
            for scenario in _scenarios(condition, target):
                yield GateCell(_subject(target, scenario), partial(_errors, scenario))
        case "cold_start p50":
            yield GateCell(target.name, partial(_cold_start, condition, target, judged))
        case "connections" if condition.load is None:
            yield GateCell(target.name, partial(_connections, target.connections.peak))
        case "connections":
            for scenario in _scenarios(condition, target):
                yield GateCell(_subject(target, scenario), partial(_connections, scenario.connections.peak))
        case _:
            yield from _cost_cells(condition, target, judged)
            return
    if condition.load is not None and not list(_scenarios(condition, target)):
        loads = ", ".join(_load(scenario) for scenario in target.scenarios) or "none"
        yield _missing(target.name, f"it has no load {condition.load!r}; its loads are: {loads}")


def _scenarios(condition: FailCondition, target: TargetResult) -> Iterator[ScenarioResult]:
    """Yield the scenarios that a condition names; otherwise the steady ones, and for errors the bursts too."""
    for scenario in target.scenarios:
        if condition.load is None:
            if scenario.rate_rps is not None or condition.metric is METRICS["errors"]:
                yield scenario
            continue
        name, colon, rate = condition.load.partition(":")
        if name == scenario.name and (not colon or scenario.rate_rps == float(rate)):
            yield scenario


def _load(scenario: ScenarioResult) -> str:
    return scenario.name if scenario.rate_rps is None else f"{scenario.name}:{scenario.rate_rps:g}"


def _subject(target: TargetResult, scenario: ScenarioResult) -> str:
    return f"{target.name}@{_load(scenario)}"


def _missing(subject: str, reason: str) -> GateCell:
    def figure(_: float) -> GateFigure:
        raise UnjudgeableError(reason)

    return GateCell(subject, figure)


def _latency(
    condition: FailCondition, target: TargetResult, scenario: ScenarioResult, judged: JudgedRun, confidence: float
) -> GateFigure:
    share = condition.metric.percentile or 0.5
    if not condition.is_ratio:
        return latency_figure(scenario, share, confidence)
    reference = judged.reference_of(target)
    if scenario.rate_rps is None:
        raise UnjudgeableError("bursts have no ratio, since a run has too few of them; name a steady load")
    for base in reference.scenarios:
        if (base.name, base.rate_rps) == (scenario.name, scenario.rate_rps):
            found = latency_ratio(scenario, base, share, confidence, independent=judged.independent)
            judged.check_pairs_are_judged()
            return found
    raise UnjudgeableError(
        f"{judged.compared_with} has no load {_load(scenario)!r}; measure both at the same rates, with --rates-from"
    )


def _errors(scenario: ScenarioResult, confidence: float) -> GateFigure:
    if not scenario.sent:
        raise UnjudgeableError("nothing was sent")
    wrong = scenario.sent - scenario.ok
    low, high = share_interval(wrong, scenario.sent, confidence=confidence)
    return GateFigure(100 * wrong / scenario.sent, 100 * low, 100 * high, confidence)


def _cold_start(condition: FailCondition, target: TargetResult, judged: JudgedRun, confidence: float) -> GateFigure:
    if not condition.is_ratio:
        return cold_start_figure(target, confidence)
    found = cold_start_ratio(target, judged.reference_of(target), confidence)
    judged.check_pairs_are_judged()
    return found


def _connections(peak: int | None, _: float) -> GateFigure:
    if peak is None:
        raise UnjudgeableError("its connections were not sampled")
    return GateFigure.exact(peak)


def _cost_cells(condition: FailCondition, target: TargetResult, judged: JudgedRun) -> Iterator[GateCell]:
    name = condition.target if condition.target in bill_names(target.name) else bill_names(target.name)[0]
    rate = condition.load or _DEFAULT_RPS
    yield GateCell(f"{name}@{rate}", partial(_cost, condition, name, Decimal(rate), judged))


def _cost(condition: FailCondition, name: str, rate_rps: Decimal, judged: JudgedRun, _: float) -> GateFigure:
    traffic = Traffic.constant(rate_rps)
    for billed in judged.cost.targets:
        if billed.name == name:
            bill = billed.bill(traffic)
            usd = bill.usd
            if condition.metric.name == "usd_per_million":
                usd = usd * _MILLION / traffic.requests
            unverified = tuple(price.key for price in bill.unverified)
            return GateFigure.exact(float(usd), unverified=unverified, assumed=bill.assumed)
    raise UnjudgeableError("it has no bill; `webapp docs cost` lists the runtimes with prices")
