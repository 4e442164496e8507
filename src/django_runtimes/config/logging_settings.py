"""Log lines in the shape that the runtime's collector wants."""

from typing import Any

from django_runtimes.config.choices import LogFormat, LogLevel


def logging_settings(log_format: LogFormat, level: LogLevel) -> dict[str, Any]:
    """Django's LOGGING: one handler to standard error, JSON or text."""
    formatters: dict[LogFormat, dict[str, Any]] = {
        LogFormat.JSON: {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "format": "{asctime}{levelname}{name}{message}",
            "style": "{",
            "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
        },
        LogFormat.TEXT: {"format": "{asctime} {levelname} {name}: {message}", "style": "{"},
    }
    least = level.upper()
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": formatters[log_format]},
        # Libraries give their loggers levels of their own, such as Django INFO and psycopg WARNING; the handler's is
        # the last word.
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "level": least}},
        "root": {"handlers": ["console"], "level": least},
        # Django's own handlers for these would print each line a second time, in another shape.
        "loggers": {
            "django": {"handlers": [], "propagate": True},
            "django.server": {"handlers": [], "propagate": True},
        },
    }
