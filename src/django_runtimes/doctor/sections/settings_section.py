"""Examines the variables, the loading of Django's settings, and Django's system checks."""

import os
import warnings
from collections.abc import Callable
from pathlib import Path

from django.core import checks
from django.core.exceptions import ImproperlyConfigured

from django_runtimes.adopt.after_call import unchecked_mistakes
from django_runtimes.adopt.configure import last_call
from django_runtimes.adopt.decisions import decide
from django_runtimes.cli.project.project import project_at
from django_runtimes.cli.project.settings_check import shown_place
from django_runtimes.cli.project.settings_probe import place_of
from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.secret_key import SHORTEST_KEY
from django_runtimes.config.values.choices import Role
from django_runtimes.config.variables.database.database_login import DB_ROLE
from django_runtimes.doctor.examination import Examination
from django_runtimes.doctor.finding import Finding, Level
from django_runtimes.doctor.sections.variables_section import examine_variables


def _operations_settings(examination: Examination) -> object:
    """Return the settings that `configure()` decides for operations, or None if the web settings do not load."""
    if examination.settings_error is not None or (call := last_call()) is None:
        return None
    return decide(call.project, {**examination.environ, DB_ROLE.name: Role.OPERATIONS})


# Loading the settings stops at the first mistake, but each of these readers is tried.
_READERS: tuple[Callable[[Examination], object], ...] = (
    lambda examination: examination.profile,
    _operations_settings,
)
# The check for unknown variables is left out, since examine_variables() reports them even if no settings load.
_UNKNOWN_VARIABLES_CHECK = "webapp.W001"


def examine_settings(examination: Examination) -> list[Finding]:
    """Return the findings about the variables, the settings and Django's system checks."""
    findings = examine_variables(examination)
    said = {finding.text for finding in findings}
    findings += [Finding(Level.UNREADABLE, text) for text in _mistakes(examination) if text not in said]
    if examination.missing_call is not None:
        findings.append(Finding(Level.WRONG, str(examination.missing_call)))
    if examination.settings_error is None:
        findings += _lost_apps()
        findings += _empty_key()
    if examination.settings_load:
        findings += _system_checks(examination)
        findings += _broken_middleware()
    findings += _own_variables(examination)
    if not {finding.level for finding in findings} & {Level.WRONG, Level.UNREADABLE}:
        findings.insert(0, Finding(Level.OK, "Django's settings load"))
    return findings


def _own_variables(examination: Examination) -> list[Finding]:
    return [
        Finding(
            Level.WARNING,
            f"{name}, which environment in [tool.webapp] lists, is not set here, and the settings do not set it",
            "set it, or remove it from the list if the project does not need it, or reads it from a file such as .env",
        )
        for name in project_at(Path.cwd()).environment
        # Settings that read a file such as .env may set its variables.
        if name not in examination.environ and name not in os.environ
    ]


def _mistakes(examination: Examination) -> list[str]:
    mistakes: dict[str, None] = {}
    for read in _READERS:
        try:
            read(examination)
        except ConfigurationError as mistake:
            mistakes |= dict.fromkeys((str(mistake), *mistake.others))
    error = examination.settings_error
    if isinstance(error, ConfigurationError):
        mistakes |= dict.fromkeys((str(error), *error.others))
    elif error is not None:
        place = shown_place(*place_of(error), project_at(Path.cwd()).directory)
        mistakes[f"Django's settings or applications do not load: {type(error).__name__}: {error}{place}"] = None
    return list(mistakes)


def _lost_apps() -> list[Finding]:
    """Return the mistakes that configure() found, if the app that would report them is not installed."""
    call = last_call()
    return [] if call is None else [Finding(Level.WRONG, mistake) for mistake in unchecked_mistakes(call)]


def _empty_key() -> list[Finding]:
    """Return the error of an empty secret key, which Django first reads when it answers."""
    from django.conf import settings

    try:
        _ = settings.SECRET_KEY
    except ImproperlyConfigured:
        return [
            Finding(
                Level.WRONG,
                "SECRET_KEY is empty, so Django answers 500 whenever it signs or verifies, for example for sessions",
                f"set WEBAPP_SECRET_KEY, or SECRET_KEY in the settings, to a random text of at least {SHORTEST_KEY} "
                "characters",
            )
        ]
    return []


def _broken_middleware() -> list[Finding]:
    """Return the error of a MIDDLEWARE that does not load, which Django first reads when a server starts."""
    from django.core.handlers.base import BaseHandler

    try:
        with warnings.catch_warnings():
            # WhiteNoise warns if no static files are collected, which is normal on most machines that run the doctor.
            warnings.simplefilter("ignore")
            BaseHandler().load_middleware()
    except Exception as error:
        text = " ".join(f"{type(error).__name__}: {error}".split())
        return [Finding(Level.WRONG, f"MIDDLEWARE does not load, so no server starts: {text}", "fix it there")]
    return []


def _system_checks(examination: Examination) -> list[Finding]:
    try:
        messages = checks.run_checks()
    except Exception as error:
        is_known = examination.settings_error is not None or examination.missing_call is not None
        if isinstance(error, ConfigurationError) and is_known:
            # The project or the library's checks use the result of configure(), which does not exist.
            return []
        text = " ".join(f"{type(error).__name__}: {error}".split())
        return [Finding(Level.WRONG, f"Django's system checks fail with {text}")]
    return [
        Finding(
            Level.WRONG if message.level >= checks.ERROR else Level.WARNING,
            f"{message.id}: {' '.join(message.msg.split())}",
            message.hint or "",
        )
        for message in messages
        if message.level >= checks.WARNING and not message.is_silenced() and message.id != _UNKNOWN_VARIABLES_CHECK
    ]
