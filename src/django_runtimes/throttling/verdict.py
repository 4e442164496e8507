"""Decides whether a request is served, and answers the others."""

import time
from typing import NamedTuple

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from django_runtimes.config.adopted import SETTING
from django_runtimes.config.http.measurement_token import TOKEN_HEADER, is_valid_token
from django_runtimes.config.values.choices import ThrottleOutage
from django_runtimes.config.values.request_rate import RequestRate
from django_runtimes.outages.outage import Outage
from django_runtimes.outages.store_error import StoreUnavailableError
from django_runtimes.throttling.counting import count
from django_runtimes.throttling.quota import Quota
from django_runtimes.throttling.throttle_rule import ThrottleRule

_UNCOUNTED = Outage(503, "unavailable", "The request cannot be counted right now; try again in a few seconds.", 5)


class ThrottleVerdict(NamedTuple):
    """The client's quota, if the request was counted, and the response to a request that is not served."""

    quota: Quota | None = None
    refusal: HttpResponse | None = None


_SERVED = ThrottleVerdict()


def judge(rule: ThrottleRule, rate: RequestRate, request: HttpRequest) -> ThrottleVerdict:
    """Count the request, and decide whether it is served."""
    try:
        client = rule.client(request)
        if client is None:
            return _SERVED
        quota = count(rule, rate, client)
    except StoreUnavailableError:
        adopted = getattr(settings, SETTING, None)
        if adopted is None or adopted.throttle_outage is ThrottleOutage.OPEN:
            return _SERVED
        return ThrottleVerdict(refusal=_answer(request, _UNCOUNTED))
    if not quota.is_exceeded or _is_measurement(request):
        return ThrottleVerdict(quota)
    message = f"Too many requests; try again in {quota.reset_s} s."
    return ThrottleVerdict(quota, _answer(request, Outage(429, "throttled", message, quota.reset_s)))


def _is_measurement(request: HttpRequest) -> bool:
    """Return whether the request is part of a comparison, which sends more from one address than visitors do."""
    adopted = getattr(settings, SETTING, None)
    token = request.headers.get(TOKEN_HEADER)
    if token is None or adopted is None or adopted.measurement_key is None:
        return False
    return is_valid_token(token, adopted.measurement_key, now_s=time.time())


def _answer(request: HttpRequest, outage: Outage) -> HttpResponse:
    # Imported here, since most processes refuse no request, and these modules import Django's templates.
    from django_runtimes.observability.access.throttled_request import note_throttled
    from django_runtimes.outages.responses import outage_response

    response = outage_response(request, outage)
    if note_throttled():
        # Django would write a warning beside the line of the access log.
        response._has_been_logged = True  # type: ignore[attr-defined]
    return response
