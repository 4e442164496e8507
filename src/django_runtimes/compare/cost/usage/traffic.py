"""The traffic of a month: constant, or different from hour to hour."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

HOURS_PER_MONTH = Decimal(730)
SECONDS_PER_HOUR = Decimal(3_600)
SECONDS_PER_MONTH = HOURS_PER_MONTH * SECONDS_PER_HOUR
CONSTANT_RATES_RPS = (Decimal("0.1"), Decimal(1), Decimal(10), Decimal(100), Decimal(1_000))
# Where no traffic is given, bills are compared at this rate.
JUDGED_RATE_RPS = Decimal(10)


@dataclass(frozen=True)
class TrafficPeriod:
    """Hours in which requests arrive evenly; both figures are exact, since the number of tasks depends on the rate."""

    requests: Decimal
    hours: Decimal
    rate_rps: Decimal


@dataclass(frozen=True)
class Traffic:
    """The requests of a month, in periods."""

    name: str
    periods: tuple[TrafficPeriod, ...]
    # The heading of its column.
    label: str = "yours"

    @property
    def requests(self) -> Decimal:
        """Requests per month."""
        return sum((period.requests for period in self.periods), Decimal(0))

    @property
    def hours(self) -> Decimal:
        """Hours per month."""
        return sum((period.hours for period in self.periods), Decimal(0))

    @property
    def mean_rps(self) -> Decimal:
        """Requests per second, averaged over the month."""
        return self.requests / (self.hours * SECONDS_PER_HOUR)

    @property
    def peak_rps(self) -> Decimal:
        """Requests per second in the busiest period."""
        return max(period.rate_rps for period in self.periods)

    @classmethod
    def constant(cls, rate_rps: Decimal, hours: Decimal = HOURS_PER_MONTH) -> "Traffic":
        """Return traffic at a constant rate in requests per second."""
        name = f"{rate_rps:,}/s"
        return cls(name, (TrafficPeriod(rate_rps * hours * SECONDS_PER_HOUR, hours, rate_rps),), name)

    @classmethod
    def monthly(cls, requests: Decimal, hours: Decimal = HOURS_PER_MONTH) -> "Traffic":
        """Return traffic of a number of requests per month that arrive evenly."""
        return cls(
            f"{requests:,} requests per month", (TrafficPeriod(requests, hours, requests / (hours * SECONDS_PER_HOUR)),)
        )

    @classmethod
    def hourly(cls, name: str, requests: Iterable[Decimal]) -> "Traffic":
        """Return traffic of the hours of a day, a week or a month, repeated up to a month of 730 hours."""
        counts = tuple(requests)
        periods = []
        for count, occurrences in Counter(counts).items():
            hours = HOURS_PER_MONTH * occurrences / len(counts)
            periods.append(TrafficPeriod(count * hours, hours, count / SECONDS_PER_HOUR))
        return cls(name, tuple(periods))
