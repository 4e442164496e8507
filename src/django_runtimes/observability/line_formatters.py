"""Formats log lines so that each line of a request names the request."""

import logging
import time
from typing import Any

from pythonjsonlogger.json import JsonFormatter

# The lines of the access log have the same time.
TIME_FORMAT = "%Y-%m-%dT%H:%M:%S"
MILLISECONDS_FORMAT = "%s.%03dZ"


class JsonLineFormatter(JsonFormatter):
    """Writes JSON with times in UTC; the request's ids are fields, as are the application's extra ones."""

    converter = staticmethod(time.gmtime)
    default_time_format = TIME_FORMAT
    default_msec_format = MILLISECONDS_FORMAT


class TextLineFormatter(logging.Formatter):
    """Writes text; a line of a request ends with the request's id in brackets."""

    def __init__(self, fmt: str) -> None:
        super().__init__(fmt, style="{")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  (the standard library's name)
        """Return the line without a traceback."""
        line = super().formatMessage(record)
        request_id: Any = getattr(record, "request_id", None)
        return line if request_id is None else f"{line} [{request_id}]"
