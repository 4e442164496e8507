"""The choice Route of webapp.toml, and the parameters of the templates that follow from it."""

from collections.abc import Mapping, Sequence
from typing import Any

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.deploy.catalogue import DATABASE, LAMBDA, OPERATIONS, SECRETS, Stack
from django_runtimes.deploy.configuration import FILE_NAME
from django_runtimes.deploy.templates.database_system import DATABASE_SYSTEM

ROUTE = "Route"
# The runtime's own route: RDS Proxy for Lambda, the server itself for containers.
RUNTIME_ROUTE = "runtime"
DATA_API_ROUTE = "data_api"
_ROUTES = (RUNTIME_ROUTE, DATA_API_ROUTE)
# The parameter that only the route sets, and the templates that have it.
DATA_API_PARAMETER = "DataApi"
STACKS_WITH_DATA_API: tuple[Stack, ...] = (DATABASE, SECRETS, OPERATIONS, LAMBDA)
# Only Aurora PostgreSQL has a Data API that the engine calls, which reads the login from a secret.
REQUIRED: Mapping[str, str] = {DATABASE_SYSTEM: "postgresql", "Engine": "aurora", "Credentials": "secretsmanager"}
# A cluster that pauses costs nothing; with another value it stays awake.
_SUGGESTED: Mapping[str, Any] = {"MinAcu": 0}


def route_parameters(tables: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return the parameters that follow from the route of webapp.toml's tables; later tables take precedence.

    Raise UsageError for a route that does not exist.
    """
    chosen = [table[ROUTE] for table in tables if ROUTE in table]
    route = chosen[-1] if chosen else RUNTIME_ROUTE
    if route not in _ROUTES:
        raise UsageError(f"{FILE_NAME}: {ROUTE} = {route!r} is not a route; choose from {', '.join(_ROUTES)}")
    return {DATA_API_PARAMETER: True, **REQUIRED, **_SUGGESTED} if route == DATA_API_ROUTE else {}


def route_of(value: str) -> str:
    """Return the route that a value of the parameter DataApi stands for."""
    return DATA_API_ROUTE if value == "yes" else RUNTIME_ROUTE
