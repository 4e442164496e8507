"""The measured targets of a run as candidates for a recommendation, judged by the stated limits."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property

from django_runtimes.compare.cost.analysis import CostAnalysis
from django_runtimes.compare.cost.bills.bill import Bill, BilledTarget
from django_runtimes.compare.cost.exclusion import exclusions_of
from django_runtimes.compare.cost.usage.traffic import Traffic
from django_runtimes.compare.recommendation.p99_limit import judge_p99
from django_runtimes.compare.recommendation.stated_limits import StatedLimits
from django_runtimes.compare.record.results import Run, ScenarioResult, TargetResult


@dataclass(frozen=True)
class Candidate:
    """A measured target with its bill, and every reason why it cannot be recommended.

    `exclusions` has the reasons that no limit changes, `misses` the limits that it is not shown to meet.
    The bill is the one with the front door that `webapp deploy` makes by default; `others` has the target's other
    bills. `p99_ms` is the highest p99 of its steady scenarios; None if one of them has too few samples. `billed` and
    `usd` are None if there is no bill for its runtime.
    """

    target: TargetResult
    traffic: Traffic
    billed: BilledTarget | None
    p99_ms: float | None
    others: tuple[BilledTarget, ...] = ()
    exclusions: tuple[str, ...] = ()
    misses: tuple[str, ...] = ()
    # Whether it is not shown to meet the limit of the p99.
    is_slow: bool = False
    # What no p99 exceeds, with a confidence of 95 %, and the loads with too few samples to judge; without a limit of
    # the p99 None and empty.
    p99_bound_ms: float | None = None
    unjudged_loads: tuple[str, ...] = ()

    @cached_property
    def bill(self) -> Bill | None:
        """The bill at the traffic at which bills are judged."""
        return None if self.billed is None else self.billed.bill(self.traffic)

    @property
    def usd(self) -> Decimal | None:
        """The bill's total, rounded to the cent."""
        return None if self.bill is None else self.bill.rounded_usd

    @property
    def usd_text(self) -> str:
        """The bill's total with the mark of unverified prices; "-" without a bill."""
        return "-" if self.bill is None else self.bill.text

    @property
    def brief_setup(self) -> str:
        """The most important choice that the bill contains, such as "behind an HTTP API"."""
        return "" if self.billed is None else self.billed.brief_setup(self.traffic)

    @property
    def name(self) -> str:
        """The name of the target."""
        return self.target.name

    @property
    def shown_scenarios(self) -> tuple[ScenarioResult, ...]:
        """The steady scenarios, each at its middle rate only."""
        return shown_scenarios(self.target)


def candidates_of(run: Run, limits: StatedLimits, analysis: CostAnalysis | None) -> tuple[Candidate, ...]:
    """Return a candidate for each measured target; `analysis` is None if nothing can be billed."""
    exclusions = exclusions_of(run.targets)
    return tuple(
        replace(_candidate(target, limits, analysis), exclusions=exclusions.get(target.name, ()))
        for target in run.targets
        if target.status == "measured"
    )


def steady_scenarios(target: TargetResult) -> tuple[ScenarioResult, ...]:
    """Return the scenarios at a constant rate."""
    return tuple(scenario for scenario in target.scenarios if scenario.rate_rps is not None)


def shown_scenarios(target: TargetResult) -> tuple[ScenarioResult, ...]:
    """Return each steady scenario at the middle of its rates, for a summary."""
    by_name: dict[str, list[ScenarioResult]] = {}
    for scenario in steady_scenarios(target):
        by_name.setdefault(scenario.name, []).append(scenario)
    return tuple(
        sorted(group, key=lambda scenario: scenario.rate_rps or 0.0)[len(group) // 2] for group in by_name.values()
    )


def _candidate(target: TargetResult, limits: StatedLimits, analysis: CostAnalysis | None) -> Candidate:
    bills = () if analysis is None else analysis.bills_of(target.name)
    p99s_ms = [scenario.latency_ms.p99 for scenario in steady_scenarios(target)]
    known_ms = [p99_ms for p99_ms in p99s_ms if p99_ms is not None]
    p99_ms = max(known_ms) if known_ms and len(known_ms) == len(p99s_ms) else None
    found = Candidate(target, limits.traffic, next(iter(bills), None), p99_ms, bills[1:])
    if limits.max_p99_ms is None:
        return replace(found, misses=tuple(_cost_misses(found, limits)))
    judged = judge_p99(steady_scenarios(target), limits.max_p99_ms)
    return replace(
        found,
        misses=(*judged.misses, *_cost_misses(found, limits)),
        is_slow=bool(judged.misses),
        p99_bound_ms=judged.bound_ms,
        unjudged_loads=judged.unjudged,
    )


def _cost_misses(candidate: Candidate, limits: StatedLimits) -> Iterator[str]:
    usd = candidate.usd
    if limits.max_usd is not None and usd is None:
        yield "there is no bill for its runtime"
    elif limits.max_usd is not None and usd is not None and usd > limits.max_usd:
        yield f"it costs {candidate.usd_text} USD per month {candidate.brief_setup}{_lower(candidate, limits.max_usd)}"


def _lower(candidate: Candidate, max_usd: Decimal) -> str:
    """Return the other bills of the target that are within the limit, for a user who can choose them."""
    bills = [(billed, billed.bill(candidate.traffic)) for billed in candidate.others]
    return "".join(
        f" ({bill.text} {billed.brief_setup(candidate.traffic)})"
        for billed, bill in bills
        if bill.rounded_usd <= max_usd
    )
