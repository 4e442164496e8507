"""The bill of a Lambda function with its front door and, on the proxy's route, RDS Proxy."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from django_runtimes.compare.cost.bills.bill import Bill, BillTerm, allowance_end
from django_runtimes.compare.cost.bills.database_bill import route_setup, route_terms
from django_runtimes.compare.cost.bills.front_door import FrontDoor, front_terms, stream_gb
from django_runtimes.compare.cost.bills.transfer_bill import transfer_kinks, transfer_terms
from django_runtimes.compare.cost.prices.price import ZERO, Price, PriceList
from django_runtimes.compare.cost.usage.traffic import SECONDS_PER_HOUR, Traffic
from django_runtimes.compare.cost.usage.usage import Usage

_MB_PER_GB = Decimal(1_024)
_MS_PER_S = Decimal(1_000)


@dataclass(frozen=True)
class LambdaBilling:
    """A function with its options; SnapStart and provisioned concurrency exclude each other."""

    name: str
    usage: Usage
    prices: PriceList
    front: FrontDoor = FrontDoor.FUNCTION_URL
    route: str = "direct"
    has_snapstart: bool = False
    provisioned: Decimal = ZERO

    def bill(self, traffic: Traffic) -> Bill:
        """Return the bill for this traffic."""
        return Bill(tuple(self._terms(traffic)))

    @property
    def setup(self) -> str:
        """The front door, the memory, the architecture, the options and the route."""
        usage = self.usage
        snapstart = ", SnapStart" if self.has_snapstart else ""
        kept = f", {self.provisioned.normalize():f} environments kept ready" if self.provisioned else ""
        return (
            f"{self.front.noun}, {usage.memory_mb.normalize():,f} MB on {usage.architecture}{snapstart}{kept}"
            f"{route_setup(self.route, usage)}"
        )

    def brief_setup(self, traffic: Traffic) -> str:
        """Return the front door, which may cost more than the function."""
        return self.front.brief

    def breaks(self, up_to_rps: Decimal) -> Iterator[Decimal]:
        """Yield the rates that use up a free allowance or the provisioned environments."""
        yield from allowance_end(self._free("lambda_free_requests"), Decimal(1))
        yield from allowance_end(self._free("lambda_free_gb_s"), self._busy_gb_s())
        yield from allowance_end(self._free("lambda_free_stream_gb"), stream_gb(self.front, self.usage, self.prices))
        yield from transfer_kinks(self.usage, self.prices)
        if self.provisioned:
            yield self.provisioned / self._busy_s()

    def _terms(self, traffic: Traffic) -> Iterator[BillTerm]:
        requests = traffic.requests
        yield BillTerm(
            "Lambda requests",
            _above(requests, self._free("lambda_free_requests")),
            self.prices["lambda_requests"],
            "requests",
        )
        yield from self._duration_terms(traffic)
        if self.has_snapstart:
            yield BillTerm(
                "SnapStart cache",
                self._memory_gb * traffic.hours * SECONDS_PER_HOUR,
                self.prices["snapstart_cache_gb_s"],
                "memory in GB x seconds of the month, for one published version",
            )
            yield BillTerm(
                "SnapStart restores",
                requests * self.usage.cold_start_share * self._memory_gb,
                self.prices["snapstart_restore_gb"],
                "requests x share of cold starts x memory in GB",
            )
        free_gb = self._free("lambda_free_stream_gb")
        yield from front_terms(self.front, self.usage, self.prices, traffic, free_stream_gb=free_gb)
        yield BillTerm(
            "reads of secrets",
            requests * self.usage.cold_start_share * self.usage.secrets,
            self.prices["secret_calls"],
            "requests x share of cold starts x secrets",
        )
        yield from route_terms(self.route, self.usage, self.prices, traffic)
        yield from transfer_terms(self.usage, self.prices, traffic)

    def _duration_terms(self, traffic: Traffic) -> Iterator[BillTerm]:
        if not self.provisioned:
            yield BillTerm(
                "Lambda duration",
                _above(traffic.requests * self._busy_gb_s(), self._free("lambda_free_gb_s")),
                self._duration_price(),
                "requests x memory in GB x (billed duration + share of cold starts x initialization)",
            )
            return
        arm_or_x86 = self.usage.architecture
        reserved_s = self.provisioned * traffic.hours * SECONDS_PER_HOUR
        inside_s = sum(
            (
                min(period.requests * self._busy_s(), self.provisioned * period.hours * SECONDS_PER_HOUR)
                for period in traffic.periods
            ),
            ZERO,
        )
        outside_s = traffic.requests * self._busy_s() - inside_s
        yield BillTerm(
            "Lambda provisioned concurrency",
            reserved_s * self._memory_gb,
            self._discounted(f"lambda_provisioned_gb_s_{arm_or_x86}"),
            "environments x memory in GB x seconds of the month",
        )
        yield BillTerm(
            "Lambda duration, provisioned",
            inside_s * self._memory_gb,
            self._discounted(f"lambda_provisioned_duration_gb_s_{arm_or_x86}"),
            "memory in GB x billed duration, up to the provisioned concurrency in each hour",
        )
        yield BillTerm(
            "Lambda duration",
            outside_s / self._busy_s() * self._busy_gb_s(),
            self._duration_price(),
            "requests beyond the provisioned concurrency x memory in GB x (billed duration + initialization)",
        )

    @property
    def _memory_gb(self) -> Decimal:
        return self.usage.memory_mb / _MB_PER_GB

    def _busy_s(self) -> Decimal:
        """Return the billed seconds of a request without its share of initialization; Lambda rounds up to 1 ms."""
        usage = self.usage
        plain_s = usage.duration_ms.to_integral_value(ROUND_CEILING) / _MS_PER_S
        # A stream is billed to its end, even if its client has left.
        streamed_s = (usage.stream_s * _MS_PER_S).to_integral_value(ROUND_CEILING) / _MS_PER_S
        return plain_s * (1 - usage.stream_share) + streamed_s * usage.stream_share

    def _busy_gb_s(self) -> Decimal:
        return self._busy_s() * self._memory_gb + self._cold_start_gb_s()

    def _cold_start_gb_s(self) -> Decimal:
        """Return the GB-seconds of initialization per request; with SnapStart a version is initialized only once."""
        if self.has_snapstart:
            return ZERO
        return self.usage.cold_start_share * self.usage.init_ms / _MS_PER_S * self._memory_gb

    def _duration_price(self) -> Price:
        return self._discounted(f"lambda_gb_s_{self.usage.architecture}")

    def _discounted(self, key: str) -> Price:
        return self.prices[key].discounted(self.usage.lambda_discount_percent)

    def _free(self, key: str) -> Decimal:
        """Return a free allowance, which does not apply to provisioned concurrency."""
        return self.prices.value(key) if self.usage.free_tier == "on" and not self.provisioned else ZERO


def _above(quantity: Decimal, free: Decimal) -> Decimal:
    return max(quantity - free, ZERO)
