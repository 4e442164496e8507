"""Django's LOGGING for JSON or text on standard error."""

from typing import Any

from django_runtimes.config.values.choices import LogFormat, LogLevel


def logging_settings(log_format: LogFormat, level: LogLevel) -> dict[str, Any]:
    """Return Django's LOGGING with one handler, which writes JSON or text to standard error."""
    formatters: dict[LogFormat, dict[str, Any]] = {
        LogFormat.JSON: {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "format": "{asctime}{levelname}{name}{message}",
            "style": "{",
            "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
        },
        LogFormat.TEXT: {"format": "{asctime} {levelname} {name}: {message}", "style": "{"},
    }
    level_name = level.upper()
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": formatters[log_format]},
        # Libraries set levels on their own loggers (Django INFO, psycopg WARNING), so the handler filters too.
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "level": level_name}},
        "root": {"handlers": ["console"], "level": level_name},
        # Django's own handlers for these loggers would print each line a second time, in another format.
        "loggers": {
            "django": {"handlers": [], "propagate": True},
            "django.server": {"handlers": [], "propagate": True},
        },
    }
