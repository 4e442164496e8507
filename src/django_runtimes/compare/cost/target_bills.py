"""The bills of each target: one, or one for each usual front door of a function."""

from collections.abc import Iterator
from typing import Protocol

from django_runtimes.compare.cost.bills.bill import BilledTarget
from django_runtimes.compare.cost.bills.container_bill import AppRunnerBilling, FargateBilling
from django_runtimes.compare.cost.bills.front_door import FRONT_DOORS, FrontDoor
from django_runtimes.compare.cost.bills.lambda_bill import LambdaBilling
from django_runtimes.compare.cost.bills.managed_bill import ManagedBilling
from django_runtimes.compare.cost.prices.price import PriceList
from django_runtimes.compare.cost.usage.billed_runtime import options_in
from django_runtimes.compare.cost.usage.measured_usage import TargetUsage

_CAPACITY = "capacity_rps"


class BilledFactory(Protocol):
    """Yields the bills of a target."""

    def __call__(self, usage: TargetUsage, prices: PriceList) -> Iterator[BilledTarget]:
        """Yield the bills with these prices."""
        ...


def billed_targets(usage: TargetUsage, prices: PriceList) -> Iterator[BilledTarget]:
    """Yield the bills of a target; a function has one for each usual front door."""
    factory = FACTORIES.get(usage.runtime)
    if factory is not None:
        yield from factory(usage, prices)


def fronts_of(usage: TargetUsage) -> tuple[FrontDoor, ...]:
    """Return the usual front doors; the first one is the measured one, or the default of `webapp deploy`."""
    return tuple(reversed(FRONT_DOORS)) if usage.is_function_url else FRONT_DOORS


def function_billing(usage: TargetUsage, prices: PriceList, front: FrontDoor) -> LambdaBilling:
    """Return the bill of a function with a front door."""
    return LambdaBilling(
        with_option(usage.name, front.value),
        usage.usage,
        prices,
        front,
        route=usage.route,
        has_snapstart="snapstart" in options_in(usage.name),
    )


def fargate_billing(usage: TargetUsage, prices: PriceList) -> FargateBilling:
    """Return the bill of an ECS service."""
    return FargateBilling(usage.name, usage.usage, prices, route=usage.route, capacity_origin=usage.origins[_CAPACITY])


def with_option(name: str, option: str) -> str:
    """Return a target's name with an option: aws_lambda+url/per_request/proxy."""
    runtime, slash, rest = name.partition("/")
    return f"{runtime}+{option}{slash}{rest}"


def _lambda_targets(usage: TargetUsage, prices: PriceList) -> Iterator[BilledTarget]:
    for front in fronts_of(usage):
        yield function_billing(usage, prices, front)


def _managed_targets(usage: TargetUsage, prices: PriceList) -> Iterator[BilledTarget]:
    for front in fronts_of(usage):
        name, origin = with_option(usage.name, front.value), usage.origins[_CAPACITY]
        yield ManagedBilling(name, usage.usage, prices, front, route=usage.route, capacity_origin=origin)


def _fargate_targets(usage: TargetUsage, prices: PriceList) -> Iterator[BilledTarget]:
    yield fargate_billing(usage, prices)


def _app_runner_targets(usage: TargetUsage, prices: PriceList) -> Iterator[BilledTarget]:
    yield AppRunnerBilling(usage.name, usage.usage, prices, route=usage.route, capacity_origin=usage.origins[_CAPACITY])


FACTORIES: dict[str, BilledFactory] = {
    "aws_lambda": _lambda_targets,
    "aws_lambda+managed": _managed_targets,
    "aws_ecs": _fargate_targets,
    "aws_app_runner": _app_runner_targets,
}
