"""Decides LOGGING for projects that do not configure it."""

from typing import Any

from django_runtimes.adopt.process_variables import ProcessVariables
from django_runtimes.adopt.setting_change import Draft
from django_runtimes.config.logging_settings import logging_settings
from django_runtimes.config.variables.application_variables import LOG_FORMAT, LOG_LEVEL, START_PHASES
from django_runtimes.config.variables.observability_variables import ACCESS_LOG
from django_runtimes.config.variables.variable import Variable


def set_logs(draft: Draft, variables: ProcessVariables) -> None:
    """Set LOGGING."""
    if _has_own_logging(draft):
        return
    log_format, names_requests = variables.profile.log_format, variables[ACCESS_LOG]
    stream = "standard output in serving processes, else to standard error" if names_requests else "standard error"
    # `webapp compare` sets the variable, and its requests must not fill a mailbox with errors.
    mails_errors = bool(draft.value("ADMINS")) and not variables[START_PHASES]
    mails = ", and errors by mail to ADMINS" if mails_errors else ""
    draft.set(
        "LOGGING",
        logging_settings(log_format, variables[LOG_LEVEL], names_requests=names_requests, mails_errors=mails_errors),
        f"the settings have none: {log_format} to {stream}{mails}",
    )


def ignored_log_variables(draft: Draft, variables: ProcessVariables) -> tuple[tuple[str, str], ...]:
    """Return the variables that have no effect because of the project's own LOGGING, with the reason."""
    if not _has_own_logging(draft):
        return ()
    # The access log has the same format.
    of_logs: tuple[Variable[Any], ...] = (LOG_LEVEL,) if variables[ACCESS_LOG] else (LOG_LEVEL, LOG_FORMAT)
    return tuple((each.name, "the settings have their own LOGGING") for each in of_logs if variables.is_set(each))


def _has_own_logging(draft: Draft) -> bool:
    """Return whether the project configures its logs itself, with LOGGING or with LOGGING_CONFIG = None."""
    if "LOGGING" in draft.settings:
        return False
    return bool(draft.value("LOGGING")) or draft.value("LOGGING_CONFIG") is None
