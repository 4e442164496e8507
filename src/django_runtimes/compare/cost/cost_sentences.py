"""The sentences about cost: the cheapest target by rate, the crossings, the assumptions and the omitted costs."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import groupby

from django_runtimes.compare.cost.analysis import CostAnalysis
from django_runtimes.compare.cost.bills.bill import ASSUMED_MARK, UNVERIFIED_MARK, Bill, Billed
from django_runtimes.compare.cost.cheapest import CheapestRange, cheapest_ranges, left_out
from django_runtimes.compare.cost.cost_tables import price_text, rate_text
from django_runtimes.compare.cost.crossing import Crossing
from django_runtimes.compare.cost.database_sentences import database_sentences
from django_runtimes.compare.cost.deploy_defaults import deploy_sentences
from django_runtimes.compare.cost.instance_class import DatabaseNeed
from django_runtimes.compare.cost.usage.billed_runtime import billed_runtime
from django_runtimes.compare.cost.usage.measured_usage import TargetUsage
from django_runtimes.compare.cost.usage.traffic import Traffic
from django_runtimes.compare.cost.usage.usage import USAGE_KEYS
from django_runtimes.compare.cost.usage.usage_key import MANAGED
from django_runtimes.compare.cost.usage.value_origin import ValueOrigin

_TWO = 2
# More ranges than this are summarized in one sentence.
_MOST_RANGES = 4
_CAPACITY_EFFECT = "The number of tasks or instances, and every crossing with them, depend on it."
_CAPACITY_CAVEATS = {
    ValueOrigin.ASSUMED: "assumed, not measured.",
    ValueOrigin.MEASURED: "measured on one machine, whose CPUs are not AWS's.",
}


def cost_sentences(analysis: CostAnalysis) -> tuple[str, ...]:
    """Return all sentences, the most important first."""
    return (*basis_sentences(analysis), *crossing_sentences(analysis), *note_sentences(analysis))


def note_sentences(analysis: CostAnalysis) -> tuple[str, ...]:
    """Return the sentences on instances, usage, prices and omitted costs."""
    return (
        *setup_sentences(analysis),
        *deploy_sentences(analysis.usages),
        *instance_sentences(analysis),
        *usage_sentences(analysis),
        *price_sentences(analysis),
        *scope_sentences(analysis),
    )


def basis_sentences(analysis: CostAnalysis) -> Iterator[str]:
    """Yield sentences on the origin of the figures."""
    if analysis.is_assumed:
        yield "No run is named, so every figure rests on assumptions; measure with `webapp compare`, or use --set."
    else:
        yield "Quantities come from the run where it measured them; the others are assumptions."
    if analysis.own_traffic is not None:
        own = analysis.own_traffic
        yield (
            f"Your traffic: {_named(own)}{own.requests:,.0f} requests per month, {rate_text(own.mean_rps)} on average, "
            f"{rate_text(own.peak_rps)} in the busiest hour."
        )


def _named(traffic: Traffic) -> str:
    return "" if traffic.name.endswith("requests per month") else f"{traffic.name}, "


def setup_sentences(analysis: CostAnalysis) -> Iterator[str]:
    """Yield a sentence for each set of choices that the targets' bills contain."""
    setups: dict[str, list[str]] = {}
    for usage in analysis.usages:
        for billed in analysis.bills_of(usage.name)[:1]:
            setups.setdefault(billed.setup, []).append(usage.name)
    for setup, names in setups.items():
        yield f"Billed for {', '.join(names)}: {setup}."


def cheapest_sentences(analysis: CostAnalysis) -> Iterator[str]:
    """Yield a sentence on a busy machine, one on the cheapest target by rate, and one on the assumed capacity."""
    if analysis.busy is not None:
        yield analysis.busy
    omitted = left_out(analysis)
    ranges = cheapest_ranges(analysis)
    cheapest = f"Cheapest{_cheapest_text(analysis, ranges)}" if ranges else "No target can be called the cheapest"
    yield f"{cheapest}.{f' Left out: {omitted}.' if omitted else ''}"
    yield from capacity_sentences(analysis)


def capacity_sentences(analysis: CostAnalysis) -> Iterator[str]:
    """Yield a sentence on assumed and one on measured capacities, on which the number of tasks depends."""
    for origin, caveat in _CAPACITY_CAVEATS.items():
        values: dict[str, list[str]] = {}
        for usage in analysis.usages:
            if usage.needs("capacity_rps") and usage.origins["capacity_rps"] is origin:
                values.setdefault(_shown(usage.usage.capacity_rps), []).append(usage.name)
        if values:
            mark = f"{ASSUMED_MARK} " if origin is ValueOrigin.ASSUMED else ""
            listed = " and ".join(f"capacity_rps={value} ({', '.join(names)})" for value, names in values.items())
            yield f"{mark}{listed}: {caveat} {_CAPACITY_EFFECT}"


def crossing_sentences(analysis: CostAnalysis) -> Iterator[str]:
    """Yield the sentences on the cheapest target, and one for each pair of different runtimes."""
    yield from cheapest_sentences(analysis)
    runtimes = {
        billed.name: billed_runtime(billed.name, billed.name.partition("/")[0].partition("+")[0])
        for billed in analysis.targets
    }
    twins = _twins(analysis.targets, analysis.traffics)
    pairs = [
        (pair, tuple(group))
        for pair, group in groupby(analysis.crossings, key=lambda each: _pair(each, analysis.targets))
    ]
    # A new customer cannot choose App Runner.
    for (first, second), group in sorted(pairs, key=lambda each: "aws_app_runner" in map(runtimes.get, each[0])):
        if runtimes[first] != runtimes[second] and not {first, second} & twins:
            yield _pair_sentence(analysis, first, second, group)
    for each in analysis.egress_crossings:
        yield f"Egress: {each.cheaper_below} is cheaper up to {rate_text(each.rate_rps)}, {each.cheaper_above} above."


def _cheapest_text(analysis: CostAnalysis, ranges: Sequence[CheapestRange]) -> str:
    *others, last = ranges
    last_name = analysis.marked(last.name)
    if not others:
        return f" at every rate: {last_name}"
    if len(others) <= _MOST_RANGES:
        parts = [f"{analysis.marked(each.name)} up to {rate_text(each.end_rps)}" for each in others]
        return f": {'; '.join(parts)}; {last_name} above"
    first = others[0]
    changing = " and ".join(dict.fromkeys(analysis.marked(each.name) for each in others[1:]))
    return (
        f": {analysis.marked(first.name)} up to {rate_text(first.end_rps)}; then {changing} alternate, with "
        f"{len(others)} changes; {last_name} above {rate_text(last.start_rps)}"
    )


def _pair(crossing: Crossing, targets: Sequence[Billed]) -> tuple[str, str]:
    order = [billed.name for billed in targets]
    first, second = sorted((crossing.cheaper_below, crossing.cheaper_above), key=order.index)
    return first, second


def _pair_sentence(analysis: CostAnalysis, first: str, second: str, crossings: Sequence[Crossing]) -> str:
    first, second = analysis.marked(first), analysis.marked(second)
    begin, end = (
        Crossing(each.rate_rps, analysis.marked(each.cheaper_below), analysis.marked(each.cheaper_above))
        for each in (crossings[0], crossings[-1])
    )
    if len(crossings) == 1:
        return f"{begin.cheaper_below} is cheaper than {begin.cheaper_above} up to {rate_text(begin.rate_rps)}."
    outside = f"{begin.cheaper_below} is cheaper up to {rate_text(begin.rate_rps)}"
    if len(crossings) == _TWO:
        return (
            f"{first} and {second} cross twice: {outside}, {begin.cheaper_above} up to {rate_text(end.rate_rps)}, "
            f"{end.cheaper_above} above."
        )
    return (
        f"{first} and {second} cross {len(crossings)} times, as tasks or instances are added one by one: {outside}, "
        f"{end.cheaper_above} above {rate_text(end.rate_rps)}."
    )


def _twins(targets: Sequence[Billed], traffics: Sequence[Traffic]) -> set[str]:
    """Return the targets whose bills equal those of an earlier target."""
    seen: set[tuple[Decimal, ...]] = set()
    found = set()
    for billed in targets:
        totals = tuple(billed.bill(traffic).usd for traffic in traffics)
        if totals in seen:
            found.add(billed.name)
        seen.add(totals)
    return found


def instance_sentences(analysis: CostAnalysis) -> Iterator[str]:
    """Yield a sentence on the cheapest RDS instance for each target's connections and load."""
    named: dict[DatabaseNeed, list[str]] = {}
    for usage, need in analysis.database_needs:
        named.setdefault(need, []).append(usage.name)
    for need, names in named.items():
        who = "every target" if len(named) == 1 else ", ".join(names)
        needs = (
            f"{need.connections:,f} connections ({need.basis}) and {need.vcpu:.2f} vCPU at "
            f"{rate_text(need.rate_rps)} ({who})"
        )
        if need.chosen is None:
            yield f"No instance of RDS in the price list supports {needs}; put a proxy in front, or divide the load."
        else:
            price = analysis.prices[need.chosen.price_key]
            star = "" if price.verified else "*"
            yield f"{need.chosen.name}{star} (max_connections {need.chosen.max_connections:,}) supports {needs}."


def usage_sentences(analysis: CostAnalysis) -> Iterator[str]:
    """Yield sentences on each target's measured values, the set values, and all assumptions."""
    # The names of the targets by key and basis.
    how: dict[str, dict[str, list[str]]] = {}
    for usage in analysis.usages:
        if usage.bases:
            values = ", ".join(f"{key}={_shown(getattr(usage.usage, key))}" for key in usage.bases)
            yield f"Measured, {usage.name}: {values}."
        for key, basis in usage.bases.items():
            how.setdefault(key, {}).setdefault(basis, []).append(usage.name)
    if how:
        parts = (
            f"{key} is {basis}" + (f" ({', '.join(names)})" if len(bases) > 1 else "")
            for key, bases in how.items()
            for basis, names in bases.items()
        )
        yield f"Of the measured values, {'; '.join(parts)}."
    for origin, text in ((ValueOrigin.SET, "Set"), (ValueOrigin.ASSUMED, "Assumed, change with --set KEY=VALUE")):
        listed = [part for key in USAGE_KEYS for part in _values(analysis.usages, key, origin)]
        if listed:
            yield f"{text}: {', '.join(listed)}."


def _values(usages: Sequence[TargetUsage], key: str, origin: ValueOrigin) -> Iterator[str]:
    """Yield a key with each of its values, and with the value's targets if other targets have another value."""
    concerned = [usage for usage in usages if usage.needs(key)]
    values: dict[str, list[TargetUsage]] = {}
    for usage in concerned:
        if usage.origins[key] is origin:
            values.setdefault(_shown(getattr(usage.usage, key)), []).append(usage)
    for value, having in values.items():
        yield f"{key}={value}" if len(having) == len(concerned) else f"{key}={value} ({_who(having, concerned)})"


def _who(having: Sequence[TargetUsage], concerned: Sequence[TargetUsage]) -> str:
    """Return the names of targets, or of their runtimes if no other targets have these."""
    runtimes = dict.fromkeys(usage.runtime for usage in having)
    is_all = len(having) == sum(usage.runtime in runtimes for usage in concerned)
    return ", ".join(runtimes if is_all and len(having) > 1 else (usage.name for usage in having))


def _shown(value: Decimal | str) -> str:
    """Return a value in the form that `--set` accepts; the KEY names the unit."""
    return value if isinstance(value, str) else f"{value.normalize():f}"


def price_sentences(analysis: CostAnalysis) -> Iterator[str]:
    """Yield sentences on the region and dates of the prices, and on the unverified prices."""
    used = (price for bill in analysis.every_bill() for term in bill.terms for price in (term.price, *term.rules))
    dates = sorted({price.checked for price in used})
    yield (
        f"Prices of {analysis.prices.region} without taxes, checked {dates[0].isoformat()} to {dates[-1].isoformat()}; "
        "`webapp docs cost` has every source."
    )
    yield from _unverified_sentences(analysis.every_bill())


def legend_sentences(bills: Sequence[Bill]) -> Iterator[str]:
    """Yield the legend of each mark that these bills have."""
    yield from _unverified_sentences(bills)
    # The different values, in order, for each kind of capacity.
    capacities: dict[str, dict[str, None]] = {}
    for bill in bills:
        if bill.assumed_capacity_rps is not None:
            capacities.setdefault(bill.capacity_of, {})[_shown(bill.assumed_capacity_rps)] = None
    if capacities:
        parts = (f"{noun} keeps up with capacity_rps={', '.join(values)}" for noun, values in capacities.items())
        yield f"{ASSUMED_MARK} Assumed, not measured: {', and '.join(parts)}."


def _unverified_sentences(bills: Sequence[Bill]) -> Iterator[str]:
    unverified = tuple(dict.fromkeys(price for bill in bills for price in bill.unverified))
    if unverified:
        listed = "; ".join(
            f"{price.key} {price.value:f} {price.unit}"
            if price.is_rule
            else f"{price.key} {price_text(price).removesuffix(UNVERIFIED_MARK)}"
            for price in unverified
        )
        yield f"{UNVERIFIED_MARK} Not verified: {listed}."


def scope_sentences(analysis: CostAnalysis) -> Iterator[str]:
    """Yield sentences on costs that are left out, and on the services."""
    yield from database_sentences(analysis)
    if analysis.unbilled:
        yield f"Not billed, since this model has no prices for them: {', '.join(analysis.unbilled)}."
    usages = [usage.usage for usage in analysis.usages]
    if all(usage.free_tier == "off" for usage in usages):
        yield "The free tier is left out (--set free_tier=on)."
    discounts = [
        name
        for name in USAGE_KEYS
        if name.endswith("_discount_percent") and any(usage.needs(name) for usage in analysis.usages)
    ]
    if discounts and not any(getattr(usage, name) for usage in usages for name in discounts):
        yield f"Savings plans are left out ({', '.join(f'--set {name}=…' for name in discounts)})."
    runtimes = {usage.runtime for usage in analysis.usages}
    if "aws_app_runner" in runtimes:
        yield (
            "App Runner has been closed to new customers since 2026-04-30; AWS names ECS Express Mode as its successor."
        )
    if "aws_ecs" in runtimes:
        yield "ECS Express costs as much as Fargate with its load balancer, which up to 25 services share."
    if managed := [usage.name for usage in analysis.usages if usage.runtime in MANAGED]:
        yield from _managed_sentences(analysis, managed)


def _managed_sentences(analysis: CostAnalysis, names: Sequence[str]) -> Iterator[str]:
    """Yield sentences on the instances of Managed Instances, which this model guesses, and on their egress."""
    yield (
        f"Lambda chooses the type and the number of the EC2 instances of {', '.join(names)}, and no run shows which. "
        "The bills rest on this model's choice (--set instance_type=…, --set min_instances=…)."
    )
    egress = " or ".join(f"{each.bill(analysis.traffics[0]).text} ({each.name})" for each in analysis.egress)
    yield (
        f"Managed Instances need a way out of private subnets, which no bill includes: at least {egress} USD per "
        "month. Add it if you compare them with targets that need none."
    )
