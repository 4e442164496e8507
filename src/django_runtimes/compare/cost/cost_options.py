"""Other ways to run a target, with the bills that they would have."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django_runtimes.compare.cost.bills.bill import Billed
from django_runtimes.compare.cost.bills.front_door import FrontDoor
from django_runtimes.compare.cost.prices.price import PriceList
from django_runtimes.compare.cost.shared_parts import DATA_API
from django_runtimes.compare.cost.target_bills import fargate_billing, fronts_of, function_billing, with_option
from django_runtimes.compare.cost.usage.measured_usage import TargetUsage
from django_runtimes.compare.cost.usage.usage_key import ECS, LAMBDA, PRICED_ENGINES

_OTHER_ARCHITECTURES = {"x86": "arm", "arm": "x86"}
# The route that an option of a function compares with its own, and the option's title.
_OTHER_ROUTES = {
    "direct": ("proxy", "with RDS Proxy"),
    "proxy": ("direct", "without RDS Proxy"),
    DATA_API: ("proxy", "RDS Proxy in place of the Data API"),
}


@dataclass(frozen=True)
class CostOption:
    """Another way to run a target, whose bill is compared with the target's own."""

    target: Billed
    option: Billed
    title: str


def cost_options(usages: Sequence[TargetUsage], prices: PriceList) -> Iterator[CostOption]:
    """Yield the options of the first function that is billed by its durations, and of the first ECS target."""
    functions = [usage for usage in usages if usage.runtime in LAMBDA]
    services = [usage for usage in usages if usage.runtime in ECS]
    if functions:
        yield from _function_options(functions[0], prices)
    if services:
        yield from _service_options(services[0], prices)


def _function_options(usage: TargetUsage, prices: PriceList) -> Iterator[CostOption]:
    first, second = fronts_of(usage)
    plain = function_billing(usage, prices, first)
    yield CostOption(plain, replace(plain, **_other_processor(usage)), _processor_title(usage))
    restored = replace(plain, name=with_option(usage.name, "snapstart"), has_snapstart=not plain.has_snapstart)
    yield CostOption(plain, restored, "without SnapStart" if plain.has_snapstart else "SnapStart")
    kept = usage.usage.provisioned_concurrency
    ready = replace(plain, name=with_option(usage.name, "provisioned"), provisioned=kept, has_snapstart=False)
    yield CostOption(plain, ready, f"{kept.normalize():f} environments kept ready")
    if usage.engine in PRICED_ENGINES:
        other_route, title = _OTHER_ROUTES[usage.route]
        yield CostOption(plain, replace(plain, name=with_option(usage.name, "other_route"), route=other_route), title)
    other = function_billing(usage, prices, second)
    yield CostOption(plain, other, f"{second.noun} in place of the {first.noun}")
    # An HTTP API does not stream.
    url = function_billing(usage, prices, FrontDoor.FUNCTION_URL)
    streaming = replace(usage, usage=replace(usage.usage, stream_share=usage.usage.stream_share or Decimal("0.01")))
    share = streaming.usage.stream_share * 100
    streamed = replace(url, name=with_option(usage.name, "stream"), usage=streaming.usage)
    if not usage.usage.stream_share:
        seconds = streaming.usage.stream_s.normalize()
        yield CostOption(plain, streamed, f"function URL, {share.normalize():f} % of requests stream for {seconds:f} s")
    rest = replace(streamed, name=with_option(usage.name, "rest_api"), front=FrontDoor.REST_API)
    yield CostOption(plain, rest, "the same through a REST API, which streams")


def _service_options(usage: TargetUsage, prices: PriceList) -> Iterator[CostOption]:
    plain = fargate_billing(usage, prices)
    yield CostOption(plain, replace(plain, **_other_processor(usage)), _processor_title(usage))
    services = prices.value("alb_services")
    shared = replace(usage.usage, alb_services=services)
    yield CostOption(
        plain,
        replace(plain, name=with_option(usage.name, "express"), usage=shared),
        f"ECS Express, its load balancer shared by {services:f} services",
    )


def _other_processor(usage: TargetUsage) -> dict[str, Any]:
    """Return the fields of a bill that differ on the other architecture."""
    other = _OTHER_ARCHITECTURES[usage.usage.architecture]
    return {"name": with_option(usage.name, other), "usage": replace(usage.usage, architecture=other)}


def _processor_title(usage: TargetUsage) -> str:
    used = usage.usage.architecture
    return f"{_OTHER_ARCHITECTURES[used]} in place of {used}"
