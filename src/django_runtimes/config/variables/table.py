"""The one table of every variable, by group."""

from dataclasses import dataclass
from types import ModuleType
from typing import Any

from django_runtimes.config.variables import (
    application,
    aws,
    connection_budget,
    database_address,
    database_connections,
    database_login,
    files,
    hops,
    server,
)
from django_runtimes.config.variables.variable import Variable

PREFIX = "WEBAPP_"


@dataclass(frozen=True)
class Group:
    """Variables of one subject, in the order in which they are documented."""

    title: str
    variables: tuple[Variable[Any], ...]


def _group(title: str, module: ModuleType) -> Group:
    return Group(title, tuple(value for value in vars(module).values() if isinstance(value, Variable)))


GROUPS = (
    _group("Application", application),
    _group("Hops in front", hops),
    _group("Server", server),
    _group("Database: address", database_address),
    _group("Database: login", database_login),
    _group("Database: connections", database_connections),
    _group("Database: connection budget", connection_budget),
    _group("Files", files),
    _group("AWS's own", aws),
)
VARIABLES = tuple(variable for group in GROUPS for variable in group.variables)
