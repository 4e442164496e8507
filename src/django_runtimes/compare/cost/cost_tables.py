"""The tables of the cost, for every format of the report."""

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

from django_runtimes.compare.cost.analysis import CostAnalysis
from django_runtimes.compare.cost.bills.bill import Bill, Billed, to_cent, usd_text
from django_runtimes.compare.cost.instance_class import LADDER
from django_runtimes.compare.cost.prices.price import Price
from django_runtimes.compare.cost.usage.traffic import HOURS_PER_MONTH, Traffic
from django_runtimes.compare.layout.report_table import ReportTable

_MILLION = Decimal(1_000_000)
# A longer table would not be read.
_CROSSINGS = 200
_SHARED = (
    "Without the database and the egress, which all targets share, and with RDS Proxy or the Data API where the route "
    "needs it. A * marks a bill that depends on an unverified price"
)


def detail_tables(analysis: CostAnalysis) -> tuple[ReportTable, ...]:
    """Return the tables on options, shared parts, instance classes and crossings."""
    return (option_table(analysis), shared_table(analysis), *instance_tables(analysis), crossing_table(analysis))


def month_and_million_tables(analysis: CostAnalysis) -> Iterator[ReportTable]:
    """Yield the tables of USD per month and of USD per million requests."""
    labels, notes = analysis.labels, (_shared_note(analysis),)
    yield _bill_table((f"USD per month, {labels}", "target"), analysis, analysis.targets, _month, notes=notes)
    yield _bill_table((f"USD per million requests, {labels}", "target"), analysis, analysis.targets, _million)


def _shared_note(analysis: CostAnalysis) -> str:
    """Return what the bills leave out, and the meaning of the marks that they have."""
    is_assumed = any(bill.assumed for bill in analysis.every_bill())
    return f"{_SHARED}{', a † one with an assumed number of tasks or instances' if is_assumed else ''}."


def option_table(analysis: CostAnalysis) -> ReportTable:
    """Return the difference that each option makes to its target's bill."""

    def difference(traffic: Traffic, option: Billed, target: Billed) -> str:
        usd = option.bill(traffic).usd - target.bill(traffic).usd
        return f"{'-' if to_cent(usd) < 0 else '+'}{usd_text(abs(usd))}"

    targets = " and ".join(dict.fromkeys(analysis.marked(each.target.name) for each in analysis.options))
    return ReportTable(
        title=f"Options of {targets}: the difference in USD per month, {analysis.labels}" if targets else "Options",
        columns=("option", *(traffic.label for traffic in analysis.traffics)),
        rows=tuple(
            (
                f"{_runtime(each.target)}: {each.title}{_mark(each.option, analysis.traffics[-1])}",
                *(difference(traffic, each.option, each.target) for traffic in analysis.traffics),
            )
            for each in analysis.options
        ),
    )


def shared_table(analysis: CostAnalysis) -> ReportTable:
    """Return the bills of databases and egress; all targets share one database and one egress."""
    pause = "A cluster at 0 ACU pauses 5 minutes after the last connection and takes 10 to 30 s to wake. "
    return _bill_table(
        (
            f"Shared parts, {'one database and ' if analysis.databases else ''}one egress for all targets: USD per "
            "month",
            "shared part",
        ),
        analysis,
        (*analysis.databases, *analysis.egress),
        _month,
        notes=(f"{pause if analysis.databases else ''}Without egress, private subnets reach only S3 and DynamoDB.",),
    )


def crossing_table(analysis: CostAnalysis) -> ReportTable:
    """Return every rate at which one target becomes cheaper than another."""
    crossings = analysis.crossings
    return ReportTable(
        title=(
            f"{'Every crossing' if len(crossings) <= _CROSSINGS else f'The first {_CROSSINGS} crossings'} between "
            f"targets, up to {rate_text(analysis.highest_rps)}, {analysis.labels}"
        ),
        columns=("cheaper below", "rate", "cheaper above"),
        rows=tuple(
            (analysis.marked(each.cheaper_below), rate_text(each.rate_rps), analysis.marked(each.cheaper_above))
            for each in crossings[:_CROSSINGS]
        ),
        notes=(f"{len(crossings) - _CROSSINGS:,} more are left out; `webapp cost run.json --json` lists them.",)
        if len(crossings) > _CROSSINGS
        else (),
    )


def instance_tables(analysis: CostAnalysis) -> Iterator[ReportTable]:
    """Yield a table with the cheapest class of RDS for each target's connections and load, if a target needs one."""
    if not analysis.database_needs:
        return
    rows = []
    for usage, need in analysis.database_needs:
        chosen = need.chosen
        rows.append(
            (
                usage.name,
                usage.label,
                rate_text(need.rate_rps),
                f"{need.connections:,f}",
                need.basis,
                f"{need.vcpu:.2f}",
                "none: use a proxy" if chosen is None else chosen.name,
                "-" if chosen is None else f"{chosen.max_connections:,}",
                "-" if chosen is None else _instance_price(analysis.prices[chosen.price_key]),
            )
        )
    yield ReportTable(
        title="The cheapest RDS instance that supports a target's connections and load",
        columns=(
            "target",
            "label",
            "rate",
            "connections",
            "from",
            "vCPU used",
            "instance",
            "max_connections",
            "USD per month",
        ),
        rows=tuple(rows),
        notes=(
            "At most 80 % of max_connections and 50 % of the vCPUs that a class sustains are used; "
            f"the classes are {LADDER[0].name} to {LADDER[-1].name}. max_connections is RDS's default for the nominal "
            "memory; the templates in deploy/ set their own. The sustained share of burstable classes is unverified.",
            *_token_notes(analysis),
        ),
    )


def _token_notes(analysis: CostAnalysis) -> Iterator[str]:
    """Yield a note if a chosen class has too little memory for logins with tokens."""
    smallest = LADDER[0]
    if any(need.chosen is smallest for _, need in analysis.database_needs):
        yield (
            f"{smallest.name} needs Credentials=secretsmanager: logins with tokens, the default of webapp deploy, need "
            f"at least {LADDER[1].name}."
        )


def term_table(billed: Billed, traffic: Traffic) -> ReportTable:
    """Return a bill written out term by term."""
    bill: Bill = billed.bill(traffic)
    rows = [
        (
            term.name,
            f"{term.quantity.normalize():,f}"
            if term.quantity == term.quantity.to_integral()
            else f"{term.quantity:,.3f}",
            price_text(term.price),
            usd_text(term.usd),
            f"{term.formula}{''.join(f' ({rule.value:f} {rule.unit}*)' for rule in term.rules if not rule.verified)}",
        )
        for term in bill.terms
    ]
    rows.append(("total", "", "", bill.text, "sum of the exact amounts, not of the rounded ones"))
    return ReportTable(
        title=f"{billed.name} at {traffic.name}, USD per month",
        columns=("term", "quantity", "price", "USD", "formula"),
        rows=tuple(rows),
    )


def price_text(price: Price) -> str:
    """Return a price with its unit, and `*` for an unverified one: "0.20 per million requests"."""
    per = {Decimal(1): "", _MILLION: "million "}.get(price.per, f"{price.per:,} ")
    tiers = f" (then {', '.join(f'{tier.value.normalize():f}' for tier in price.tiers[1:])})" if price.tiers else ""
    return f"{price.value:f} per {per}{price.unit}{tiers}{'' if price.verified else '*'}"


def rate_text(rate_rps: Decimal) -> str:
    """Return a rate with up to three significant digits: 0.026/s, 26.3/s, 1,000/s."""
    for digits, least in ((0, 100), (1, 10), (2, 1)):
        if rate_rps >= least:
            return f"{round(rate_rps, digits).normalize():,f}/s"
    return f"{rate_rps:.3f}/s"


def _bill_table(
    heading: tuple[str, str],
    analysis: CostAnalysis,
    billed: Sequence[Billed],
    shown: Callable[[Decimal, Traffic | None], str],
    notes: tuple[str, ...] = (),
) -> ReportTable:
    title, noun = heading
    # A price per request needs requests.
    traffics = [traffic for traffic in analysis.traffics if shown is not _million or traffic.requests]
    return ReportTable(
        title=title,
        columns=(noun, *(traffic.label for traffic in traffics)),
        rows=tuple(
            (analysis.named(each), *(shown(each.bill(traffic).usd, traffic) for traffic in traffics)) for each in billed
        ),
        notes=notes,
    )


def _mark(billed: Billed, traffic: Traffic) -> str:
    return billed.bill(traffic).mark


def _instance_price(price: Price) -> str:
    return f"{usd_text(price.amount(HOURS_PER_MONTH))}{'' if price.verified else '*'}"


def _runtime(billed: Billed) -> str:
    return billed.name.partition("/")[0].partition("+")[0]


def _month(usd: Decimal, traffic: Traffic | None) -> str:
    return usd_text(usd)


def _million(usd: Decimal, traffic: Traffic | None) -> str:
    return "-" if traffic is None else usd_text(usd / traffic.requests * _MILLION)
