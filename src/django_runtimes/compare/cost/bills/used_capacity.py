"""The capacity of a task, an instance or an execution environment, and the number that a load needs."""

from decimal import ROUND_CEILING, Decimal

from django_runtimes.compare.cost.usage.traffic import Traffic
from django_runtimes.compare.cost.usage.usage import Usage
from django_runtimes.compare.cost.usage.value_origin import ValueOrigin

_MS_PER_S = Decimal(1_000)
_ORIGINS = {
    ValueOrigin.ASSUMED: "assumed",
    ValueOrigin.MEASURED: "measured on one machine, not on AWS",
    ValueOrigin.SET: "set",
}


def capacity_text(usage: Usage, origin: ValueOrigin) -> str:
    """Return the capacity with its origin."""
    return f"capacity_rps={usage.capacity_rps.normalize():f} ({_ORIGINS[origin]})"


def assumed_capacity(usage: Usage, origin: ValueOrigin, traffic: Traffic) -> Decimal | None:
    """Return the capacity if it is assumed; without requests the bill does not depend on it."""
    return usage.capacity_rps if origin is ValueOrigin.ASSUMED and traffic.requests else None


def usable_rps(usage: Usage) -> Decimal:
    """Return the rate up to which no other task, instance or environment is added."""
    return usage.capacity_rps * usage.utilization


def busy_s(usage: Usage) -> Decimal:
    """Return the mean time in seconds for which a request is open, including streams."""
    return usage.duration_ms / _MS_PER_S * (1 - usage.stream_share) + usage.stream_s * usage.stream_share


def rounded_up(value: Decimal) -> Decimal:
    """Return the next whole number."""
    return value.to_integral_value(ROUND_CEILING)


def count_text(number: Decimal, one: str, several: str) -> str:
    """Return a number with its noun, such as "with 2 tasks"."""
    return f"with {number.normalize():,f} {one if number == 1 else several}"
