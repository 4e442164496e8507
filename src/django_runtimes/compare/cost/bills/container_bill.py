"""The bills of containers: tasks of Fargate behind a load balancer, and instances of App Runner."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from django_runtimes.compare.cost.bills.bill import Bill, BillTerm, steps
from django_runtimes.compare.cost.bills.database_bill import route_setup, route_terms
from django_runtimes.compare.cost.bills.transfer_bill import response_kb, transfer_kinks, transfer_terms
from django_runtimes.compare.cost.bills.used_capacity import (
    assumed_capacity,
    busy_s,
    capacity_text,
    count_text,
    rounded_up,
    usable_rps,
)
from django_runtimes.compare.cost.prices.price import ZERO, PriceList
from django_runtimes.compare.cost.usage.traffic import SECONDS_PER_HOUR, Traffic, TrafficPeriod
from django_runtimes.compare.cost.usage.usage import Usage
from django_runtimes.compare.cost.usage.value_origin import ValueOrigin

_SECONDS_PER_MINUTE = Decimal(60)
# On the load balancers' price page 1 MB is 1,000 KB.
_KB_PER_LCU_GB = Decimal(1_000_000)


def tasks(usage: Usage, rate_rps: Decimal) -> Decimal:
    """Return the number of tasks at a rate, at least the minimum."""
    return max(usage.min_tasks, rounded_up(rate_rps / usable_rps(usage)))


@dataclass(frozen=True)
class FargateBilling:
    """An ECS service; `alb_services` services share the price of its load balancer."""

    name: str
    usage: Usage
    prices: PriceList
    route: str = "direct"
    capacity_origin: ValueOrigin = ValueOrigin.SET

    def bill(self, traffic: Traffic) -> Bill:
        """Return the bill for this traffic."""
        return Bill(tuple(self._terms(traffic)), assumed_capacity(self.usage, self.capacity_origin, traffic))

    @property
    def setup(self) -> str:
        """The tasks, the load balancer and the egress."""
        usage = self.usage
        zones = f"{usage.zones.normalize():f} {'zone' if usage.zones == 1 else 'zones'}"
        return (
            f"at least {usage.min_tasks.normalize():f} tasks of {_size(usage)} on {usage.architecture}"
            f"{' with public addresses' if usage.egress == 'none' else ''}, a load balancer in {zones}"
            f"{route_setup(self.route, usage)}, {capacity_text(usage, self.capacity_origin)}"
        )

    def brief_setup(self, traffic: Traffic) -> str:
        """Return the number of tasks in the busiest hour."""
        return count_text(tasks(self.usage, traffic.peak_rps), "task", "tasks")

    def breaks(self, up_to_rps: Decimal) -> Iterator[Decimal]:
        """Yield the rates above which a task is added, and the rate that uses up the free data transfer."""
        yield from steps(usable_rps(self.usage), up_to_rps)
        yield from transfer_kinks(self.usage, self.prices)

    def _terms(self, traffic: Traffic) -> Iterator[BillTerm]:
        usage, prices = self.usage, self.prices
        task_hours = sum((tasks(usage, period.rate_rps) * period.hours for period in traffic.periods), ZERO)
        counted = (
            "sum over the hours of max(min_tasks, rate / (capacity_rps x utilization) rounded up), "
            f"{capacity_text(usage, self.capacity_origin)}"
        )
        yield BillTerm(
            "Fargate vCPU",
            task_hours * usage.task_vcpu,
            prices[f"fargate_vcpu_hour_{usage.architecture}"].discounted(usage.fargate_discount_percent),
            f"tasks x vCPU; tasks: {counted}",
        )
        yield BillTerm(
            "Fargate memory",
            task_hours * usage.task_memory_gb,
            prices[f"fargate_gb_hour_{usage.architecture}"].discounted(usage.fargate_discount_percent),
            "tasks x memory in GB",
        )
        if usage.egress == "none":
            yield BillTerm(
                "public IPv4 addresses of tasks",
                task_hours,
                prices["public_ipv4_hour"],
                "one for each task, which has no other egress",
            )
        yield BillTerm(
            "load balancer",
            traffic.hours / usage.alb_services,
            prices["alb_hour"],
            "hours / services that share it",
        )
        yield BillTerm(
            "public IPv4 addresses of the load balancer",
            traffic.hours * usage.zones / usage.alb_services,
            prices["public_ipv4_hour"],
            "zones x hours / services that share it",
        )
        yield BillTerm(
            "load balancer capacity",
            sum((self.lcus(period.rate_rps) * period.hours for period in traffic.periods), ZERO),
            prices["alb_lcu_hour"],
            "sum over the hours of the largest: new connections, active connections, GB",
        )
        yield from route_terms(self.route, usage, prices, traffic)
        yield from transfer_terms(usage, prices, traffic)

    def lcus(self, rate_rps: Decimal) -> Decimal:
        """Return the capacity units of the load balancer at a rate: its largest dimension."""
        usage, prices = self.usage, self.prices
        new_per_s = rate_rps / usage.requests_per_connection
        active = new_per_s * max(usage.connection_s, _SECONDS_PER_MINUTE)
        gb_hour = rate_rps * SECONDS_PER_HOUR * (response_kb(usage) + usage.request_kb) / _KB_PER_LCU_GB
        return max(
            new_per_s / prices.value("lcu_new_connections"),
            active / prices.value("lcu_active_connections"),
            gb_hour / prices.value("lcu_gb_hour"),
        )


@dataclass(frozen=True)
class AppRunnerBilling:
    """An App Runner service, which has at least one instance and includes the load balancer."""

    name: str
    usage: Usage
    prices: PriceList
    route: str = "direct"
    capacity_origin: ValueOrigin = ValueOrigin.SET

    def bill(self, traffic: Traffic) -> Bill:
        """Return the bill for this traffic."""
        return Bill(tuple(self._terms(traffic)), assumed_capacity(self.usage, self.capacity_origin, traffic))

    @property
    def setup(self) -> str:
        """The instances."""
        return (
            f"at least 1 instance of {_size(self.usage)}{route_setup(self.route, self.usage)}, "
            f"{capacity_text(self.usage, self.capacity_origin)}"
        )

    def brief_setup(self, traffic: Traffic) -> str:
        """Return the number of instances in the busiest hour."""
        return count_text(self.instances(traffic.peak_rps), "instance", "instances")

    def breaks(self, up_to_rps: Decimal) -> Iterator[Decimal]:
        """Yield the rates above which an instance is added, and those at which all instances become active."""
        yield from steps(self._instance_rps(), up_to_rps)
        # From this rate on all instances are active, until another instance is added, which may be idle at first.
        active_s, instance_rps, count = self._active_s(), self._instance_rps(), Decimal(1)
        while active_s * instance_rps > 1 and (count - 1) * instance_rps < count / active_s <= up_to_rps:
            yield count / active_s
            count += 1
        yield from transfer_kinks(self.usage, self.prices)

    def instances(self, rate_rps: Decimal) -> Decimal:
        """Return the number of instances at a rate."""
        return max(Decimal(1), rounded_up(rate_rps / self._instance_rps()))

    def _terms(self, traffic: Traffic) -> Iterator[BillTerm]:
        usage, prices = self.usage, self.prices
        counted = (
            "instances: sum over the hours of max(1, rate / an instance's rate, rounded up), "
            f"{capacity_text(usage, self.capacity_origin)}"
        )
        instance_hours = sum((self.instances(period.rate_rps) * period.hours for period in traffic.periods), ZERO)
        yield BillTerm(
            "App Runner memory",
            instance_hours * usage.task_memory_gb,
            prices["apprunner_gb_hour"],
            f"instances x memory in GB, idle too; {counted}",
        )
        yield BillTerm(
            "App Runner vCPU",
            sum((self._active_hours(period) for period in traffic.periods), ZERO) * usage.task_vcpu,
            prices["apprunner_vcpu_hour"],
            "active hours x vCPU; each request keeps an instance active for a minute",
            (prices["apprunner_active_s"],),
        )
        yield from route_terms(self.route, usage, prices, traffic)
        yield from transfer_terms(usage, prices, traffic)

    def _active_hours(self, period: TrafficPeriod) -> Decimal:
        busy = period.rate_rps * self._active_s()
        return min(self.instances(period.rate_rps), busy) * period.hours

    def _active_s(self) -> Decimal:
        return max(self.prices.value("apprunner_active_s"), busy_s(self.usage))

    def _instance_rps(self) -> Decimal:
        """The rate that one instance handles, limited by its concurrency and its capacity."""
        usage = self.usage
        return min(usage.max_concurrency / busy_s(usage), usable_rps(usage))


def _size(usage: Usage) -> str:
    return f"{usage.task_vcpu.normalize():f} vCPU and {usage.task_memory_gb.normalize():f} GB"
