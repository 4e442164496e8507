"""Examines whether every variable that is set is valid, and shows its value."""

from typing import Any

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.variables.database.database_address import DATABASE_URL
from django_runtimes.config.variables.table import VARIABLES
from django_runtimes.config.variables.variable import Variable
from django_runtimes.doctor.examination import Examination
from django_runtimes.doctor.finding import Finding, Level, Row


def examine_variables(examination: Examination) -> list[Finding]:
    """Return the values of the valid variables, and a finding for each invalid or unknown one."""
    environment = examination.given
    rows: list[Row] = []
    mistakes: list[Finding] = []
    for variable in VARIABLES:
        if not environment.is_set(variable):
            continue
        try:
            rows.append(Row(variable.name, variable.show(environment[variable])))
        except ConfigurationError as mistake:
            mistakes.append(_mistake(examination, variable, str(mistake)))
    read = [Finding(Level.OK, _counted(len(rows)), rows=tuple(rows))] if rows else []
    unknown = [
        Finding(
            Level.WARNING,
            f"{name} is set, but nothing reads it",
            f"did you mean {nearest}?" if nearest else "unset it; `webapp docs settings` lists every variable",
        )
        for name, nearest in environment.unknown_names()
    ]
    return [*read, *mistakes, *unknown]


def _mistake(examination: Examination, variable: Variable[Any], text: str) -> Finding:
    # Many projects read DATABASE_URL themselves, and under `local` it may name another engine than PostgreSQL.
    if variable is DATABASE_URL and examination.settings_error is None:
        return Finding(
            Level.SKIPPED, f"{variable.name} is the project's own: the settings load, and this library cannot read it"
        )
    return Finding(Level.UNREADABLE, text)


def _counted(count: int) -> str:
    return "1 variable is set and can be read" if count == 1 else f"{count} variables are set and can be read"
