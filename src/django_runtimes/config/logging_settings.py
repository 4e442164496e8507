"""Django's LOGGING for lines of JSON or text."""

from typing import Any

from django_runtimes.config.values.choices import LogFormat, LogLevel

# The times in lines of JSON, those of the access log included.
TIME_FORMAT = "%Y-%m-%dT%H:%M:%S"
MILLISECONDS_FORMAT = "%s.%03dZ"

_JSON = {
    "format": "{asctime}{levelname}{name}{message}",
    "style": "{",
    "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
    # Django's log lines contain the request, whose text has the query string.
    "json_encoder": "ext://django_runtimes.observability.log_encoder.LogEncoder",
    "reserved_attrs": "ext://django_runtimes.observability.log_encoder.RESERVED",
}
_JSON_LINES = {"()": "django_runtimes.observability.line_formatters.JsonLineFormatter", **_JSON}
_TEXT = {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}
_FORMATTERS: dict[LogFormat, dict[str, Any]] = {
    LogFormat.JSON: _JSON_LINES,
    LogFormat.TEXT: _TEXT,
}
_FORMATTERS_OF_REQUESTS: dict[LogFormat, dict[str, Any]] = {
    LogFormat.JSON: _JSON_LINES,
    LogFormat.TEXT: {"()": "django_runtimes.observability.line_formatters.TextLineFormatter", "fmt": _TEXT["format"]},
}


def logging_settings(
    log_format: LogFormat, level: LogLevel, *, names_requests: bool = False, mails_errors: bool = False
) -> dict[str, Any]:
    """Return Django's LOGGING with one handler, which writes JSON or text to standard error.

    With `names_requests`, each line of a request carries the request's id, and serving processes write to standard
    output. With `mails_errors`, errors are mailed to ADMINS as well, as by Django's own LOGGING.
    """
    level_name = level.upper()
    # Libraries set levels on their own loggers (Django INFO, psycopg WARNING), so the handler filters too.
    handler: dict[str, Any] = {"class": "logging.StreamHandler", "formatter": "line", "level": level_name}
    settings: dict[str, Any] = {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": (_FORMATTERS_OF_REQUESTS if names_requests else _FORMATTERS)[log_format]},
        "handlers": {"console": handler},
        "root": {"handlers": ["console"], "level": level_name},
        # Django's own handlers for these loggers would print each line a second time, in another format.
        "loggers": {
            "django": {"handlers": [], "propagate": True},
            "django.server": {"handlers": [], "propagate": True},
            # Its lines below INFO contain signed requests, with the session token.
            "botocore": {"level": "INFO"},
        },
    }
    if mails_errors:
        settings["filters"] = {"require_debug_false": {"()": "django.utils.log.RequireDebugFalse"}}
        settings["handlers"]["mail_admins"] = {
            "class": "django_runtimes.observability.error_mails.ErrorMailHandler",
            "level": "ERROR",
            "filters": ["require_debug_false"],
        }
        settings["loggers"]["django"]["handlers"] = ["mail_admins"]
    if names_requests:
        handler |= {"class": "django_runtimes.observability.served_logs.ServedHandler"}
    return settings
