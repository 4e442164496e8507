"""Decides LOGGING for projects that do not configure it."""

from typing import Any

from django_runtimes.adopt.process_variables import ProcessVariables
from django_runtimes.adopt.setting_change import Draft
from django_runtimes.config.logging_settings import logging_settings
from django_runtimes.config.variables.application_variables import LOG_FORMAT, LOG_LEVEL
from django_runtimes.config.variables.variable import Variable


def set_logs(draft: Draft, variables: ProcessVariables) -> None:
    """Set LOGGING."""
    if not _are_the_projects(draft):
        log_format = variables.profile.log_format
        draft.set(
            "LOGGING",
            logging_settings(log_format, variables[LOG_LEVEL]),
            f"the settings have none: {log_format} to standard error",
        )


def ignored_log_variables(draft: Draft, variables: ProcessVariables) -> tuple[tuple[str, str], ...]:
    """Return the variables that have no effect because of the project's own LOGGING, with the reason."""
    if not _are_the_projects(draft):
        return ()
    of_logs: tuple[Variable[Any], ...] = (LOG_LEVEL, LOG_FORMAT)
    return tuple((each.name, "LOGGING of the settings is used") for each in of_logs if variables.is_set(each))


def _are_the_projects(draft: Draft) -> bool:
    """Return whether the project configures its logs, with LOGGING or without Django."""
    if "LOGGING" in draft.settings:
        return False
    return bool(draft.value("LOGGING")) or draft.value("LOGGING_CONFIG") is None
