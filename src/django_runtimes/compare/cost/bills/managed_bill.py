"""The bill of a Lambda function on Managed Instances: EC2 instances that run all the time, and the requests."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from functools import cached_property

from django_runtimes.compare.cost.bills.bill import Bill, BillTerm, steps
from django_runtimes.compare.cost.bills.database_bill import route_setup, route_terms
from django_runtimes.compare.cost.bills.front_door import FrontDoor, front_terms
from django_runtimes.compare.cost.bills.transfer_bill import transfer_kinks, transfer_terms
from django_runtimes.compare.cost.bills.used_capacity import (
    assumed_capacity,
    busy_s,
    capacity_text,
    count_text,
    rounded_up,
)
from django_runtimes.compare.cost.prices.price import ZERO, PriceList
from django_runtimes.compare.cost.usage.environment_size import RESERVED, Placement, environment_vcpu, placement_of
from django_runtimes.compare.cost.usage.traffic import Traffic
from django_runtimes.compare.cost.usage.usage import Usage
from django_runtimes.compare.cost.usage.value_origin import ValueOrigin

# A rate with few digits has exact multiples, at which an instance is full and no other one has been added.
_RATE_STEP = Decimal("0.000001")


@dataclass(frozen=True)
class ManagedBilling:
    """A function whose execution environments run on EC2 instances, for which Lambda adds a fee to EC2's price."""

    name: str
    usage: Usage
    prices: PriceList
    front: FrontDoor = FrontDoor.HTTP_API
    route: str = "direct"
    capacity_origin: ValueOrigin = ValueOrigin.SET

    def bill(self, traffic: Traffic) -> Bill:
        """Return the bill for this traffic."""
        assumed_rps = assumed_capacity(self.usage, self.capacity_origin, traffic)
        return Bill(tuple(self._terms(traffic)), assumed_rps, "an execution environment")

    @property
    def setup(self) -> str:
        """The front door, the instances, the execution environments and the route."""
        usage = self.usage
        return (
            f"{self.front.noun}, at least {self.instances(ZERO).normalize():f} {self._placed.ec2_type.name} instances "
            f"and {self._fee_percent.normalize():f} % for Lambda, execution environments of "
            f"{usage.memory_mb.normalize():,f} MB, {environment_vcpu(usage).normalize():f} vCPU and "
            f"{usage.processes.normalize():f} {'process' if usage.processes == 1 else 'processes'}"
            f"{route_setup(self.route, usage)}, {capacity_text(usage, self.capacity_origin)}"
        )

    def brief_setup(self, traffic: Traffic) -> str:
        """Return the number of instances in the busiest hour, and the front door."""
        noun = f"{self._placed.ec2_type.name} instance"
        return f"{count_text(self.instances(traffic.peak_rps), noun, f'{noun}s')} {self.front.brief}"

    def breaks(self, up_to_rps: Decimal) -> Iterator[Decimal]:
        """Yield the rates above which an instance is added, and the rate that uses up the free data transfer."""
        yield from steps(self._instance_rps, up_to_rps)
        yield from transfer_kinks(self.usage, self.prices)

    def instances(self, rate_rps: Decimal) -> Decimal:
        """Return the number of instances at a rate: those that the load needs, at least the minimum."""
        usage = self.usage
        for_minimum = rounded_up(usage.min_environments / self._placed.environments)
        return max(usage.min_instances, for_minimum, rounded_up(rate_rps / self._instance_rps))

    def _terms(self, traffic: Traffic) -> Iterator[BillTerm]:
        usage, prices = self.usage, self.prices
        hours = sum((self.instances(period.rate_rps) * period.hours for period in traffic.periods), ZERO)
        price = prices[self._placed.ec2_type.price_key]
        yield BillTerm(
            "EC2 instances",
            hours,
            price.discounted(usage.ec2_discount_percent),
            "sum over the hours of max(min_instances, environments / environments of an instance, rounded up); "
            "environments: max(min_environments, rate / (min(capacity_rps, processes / duration) x utilization), "
            f"rounded up), {self._placed.environments:f} on each {self._placed.ec2_type.name}, "
            f"{capacity_text(usage, self.capacity_origin)}",
            tuple(prices[key] for key in RESERVED),
        )
        yield BillTerm(
            "Managed Instances fee",
            hours * self._fee_percent / 100,
            price,
            f"hours of the instances x {self._fee_percent.normalize():f} %, without a discount",
        )
        yield BillTerm("Lambda requests", traffic.requests, prices["lambda_requests"], "requests")
        yield from front_terms(self.front, usage, prices, traffic)
        yield from route_terms(self.route, usage, prices, traffic)
        yield from transfer_terms(usage, prices, traffic)

    @cached_property
    def _placed(self) -> Placement:
        return placement_of(self.usage, self.prices)

    @property
    def _fee_percent(self) -> Decimal:
        return self.prices.value("managed_fee_percent")

    @cached_property
    def _instance_rps(self) -> Decimal:
        """The rate up to which the environments of one instance need no other instance.

        A request that finds all processes busy is refused, so the processes limit the rate as the capacity does.
        """
        usage = self.usage
        environment_rps = min(usage.capacity_rps, usage.processes / busy_s(usage)) * usage.utilization
        rate_rps = environment_rps.quantize(_RATE_STEP, rounding=ROUND_FLOOR)
        return max(rate_rps, _RATE_STEP) * self._placed.environments
