"""Where the application believes to run, and what that implies."""

from django_runtimes.config.errors import ConfigurationError
from django_runtimes.config.runtime import Runtime
from django_runtimes.doctor.examination import Examination
from django_runtimes.doctor.finding import Finding, Level, Row


def examine_runtime(examination: Examination) -> list[Finding]:
    """One finding with the profile."""
    try:
        detection, profile = examination.detection, examination.profile
        rows = (
            _row(examination, "strategy", profile.connections.name, "WEBAPP_DB_STRATEGY"),
            _row(examination, "route", profile.route, "WEBAPP_DB_ROUTE"),
            *_processes(examination),
        )
    except ConfigurationError as error:
        return [Finding(Level.UNREADABLE, str(error))]
    return [Finding(Level.OK, f"{detection.runtime}, since {detection.evidence}", rows=rows)]


def _processes(examination: Examination) -> tuple[Row, ...]:
    if examination.detection.runtime is Runtime.AWS_LAMBDA:
        count = examination.environment.integer("AWS_LAMBDA_MAX_CONCURRENCY", minimum=1) or 1
        return (_row(examination, "processes", count, "AWS_LAMBDA_MAX_CONCURRENCY"),)
    workers = examination.environment.integer("WEBAPP_WORKERS", minimum=1) or examination.cpu_count
    return (
        _row(examination, "workers", workers, "WEBAPP_WORKERS", otherwise="CPUs of this process"),
        _row(examination, "threads of each", examination.profile.threads, "WEBAPP_THREADS"),
    )


def _row(examination: Examination, name: str, value: str | int, variable: str, *, otherwise: str = "default") -> Row:
    return Row(name, str(value), variable if examination.environ.get(variable) else otherwise)
