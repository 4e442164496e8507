"""Encodes the values of log lines as JSON without the query strings of requests."""

from typing import Any

from pythonjsonlogger.json import JsonEncoder


class LogEncoder(JsonEncoder):
    """The formatter's encoder, except that a request is its method and path.

    The text of Django's request contains the query string, which may hold a token or a person's data.
    """

    def default(self, o: Any) -> Any:
        """Return a value that JSON can hold."""
        # Imported here, since logging is configured before Django's other modules are needed.
        from django.http import HttpRequest

        return f"{o.method} {o.path}" if isinstance(o, HttpRequest) else super().default(o)
