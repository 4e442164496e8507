"""The bills of databases: RDS, Aurora Serverless v2, the Data API, and RDS Proxy in front of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from django_runtimes.compare.cost.bills.bill import Bill, BillTerm, steps
from django_runtimes.compare.cost.instance_class import instance_class
from django_runtimes.compare.cost.prices.price import ZERO, PriceList
from django_runtimes.compare.cost.usage.traffic import Traffic, TrafficPeriod
from django_runtimes.compare.cost.usage.usage import Usage

# The templates let a cluster pause only on the Data API, which reads the logins of the application and of the
# administrator from secrets.
_DATA_API_LOGINS = 2


def proxy_term(usage: Usage, prices: PriceList, traffic: Traffic) -> BillTerm:
    """Return the term of an RDS Proxy in front of an RDS instance."""
    vcpu = max(instance_class(usage.database_class).vcpu, prices.value("rds_proxy_minimum_vcpu"))
    return BillTerm(
        "RDS Proxy",
        traffic.hours * vcpu,
        prices["rds_proxy_vcpu_hour"],
        f"hours x vCPU of {usage.database_class}, at least 2",
    )


def data_api_term(usage: Usage, prices: PriceList, traffic: Traffic) -> BillTerm:
    """Return the term of the calls to Aurora's Data API."""
    units = (usage.data_api_kb / prices.value("data_api_unit_kb")).to_integral_value(ROUND_CEILING)
    return BillTerm(
        "Data API",
        traffic.requests * usage.data_api_calls * units,
        prices["data_api"],
        "requests x calls x metered units of 32 KB",
        (prices["data_api_unit_kb"],),
    )


def route_terms(route: str, usage: Usage, prices: PriceList, traffic: Traffic) -> Iterator[BillTerm]:
    """Yield the terms of the RDS Proxy or the Data API that a target's route uses."""
    if route == "proxy":
        yield proxy_term(usage, prices, traffic)
    elif route == "data_api":
        yield data_api_term(usage, prices, traffic)


def route_setup(route: str, usage: Usage) -> str:
    """Return the end of a target's setup: the RDS Proxy or the Data API that its route uses."""
    return {"proxy": f", RDS Proxy for {usage.database_class}", "data_api": ", the Data API"}.get(route, "")


@dataclass(frozen=True)
class RdsBilling:
    """An RDS instance in one zone, with or without RDS Proxy."""

    name: str
    usage: Usage
    prices: PriceList
    has_proxy: bool = False

    def bill(self, traffic: Traffic) -> Bill:
        """Return the bill, which does not depend on the number of requests."""
        terms = [
            BillTerm(
                f"instance {self.usage.database_class}",
                traffic.hours,
                self.prices[instance_class(self.usage.database_class).price_key],
                "hours",
            ),
            BillTerm(
                "storage, gp3",
                self.usage.database_gb,
                self.prices["rds_gp3_gb_month"],
                "GB",
            ),
            secret_term(self.usage, self.prices),
        ]
        if self.has_proxy:
            terms.append(proxy_term(self.usage, self.prices, traffic))
        return Bill(tuple(terms))

    def breaks(self, up_to_rps: Decimal) -> Iterator[Decimal]:
        """Yield nothing, since the bill is constant."""
        yield from ()


@dataclass(frozen=True)
class AuroraBilling:
    """An Aurora Serverless v2 cluster; a cluster that pauses has a minimum of 0 ACU and no RDS Proxy."""

    name: str
    usage: Usage
    prices: PriceList
    has_proxy: bool = False
    pauses: bool = False
    has_data_api: bool = False

    def bill(self, traffic: Traffic) -> Bill:
        """Return the bill for this traffic."""
        return Bill(tuple(self._terms(traffic)))

    def breaks(self, up_to_rps: Decimal) -> Iterator[Decimal]:
        """Yield the rates above which capacity is added, and the rate from which the cluster never pauses."""
        if self.usage.acu_per_rps:
            yield from steps(self.prices.value("aurora_step_acu") / self.usage.acu_per_rps, up_to_rps)
            yield self.prices.value("rds_proxy_minimum_acu") / self.usage.acu_per_rps
        yield 1 / self.prices.value("aurora_pause_s")

    def acus(self, rate_rps: Decimal) -> Decimal:
        """Return the capacity while the cluster is awake, in steps of half a unit."""
        step = self.prices.value("aurora_step_acu")
        needed = (rate_rps * self.usage.acu_per_rps / step).to_integral_value(ROUND_CEILING) * step
        return max(needed, step if self.pauses else self.usage.min_acu)

    def _terms(self, traffic: Traffic) -> Iterator[BillTerm]:
        usage, prices = self.usage, self.prices
        awake = "; each request keeps it awake for 5 minutes" if self.pauses else ""
        yield BillTerm(
            "Aurora capacity",
            sum((self._acu_hours(period) for period in traffic.periods), ZERO),
            prices["aurora_acu_hour"],
            f"sum over the hours of rate x ACU per request/s, rounded up to 0.5{awake}",
            (prices["aurora_pause_s"],) if self.pauses else (),
        )
        yield BillTerm("storage, Aurora", usage.database_gb, prices["aurora_gb_month"], "GB")
        yield BillTerm("Aurora I/O", traffic.requests * usage.ios_per_request, prices["aurora_io"], "requests x I/O")
        yield secret_term(usage, prices, logins=_DATA_API_LOGINS if self.pauses else 0)
        if self.has_proxy:
            minimum = prices.value("rds_proxy_minimum_acu")
            yield BillTerm(
                "RDS Proxy",
                sum((max(self.acus(period.rate_rps), minimum) * period.hours for period in traffic.periods), ZERO),
                prices["rds_proxy_acu_hour"],
                "hours x ACU, at least 8",
            )
        if self.has_data_api:
            yield data_api_term(usage, prices, traffic)

    def _acu_hours(self, period: TrafficPeriod) -> Decimal:
        capacity = self.acus(period.rate_rps) * period.hours
        if not self.pauses:
            return capacity
        return capacity * min(period.rate_rps * self.prices.value("aurora_pause_s"), Decimal(1))


def secret_term(usage: Usage, prices: PriceList, *, logins: int = 0) -> BillTerm:
    """Return the term of the secrets, those of `logins` included, without the few calls that read them."""
    formula = f"secrets, and {logins} with logins" if logins else "secrets"
    return BillTerm("secrets", usage.secrets + logins, prices["secret_month"], formula)


@dataclass(frozen=True)
class EgressBilling:
    """The egress of private subnets: NAT gateways or interface endpoints."""

    name: str
    usage: Usage
    prices: PriceList
    kind: str

    def bill(self, traffic: Traffic) -> Bill:
        """Return the bill for this traffic."""
        usage, prices = self.usage, self.prices
        gb = traffic.requests * usage.egress_kb / (1_024 * 1_024)
        if self.kind == "nat":
            hours = traffic.hours * usage.nat_gateways
            return Bill(
                (
                    BillTerm("NAT gateways", hours, prices["nat_hour"], "gateways x hours"),
                    BillTerm("addresses of NAT gateways", hours, prices["public_ipv4_hour"], "gateways x hours"),
                    BillTerm("data through NAT", gb, prices["nat_gb"], "requests x KB of egress"),
                )
            )
        hours = traffic.hours * usage.interface_endpoints * usage.zones
        return Bill(
            (
                BillTerm("interface endpoints", hours, prices["endpoint_hour"], "endpoints x zones x hours"),
                BillTerm("data through endpoints", gb, prices["endpoint_gb"], "requests x KB of egress"),
            )
        )

    def breaks(self, up_to_rps: Decimal) -> Iterator[Decimal]:
        """Yield nothing, since the bill is linear."""
        yield from ()
