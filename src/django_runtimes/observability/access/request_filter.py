"""Adds the current request's ids to log records, and takes its path out of them."""

import logging
from typing import Any

from django_runtimes.observability.access.observed_request import ObservedRequest, route_of
from django_runtimes.serving.observed import current_observation

NO_ROUTE = "(no route)"
# Django's loggers and the library's; the application's own lines stay as they are.
_WITH_PATH = ("django.", "django_runtimes.")


class RequestFilter(logging.Filter):
    """Sets `request_id`, `trace_id` and `lambda_request_id` of each record that a request logs.

    A value that the application has passed in `extra` under one of these names stays. In Django's lines about requests
    the route replaces the path, which may contain ids, names and tokens.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the ids, and keep every record."""
        observed = current_observation.get()
        if isinstance(observed, ObservedRequest):
            fields = vars(record)
            for name, value in observed.ids().items():
                fields.setdefault(name, value)
            if record.name.startswith(_WITH_PATH) and type(record.args) is tuple:
                record.args = tuple(_without_path(record.args, observed))
        return True


def _without_path(values: tuple[Any, ...], observed: ObservedRequest) -> list[Any]:
    request = observed.http_request
    paths = {path for path in (observed.scope.get("path"), getattr(request, "path", None)) if path}
    # Django's lines escape backslashes, control characters and what is not ASCII.
    paths |= {path.encode("unicode_escape").decode("ascii") for path in paths}
    return [(route_of(request) or NO_ROUTE) if isinstance(value, str) and value in paths else value for value in values]
