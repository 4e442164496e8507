"""Examines the detected runtime and its profile."""

from typing import Any

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.values.runtime import Runtime
from django_runtimes.config.variables.database.connection_budget import AWS_LAMBDA_MAX_CONCURRENCY
from django_runtimes.config.variables.database.database_address import DB_ROUTE
from django_runtimes.config.variables.database.database_connections import DB_STRATEGY
from django_runtimes.config.variables.server_variables import THREADS, WORKERS
from django_runtimes.config.variables.variable import Variable
from django_runtimes.doctor.examination import Examination
from django_runtimes.doctor.finding import Finding, Level, Row
from django_runtimes.extras import require_extra


def examine_runtime(examination: Examination) -> list[Finding]:
    """Return one finding with the profile, or the first mistake in it, and one for a missing extra."""
    try:
        detection = examination.detection
    except ConfigurationError as error:
        return [Finding(Level.UNREADABLE, str(error))]
    return [*_profile(examination), *_missing_extra(detection.runtime)]


def _profile(examination: Examination) -> list[Finding]:
    detection = examination.detection
    if examination.missing_call is not None:
        text = f"{detection.runtime}, since {detection.evidence}; its profile is not in effect without configure()"
        return [Finding(Level.SKIPPED, text)]
    try:
        rows = (
            _strategy(examination),
            _row(examination, "route", examination.profile.route, DB_ROUTE),
            *_processes(examination),
        )
    except ConfigurationError as error:
        return [Finding(Level.UNREADABLE, str(error))]
    return [Finding(Level.OK, f"{detection.runtime}, since {detection.evidence}", rows=rows)]


def _missing_extra(runtime: Runtime) -> list[Finding]:
    """Report an extra that the launcher needs; under `local`, Django's own server is enough."""
    if runtime is Runtime.LOCAL:
        return []
    try:
        require_extra("lambda" if runtime is Runtime.AWS_LAMBDA else "server", f"serving as {runtime}")
    except ConfigurationError as error:
        return [Finding(Level.WRONG, str(error))]
    return []


def _strategy(examination: Examination) -> Row:
    """Return the strategy of DATABASES, where a project may override the profile."""
    strategy, connections = examination.profile.strategy, examination.connections
    if connections is not None and connections.name is not strategy:
        return Row("strategy", connections.name, "DATABASES of the settings")
    return _row(examination, "strategy", strategy, DB_STRATEGY)


def _processes(examination: Examination) -> tuple[Row, ...]:
    if examination.detection.runtime is Runtime.AWS_LAMBDA:
        count = examination.environment[AWS_LAMBDA_MAX_CONCURRENCY]
        return (_row(examination, "processes", count, AWS_LAMBDA_MAX_CONCURRENCY),)
    workers = examination.environment[WORKERS] or examination.cpu_count
    return (
        _row(examination, "workers", workers, WORKERS, otherwise="CPUs of this process"),
        _row(examination, "threads of each", examination.profile.threads, THREADS),
    )


def _row(
    examination: Examination, name: str, value: str | int, variable: Variable[Any], *, otherwise: str = "default"
) -> Row:
    return Row(name, str(value), variable.name if examination.environment.is_set(variable) else otherwise)
