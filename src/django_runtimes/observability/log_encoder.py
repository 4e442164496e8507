"""Encodes the values of log lines as JSON without the query strings of requests."""

from typing import Any

from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonEncoder

# An `extra` field of these names would replace the line's own. uvicorn's `color_message` has a terminal's codes.
RESERVED = [*RESERVED_ATTRS, "time", "level", "logger", "color_message"]


class LogEncoder(JsonEncoder):
    """The formatter's encoder, except that a request is its method and path, and its route with the access log.

    The text of Django's request contains the query string, which may hold a token or a person's data.
    """

    def default(self, o: Any) -> Any:
        """Return a value that JSON can hold."""
        # Imported here, since logging is configured before Django's other modules are needed.
        from django.http import HttpRequest

        if not isinstance(o, HttpRequest):
            return super().default(o)
        from django_runtimes.serving.observed import current_observation

        if current_observation.get() is None:
            return f"{o.method} {o.path}"
        from django_runtimes.observability.access.observed_request import route_of

        return f"{o.method} {route_of(o) or '(no route)'}"
