"""Chooses the rates of the steady load, and the blocks to measure next."""

from collections.abc import Mapping, Sequence

from django_runtimes.compare.load.block import Block
from django_runtimes.compare.plan.comparison_plan import ComparisonPlan
from django_runtimes.compare.run.subject import ScenarioKey, Subject
from django_runtimes.compare.workload.workload import Scenario


def chosen_rates(plan: ComparisonPlan, subjects: Sequence[Subject]) -> dict[Scenario, tuple[float, ...]]:
    """Return the rates of each scenario: the plan's, or shares of the weakest target's capacity."""
    if plan.rates_rps:
        return {scenario: plan.rates_rps[scenario] for scenario in plan.workload.scenarios}
    running = [subject for subject in subjects if subject.failure is None]
    rates = {}
    for scenario in plan.workload.scenarios if running else ():
        capacities = [subject.capacities[scenario] for subject in running if scenario in subject.capacities]
        if not capacities:
            continue
        weakest_rps = min(capacity.rate_rps for capacity in capacities)
        rates[scenario] = tuple(_rounded_rate(share * weakest_rps) for share in plan.load_shares)
    return rates


def lacking(subjects: Sequence[Subject], key: ScenarioKey, pairs: int) -> list[Subject]:
    """Return the references and the subjects that still lack valid pairs of blocks with theirs; empty if none does.

    Emulated and deployed subjects are not compared with each other, so each kind has a reference: its first running
    subject. A reference without others needs `pairs` valid blocks.
    """
    kinds = [[subject for subject in subjects if subject.is_deployed is deployed] for deployed in (False, True)]
    return [subject for kind in kinds for subject in _lacking_of_kind(kind, key, pairs)]


def _lacking_of_kind(subjects: Sequence[Subject], key: ScenarioKey, pairs: int) -> list[Subject]:
    running = [subject for subject in subjects if subject.failure is None]
    if not running:
        return []
    reference, *others = running
    valid = _valid(reference.blocks.get(key, {}))
    if not others:
        return running if len(valid) < pairs else []
    short = [subject for subject in others if len(valid & _valid(subject.blocks.get(key, {}))) < pairs]
    return [reference, *short] if short else []


def _valid(blocks: Mapping[int, Block]) -> set[int]:
    return {index for index, block in blocks.items() if block.void is None and block.ok}


def _rounded_rate(rate_rps: float) -> float:
    """Return the rate with two significant digits, so that it can be named and repeated."""
    return float(f"{rate_rps:.2g}")
