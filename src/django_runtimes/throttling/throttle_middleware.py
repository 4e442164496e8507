"""Limits the requests of each client address to the rate of WEBAPP_THROTTLE."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.deprecation import MiddlewareMixin

from django_runtimes.config.adopted import SETTING
from django_runtimes.serving.base_path import HEALTH_PATHS
from django_runtimes.throttling.quota import is_for_cache
from django_runtimes.throttling.throttle_rule import ThrottleRule
from django_runtimes.throttling.verdict import judge


class ThrottleMiddleware(MiddlewareMixin):
    """Middleware that answers 429 to a client address with too many requests, whatever their path.

    Without WEBAPP_THROTTLE it does nothing. Health checks are never limited.
    """

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        """Count the request, and answer it if it is one too many."""
        adopted = getattr(settings, SETTING, None)
        if adopted is None or adopted.throttle is None or request.path_info in HEALTH_PATHS:
            return None
        rule = ThrottleRule(adopted.throttle, policy="address", bucket="all requests")
        quota, refusal = judge(rule, adopted.throttle, request)
        request.throttle_quota = quota  # type: ignore[attr-defined]
        return refusal

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Add the headers that state the client's quota."""
        quota = getattr(request, "throttle_quota", None)
        if quota is not None and not is_for_cache(request):
            quota.add_headers(response)
        return response
