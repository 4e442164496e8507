"""Adds the current request's ids to log records."""

import logging

from django_runtimes.observability.access.observed_request import ObservedRequest
from django_runtimes.serving.observed import current_observation


class RequestFilter(logging.Filter):
    """Sets `request_id`, `trace_id` and `lambda_request_id` of each record that a request logs.

    A value that the application has passed in `extra` under one of these names stays.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the ids, and keep every record."""
        observed = current_observation.get()
        if isinstance(observed, ObservedRequest):
            fields = vars(record)
            for name, value in observed.ids().items():
                fields.setdefault(name, value)
        return True
