"""The terms that every target has: logs, metrics and data transfer to the internet."""

from collections.abc import Iterator
from decimal import Decimal

from django_runtimes.compare.cost.bills.bill import BillTerm, allowance_end
from django_runtimes.compare.cost.prices.price import ZERO, PriceList
from django_runtimes.compare.cost.usage.traffic import Traffic
from django_runtimes.compare.cost.usage.usage import Usage

KB_PER_GB = Decimal(1_024 * 1_024)
_KB_PER_MB = Decimal(1_024)


def transfer_terms(usage: Usage, prices: PriceList, traffic: Traffic) -> Iterator[BillTerm]:
    """Yield the terms of the logs, of the metrics and of the data transfer to the internet."""
    logs_gb = traffic.requests * usage.log_kb / KB_PER_GB
    yield BillTerm("logs, received", logs_gb, prices["logs_gb"], "requests x KB of log lines")
    yield BillTerm(
        "logs, kept",
        logs_gb * usage.log_months,
        prices["logs_gb_month"],
        "requests x KB of log lines x months of retention, not compressed",
    )
    busy_hours = sum((period.hours for period in traffic.periods if period.requests), ZERO)
    yield BillTerm(
        "custom metrics",
        usage.custom_metrics * busy_hours / traffic.hours,
        prices["custom_metric_month"],
        "metrics x share of the hours that have requests",
    )
    out_gb = traffic.requests * response_kb(usage) / KB_PER_GB
    yield BillTerm(
        "data transfer out",
        max(out_gb - _free_gb(usage, prices), ZERO),
        prices["data_out_gb"],
        "requests x KB of a response",
    )


def transfer_kinks(usage: Usage, prices: PriceList) -> Iterator[Decimal]:
    """Yield the rate that uses up the free data transfer."""
    yield from allowance_end(_free_gb(usage, prices), response_kb(usage) / KB_PER_GB)


def response_kb(usage: Usage) -> Decimal:
    """Return the mean size of all responses, including streams."""
    return usage.response_kb * (1 - usage.stream_share) + usage.stream_mb * _KB_PER_MB * usage.stream_share


def _free_gb(usage: Usage, prices: PriceList) -> Decimal:
    return prices.value("data_out_free_gb") if usage.free_tier == "on" else ZERO
