"""The services that invoke a function for a client, with their terms of a bill."""

from collections.abc import Iterator
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum

from django_runtimes.compare.cost.bills.bill import BillTerm
from django_runtimes.compare.cost.prices.price import ZERO, PriceList
from django_runtimes.compare.cost.usage.traffic import Traffic
from django_runtimes.compare.cost.usage.usage import Usage

_MB_PER_GB = Decimal(1_024)


class FrontDoor(StrEnum):
    """The service that invokes the function for a client."""

    FUNCTION_URL = "url"
    HTTP_API = "http_api"
    REST_API = "rest_api"

    @property
    def noun(self) -> str:
        """The name of the service."""
        return _NAMES[self]

    @property
    def brief(self) -> str:
        """How clients reach the function."""
        return _BRIEF[self]


# deploy/lambda/template.yaml makes the first one by default, and offers the others.
FRONT_DOORS = (FrontDoor.HTTP_API, FrontDoor.FUNCTION_URL)
_NAMES = {
    FrontDoor.FUNCTION_URL: "function URL",
    FrontDoor.HTTP_API: "HTTP API",
    FrontDoor.REST_API: "REST API",
}
_BRIEF = {
    FrontDoor.FUNCTION_URL: "by function URL",
    FrontDoor.HTTP_API: "behind an HTTP API",
    FrontDoor.REST_API: "behind a REST API",
}
_PRICES = {
    FrontDoor.FUNCTION_URL: "function_url",
    FrontDoor.HTTP_API: "http_api",
    FrontDoor.REST_API: "rest_api",
}


def front_terms(
    front: FrontDoor, usage: Usage, prices: PriceList, traffic: Traffic, *, free_stream_gb: Decimal = ZERO
) -> Iterator[BillTerm]:
    """Yield the terms of the streams that pass through a front door, and of the front door itself."""
    streamed_gb = stream_gb(front, usage, prices)
    if streamed_gb:
        yield BillTerm(
            "Lambda response streams",
            max(traffic.requests * streamed_gb - free_stream_gb, ZERO),
            prices["lambda_stream_gb"],
            "requests x share of streams x GB beyond the first 6 MB of each",
        )
    yield BillTerm(
        front.noun,
        traffic.requests * _units(front, usage, prices),
        prices[_PRICES[front]],
        "requests x metered units of a response",
        (prices["rest_api_stream_unit_mb"],) if front is FrontDoor.REST_API and usage.stream_share > 0 else (),
    )


def stream_gb(front: FrontDoor, usage: Usage, prices: PriceList) -> Decimal:
    """Return the billed streamed GB of a request; an HTTP API does not stream."""
    if front is FrontDoor.HTTP_API:
        return ZERO
    billed_mb = max(usage.stream_mb - prices.value("lambda_stream_free_mb"), ZERO)
    return usage.stream_share * billed_mb / _MB_PER_GB


def _units(front: FrontDoor, usage: Usage, prices: PriceList) -> Decimal:
    """Return the number of metered requests per request."""
    if front is FrontDoor.HTTP_API:
        return _begun(max(usage.response_kb, usage.request_kb), prices.value("http_api_unit_kb"))
    if front is FrontDoor.REST_API:
        streamed = _begun(usage.stream_mb, prices.value("rest_api_stream_unit_mb"))
        return 1 - usage.stream_share + usage.stream_share * streamed
    return Decimal(1)


def _begun(size: Decimal, unit: Decimal) -> Decimal:
    return max((size / unit).to_integral_value(ROUND_CEILING), Decimal(1))
