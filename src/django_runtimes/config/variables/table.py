"""The table of all variables, by group."""

from types import ModuleType
from typing import Any

from django_runtimes.config.variables import (
    application_variables,
    aws_variables,
    file_variables,
    hops,
    mail_variables,
    observability_variables,
    security_variables,
    server_variables,
    store_variables,
    throttle_variables,
)
from django_runtimes.config.variables.database import (
    connection_budget,
    database_address,
    database_connections,
    database_login,
)
from django_runtimes.config.variables.variable import Variable

PREFIX = "WEBAPP_"


class Group:
    """Variables of one subject, in the order of the documentation."""

    # Every start imports this module, and a dataclass would double its import time.
    def __init__(self, title: str, module: ModuleType) -> None:
        self.title = title
        self.variables: tuple[Variable[Any], ...] = tuple(
            value for value in vars(module).values() if isinstance(value, Variable)
        )


GROUPS = (
    Group("Application", application_variables),
    Group("Hops in front", hops),
    Group("Server", server_variables),
    Group("Logs, metrics and traces", observability_variables),
    Group("Security headers", security_variables),
    Group("Database: address", database_address),
    Group("Database: login", database_login),
    Group("Database: connections", database_connections),
    Group("Database: connection budget", connection_budget),
    Group("Store", store_variables),
    Group("Throttling", throttle_variables),
    Group("Files", file_variables),
    Group("Mail", mail_variables),
    Group("AWS's own", aws_variables),
)
VARIABLES = tuple(variable for group in GROUPS for variable in group.variables)
