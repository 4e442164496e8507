"""The bills of all targets, the databases and the egress, with their crossings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.analysis.busy_machine import busy_sentence
from django_runtimes.compare.cost.bills.bill import Bill, Billed, BilledTarget
from django_runtimes.compare.cost.cost_options import CostOption, cost_options
from django_runtimes.compare.cost.crossing import Crossing, all_crossings
from django_runtimes.compare.cost.exclusion import closed_targets, exclusions_of
from django_runtimes.compare.cost.instance_class import DatabaseNeed, right_size
from django_runtimes.compare.cost.prices.price import PriceList
from django_runtimes.compare.cost.prices.price_file import DEFAULT_REGION, read_prices
from django_runtimes.compare.cost.shared_parts import DATA_API, shared_databases, shared_egress
from django_runtimes.compare.cost.target_bills import FACTORIES, billed_targets
from django_runtimes.compare.cost.usage.measured_usage import (
    TargetUsage,
    assumed_targets,
    assumed_usages,
    measured_targets,
    measured_usages,
)
from django_runtimes.compare.cost.usage.task_size import check_sizes
from django_runtimes.compare.cost.usage.traffic import CONSTANT_RATES_RPS, JUDGED_RATE_RPS, Traffic
from django_runtimes.compare.cost.usage.usage_key import PRICED_ENGINES
from django_runtimes.compare.cost.usage.usage_settings import parse_settings
from django_runtimes.compare.record.results import Run

# Accounts with higher rates negotiate their own prices.
_HIGHEST_RPS = Decimal(10_000)
IDLE = Traffic("idle", Traffic.constant(Decimal(0)).periods, "idle")


@dataclass(frozen=True)
class CostAnalysis:
    """Everything that the reports say about cost."""

    prices: PriceList
    usages: tuple[TargetUsage, ...]
    # Idle, the constant rates, and the user's own traffic if there is any.
    traffics: tuple[Traffic, ...]
    own_traffic: Traffic | None
    targets: tuple[BilledTarget, ...]
    options: tuple[CostOption, ...]
    databases: tuple[Billed, ...]
    egress: tuple[Billed, ...]
    crossings: tuple[Crossing, ...]
    egress_crossings: tuple[Crossing, ...]
    database_needs: tuple[tuple[TargetUsage, DatabaseNeed], ...]
    is_assumed: bool
    # The reasons why a target is neither recommended nor called the cheapest, by its name.
    exclusions: Mapping[str, tuple[str, ...]]
    # The sentence on other processes that slowed the measured durations down; None if there were few.
    busy: str | None = None

    @property
    def highest_rps(self) -> Decimal:
        """The highest rate of the range that was searched for crossings."""
        return _highest_rps(self.own_traffic)

    @property
    def unbilled(self) -> tuple[str, ...]:
        """The measured targets that have no bill here."""
        return tuple(usage.name for usage in self.usages if usage.runtime not in FACTORIES)

    def bills_of(self, target: str) -> tuple[BilledTarget, ...]:
        """Return the bills of the target with this name, one for each front door; none if it has no bill.

        The first one is of the front door that `webapp deploy` makes by default, or of a measured function URL.
        """
        usages = (usage for usage in self.usages if usage.name == target)
        return tuple(billed for usage in usages for billed in billed_targets(usage, self.prices))

    @property
    def labels(self) -> str:
        """The labels of the targets, such as "emulated"; "assumed" without a run."""
        return " and ".join(dict.fromkeys(usage.label for usage in self.usages))

    @property
    def default_targets(self) -> tuple[BilledTarget, ...]:
        """The first bill of each target."""
        return tuple(bills[0] for usage in self.usages if (bills := self.bills_of(usage.name)))

    def marked(self, name: str) -> str:
        """Return the name of a target's bill as `named` does, or the name of something else as it is."""
        return next((self.named(each) for each in self.targets if each.name == name), name)

    def named(self, billed: Billed) -> str:
        """Return the name of a bill with its marks, and with the label of its target if the targets have several."""
        name = f"{billed.name}{billed.bill(self.traffics[-1]).mark}"
        labels = self._labels
        return f"{name} ({labels[billed.name]})" if len(set(labels.values())) > 1 and billed.name in labels else name

    @cached_property
    def _labels(self) -> Mapping[str, str]:
        """The label of each target's bills, by their names."""
        return {billed.name: usage.label for usage in self.usages for billed in self.bills_of(usage.name)}

    def every_bill(self) -> tuple[Bill, ...]:
        """Return all bills, of targets, options and shared parts."""
        everything = (*self.targets, *(each.option for each in self.options), *self.databases, *self.egress)
        return tuple(billed.bill(self.traffics[-1]) for billed in everything)


def analyze_cost(
    run: Run | None,
    *,
    region: str = DEFAULT_REGION,
    own_traffic: Traffic | None = None,
    settings: Sequence[str] = (),
) -> CostAnalysis:
    """Return the cost of every measured target of a run, or of the default targets without a run.

    `settings` has the arguments of `--set`. Raise UsageError for an invalid setting, for a region that lacks a price,
    and for a run in which no target was measured.
    """
    settable = assumed_targets() if run is None else measured_targets(run)
    if not settable:
        raise UsageError("no target of the run was measured, so there is nothing to bill; run webapp compare again")
    parsed = parse_settings(settings, settable)
    prices = parsed.priced(read_prices(region))
    if prices.missing:
        raise UsageError(prices.missing_text(prices.missing[0]))
    usages = assumed_usages(parsed) if run is None else measured_usages(run, parsed)
    check_sizes(usages, prices)
    targets = tuple(billed for usage in usages for billed in billed_targets(usage, prices))
    if not targets:
        names = ", ".join(usage.name for usage in usages)
        raise UsageError(f"{names}: no bill here; measure a target of one of: {', '.join(FACTORIES)}")
    traffics = (IDLE, *(Traffic.constant(rate) for rate in CONSTANT_RATES_RPS))
    if own_traffic is not None:
        traffics += (own_traffic,)
    egress = shared_egress(usages, prices)
    highest_rps = _highest_rps(own_traffic)
    sized_at_rps = JUDGED_RATE_RPS if own_traffic is None else own_traffic.peak_rps
    return CostAnalysis(
        prices=prices,
        usages=usages,
        traffics=traffics,
        own_traffic=own_traffic,
        targets=targets,
        options=tuple(cost_options(usages, prices)),
        databases=shared_databases(usages, prices),
        egress=egress,
        crossings=all_crossings(targets, highest_rps),
        egress_crossings=all_crossings(egress, highest_rps),
        database_needs=tuple(
            (usage, right_size(usage.usage, sized_at_rps, grows=usage.route != "proxy"))
            for usage in usages
            # The Data API belongs to Aurora, whose capacity follows the load, and the target holds no connection.
            if usage.route != DATA_API and usage.engine in PRICED_ENGINES
        ),
        is_assumed=run is None,
        exclusions=closed_targets({usage.name: usage.runtime for usage in usages})
        if run is None
        else exclusions_of(run.targets),
        busy=None if run is None else busy_sentence(run),
    )


def _highest_rps(own_traffic: Traffic | None) -> Decimal:
    """Return the highest rate of the range to search for crossings."""
    own_rps = Decimal(0) if own_traffic is None else min(own_traffic.mean_rps, _HIGHEST_RPS)
    return max(CONSTANT_RATES_RPS[-1], own_rps)
