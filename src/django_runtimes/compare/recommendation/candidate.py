"""The measured targets of a run as candidates for a recommendation, judged by the stated limits."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property

from django_runtimes.compare.analysis.percentile import latency_of, percentile_of
from django_runtimes.compare.analysis.summary import MIN_OK_SHARE
from django_runtimes.compare.cost.analysis import CostAnalysis
from django_runtimes.compare.cost.bills.bill import Bill, BilledTarget
from django_runtimes.compare.cost.usage.traffic import Traffic
from django_runtimes.compare.load.histogram import P99_SAMPLES
from django_runtimes.compare.recommendation.stated_limits import StatedLimits
from django_runtimes.compare.record.results import Run, ScenarioResult, TargetResult

# New customers cannot choose this runtime any more.
CLOSED_RUNTIME = "aws_app_runner"
_BURST_REQUESTS = {"burst": "requests in bursts", "burst_cold": "requests in cold bursts"}
_EMULATED = "it was emulated, and deployed targets were measured"


@dataclass(frozen=True)
class Candidate:
    """A measured target with its bill, and every reason why it cannot be recommended.

    The bill is the one with the front door that `webapp deploy` makes by default; `others` has the target's other
    bills. `p99_ms` is the highest p99 of its steady scenarios; None if one of them has too few samples. `billed` and
    `usd` are None if there is no bill for its runtime.
    """

    target: TargetResult
    traffic: Traffic
    billed: BilledTarget | None
    p99_ms: float | None
    others: tuple[BilledTarget, ...] = ()
    misses: tuple[str, ...] = ()

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
    def is_open(self) -> bool:
        """Whether new customers can choose the target's runtime."""
        return self.target.runtime != CLOSED_RUNTIME

    @property
    def answers(self) -> bool:
        """Whether enough requests of each scenario were answered as expected."""
        return all(scenario.ok >= MIN_OK_SHARE * scenario.sent for scenario in self.target.scenarios)

    @property
    def shown_scenarios(self) -> tuple[ScenarioResult, ...]:
        """The steady scenarios, each at its middle rate only."""
        return shown_scenarios(self.target)


def candidates_of(run: Run, limits: StatedLimits, analysis: CostAnalysis | None) -> tuple[Candidate, ...]:
    """Return a candidate for each measured target; `analysis` is None if nothing can be billed.

    If a deployed target was measured, emulated ones cannot be recommended, since their speed is not comparable.
    """
    measured = [target for target in run.targets if target.status == "measured"]
    candidates = tuple(_candidate(target, limits, analysis) for target in measured)
    if all(target.label != "deployed" for target in measured):
        return candidates
    return tuple(
        replace(each, misses=(*each.misses, _EMULATED)) if each.target.label == "emulated" else each
        for each in candidates
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


def requests_text(scenario: ScenarioResult) -> str:
    """Return what a scenario sends, such as "reads" or "requests in bursts"."""
    return _BURST_REQUESTS.get(scenario.name, f"{scenario.name}s")


def _candidate(target: TargetResult, limits: StatedLimits, analysis: CostAnalysis | None) -> Candidate:
    bills = () if analysis is None else analysis.bills_of(target.name)
    p99s_ms = [scenario.latency_ms.p99 for scenario in steady_scenarios(target)]
    known_ms = [p99_ms for p99_ms in p99s_ms if p99_ms is not None]
    p99_ms = max(known_ms) if known_ms and len(known_ms) == len(p99s_ms) else None
    found = Candidate(target, limits.traffic, next(iter(bills), None), p99_ms, bills[1:])
    return replace(found, misses=tuple(_misses(found, limits)))


def _misses(candidate: Candidate, limits: StatedLimits) -> Iterator[str]:
    target, usd = candidate.target, candidate.usd
    for scenario in target.scenarios:
        if scenario.ok < MIN_OK_SHARE * scenario.sent:
            yield f"only {scenario.ok / scenario.sent:.1%} of its {requests_text(scenario)} were answered as expected"
    if not steady_scenarios(target):
        yield "no steady load was measured"
    elif limits.max_p99_ms is not None:
        yield from _latency_misses(target, limits.max_p99_ms, candidate.p99_ms)
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


def _latency_misses(target: TargetResult, max_p99_ms: float, p99_ms: float | None) -> Iterator[str]:
    above = [
        scenario
        for scenario in steady_scenarios(target)
        if scenario.latency_ms.p99 is not None and scenario.latency_ms.p99 > max_p99_ms
    ]
    if above:
        worst = max(above, key=lambda scenario: scenario.latency_ms.p99 or 0.0)
        yield f"its p99 is {worst.latency_ms.p99:,.1f} ms ({worst.name}, {worst.rate_rps:g}/s)"
        return
    if p99_ms is None:
        fewest = min(scenario.latency_ms.n for scenario in steady_scenarios(target))
        yield (
            f"its p99 is unknown, since one needs {P99_SAMPLES:,} samples and a scenario has {fewest:,} (a longer "
            "--budget measures more)"
        )
        return
    for scenario in steady_scenarios(target):
        found = percentile_of(latency_of(scenario), 0.99)
        if found is not None and (found.high_ms is None or found.high_ms > max_p99_ms):
            high = "more" if found.high_ms is None else f"{found.high_ms:,.1f} ms"
            yield (
                f"its p99 of {found.value_ms:,.1f} ms ({scenario.name}, {scenario.rate_rps:g}/s) may be up to {high}, "
                "so more samples are needed"
            )
            return
