"""The cost as JSON, with every term of every bill."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django_runtimes.compare.cost.analysis import CostAnalysis
from django_runtimes.compare.cost.bills.bill import Billed, BillTerm, to_cent
from django_runtimes.compare.cost.cheapest import cheapest_ranges
from django_runtimes.compare.cost.cost_sentences import cost_sentences
from django_runtimes.compare.cost.crossing import Crossing
from django_runtimes.compare.cost.prices.price import Price
from django_runtimes.compare.cost.usage.measured_usage import TargetUsage
from django_runtimes.compare.cost.usage.traffic import Traffic

COST_SCHEMA = 1


def cost_json(analysis: CostAnalysis) -> dict[str, Any]:
    """Return the analysis as values of JSON; amounts, quantities and rates are exact decimals in strings."""
    return {
        "schema": COST_SCHEMA,
        "region": analysis.prices.region,
        "is_assumed": analysis.is_assumed,
        "traffic": [
            {
                "label": each.label,
                "name": each.name,
                "requests_per_month": _exact(each.requests),
                "peak_rps": _exact(each.peak_rps),
            }
            for each in analysis.traffics
        ],
        "usage": [_usage(each) for each in analysis.usages],
        "targets": _bills(analysis.targets, analysis.traffics),
        "options": [
            {"target": each.target.name, "option": each.title, **_bill_of(each.option, analysis.traffics)}
            for each in analysis.options
        ],
        "databases": _bills(analysis.databases, analysis.traffics),
        "egress": _bills(analysis.egress, analysis.traffics),
        "cheapest": [
            {"name": each.name, "above_rps": _exact(each.start_rps), "up_to_rps": _exact(each.end_rps)}
            for each in cheapest_ranges(analysis)
        ],
        "excluded": [{"target": name, "reasons": list(reasons)} for name, reasons in analysis.exclusions.items()],
        "crossings": [_crossing(each) for each in (*analysis.crossings, *analysis.egress_crossings)],
        "instances": [
            {
                "target": usage.name,
                "rate_rps": _exact(need.rate_rps),
                "connections": _exact(need.connections),
                "connections_from": need.basis,
                "vcpu": _exact(need.vcpu),
                "instance": None if need.chosen is None else need.chosen.name,
            }
            for usage, need in analysis.database_needs
        ],
        "prices": [_price(each) for each in analysis.prices],
        "sentences": list(cost_sentences(analysis)),
    }


def _bills(billed: Iterable[Billed], traffics: Iterable[Traffic]) -> list[dict[str, Any]]:
    return [_bill_of(each, traffics) for each in billed]


def _bill_of(billed: Billed, traffics: Iterable[Traffic]) -> dict[str, Any]:
    return {
        "name": billed.name,
        "bills": {
            traffic.label: {
                "usd_per_month": str(bill.rounded_usd),
                "unverified": [price.key for price in bill.unverified],
                "assumed": list(bill.assumed),
                "terms": [_term(term) for term in bill.terms],
            }
            for traffic in traffics
            if (bill := billed.bill(traffic))
        },
    }


def _term(term: BillTerm) -> dict[str, str]:
    return {
        "name": term.name,
        "quantity": _exact(term.quantity),
        "price": term.price.key,
        "usd": str(to_cent(term.usd)),
        "formula": term.formula,
    }


def _usage(usage: TargetUsage) -> dict[str, Any]:
    return {
        "target": usage.name,
        "values": {
            key: {
                "value": value if isinstance(value := getattr(usage.usage, key), str) else _exact(value),
                "origin": origin.value,
                "basis": usage.bases.get(key),
            }
            for key, origin in usage.origins.items()
        },
    }


def _crossing(crossing: Crossing) -> dict[str, str]:
    return {
        "rate_rps": _exact(crossing.rate_rps),
        "cheaper_below": crossing.cheaper_below,
        "cheaper_above": crossing.cheaper_above,
    }


def _price(price: Price) -> dict[str, Any]:
    return {
        "key": price.key,
        "value": _exact(price.value),
        "per": _exact(price.per),
        "unit": price.unit,
        "is_rule": price.is_rule,
        "tiers": [{"start": _exact(tier.start), "value": _exact(tier.value)} for tier in price.tiers],
        "source": price.source,
        "date": price.checked.isoformat(),
        "verified": price.verified,
    }


def _exact(value: Decimal) -> str:
    return f"{value.normalize():f}"
