"""Encodes the values of log lines as JSON without the query strings of requests."""

import json
from typing import Any

from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonEncoder

# An `extra` field of these names would replace the line's own. uvicorn's `color_message` has a terminal's codes.
RESERVED = [*RESERVED_ATTRS, "time", "level", "logger", "color_message"]
# Deeper values are left out, as are those that contain themselves.
_MOST_LEVELS = 32
_LEFT_OUT = "…"


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


def json_value(value: Any, outer: tuple[Any, ...] = ()) -> Any:
    """Return the value with a text in place of each part that JSON cannot hold; `outer` are those that contain it."""
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int | float):
        return _json_number(value)
    if len(outer) >= _MOST_LEVELS or any(value is each for each in outer):
        return _LEFT_OUT
    within = (*outer, value)
    if isinstance(value, dict):
        return {as_text(key): json_value(each, within) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [json_value(each, within) for each in value]
    return json_value(_encoded(value), within)


def _json_number(value: float) -> Any:
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        # It is NaN, infinite, or has thousands of digits, which Python does not write.
        return str(value) if isinstance(value, float) else _name_of_type(value)
    return value


def _encoded(value: Any) -> Any:
    try:
        return LogEncoder().default(value)
    except Exception:
        return _name_of_type(value)


def as_text(value: Any) -> str:
    """Return `str(value)`, or the name of its type if that fails."""
    try:
        return str(value)
    except Exception:
        return _name_of_type(value)


def _name_of_type(value: Any) -> str:
    return f"<{type(value).__name__}>"
