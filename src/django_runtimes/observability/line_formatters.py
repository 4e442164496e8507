"""Formats log lines so that each line of a request names the request."""

import copy
import json
import logging
import time
from functools import partial
from typing import Any

from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter

from django_runtimes.config.logging_settings import MILLISECONDS_FORMAT, TIME_FORMAT
from django_runtimes.observability.log_encoder import as_text, json_value

# Python would write NaN and Infinity, which are not JSON.
_dumps = partial(json.dumps, allow_nan=False)


class JsonLineFormatter(JsonFormatter):
    """Writes JSON with times in UTC; the request's ids are fields, as are the application's extra ones."""

    converter = staticmethod(time.gmtime)
    default_time_format = TIME_FORMAT
    default_msec_format = MILLISECONDS_FORMAT

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, json_serializer=_dumps, **options)

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; what JSON cannot hold is text in it, so that no value can cost the line."""
        try:
            return super().format(record)
        except Exception:
            # Python would drop the line, or raise the error of a deeply nested value where the application logs.
            return super().format(_writable(record))


def _writable(record: logging.LogRecord) -> logging.LogRecord:
    written = copy.copy(record)
    for name, value in vars(record).items():
        if name not in RESERVED_ATTRS:
            setattr(written, name, json_value(value))
    if isinstance(record.msg, dict):
        written.msg = json_value(record.msg)
        return written
    try:
        written.msg, written.args = record.getMessage(), ()
    except Exception:
        written.msg, written.args = as_text(record.msg), ()
        written.arguments = json_value(record.args)
    return written


class TextLineFormatter(logging.Formatter):
    """Writes text; a line of a request ends with the request's id in brackets."""

    def __init__(self, fmt: str) -> None:
        super().__init__(fmt, style="{")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  (the standard library's name)
        """Return the line without a traceback."""
        line = super().formatMessage(record)
        request_id: Any = getattr(record, "request_id", None)
        return line if request_id is None else f"{line} [{request_id}]"
