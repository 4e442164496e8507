"""Reads the web role and its login, whatever the role of the process."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from django_runtimes.config.databases.credentials import Login, data_api_web_login, web_login
from django_runtimes.config.databases.engines import engine_of_project
from django_runtimes.config.environment import Environment
from django_runtimes.config.secret import Secret
from django_runtimes.config.values.connection_strategy import Route
from django_runtimes.config.variables.database.database_address import DATABASE_URL, DB_HOST
from django_runtimes.config.variables.database.database_login import DB_PASSWORD, DB_USER

_NOTHING: Mapping[str, Any] = MappingProxyType({})


def web_role(environment: Environment, project: Mapping[str, Any] = _NOTHING, *, route: Route) -> str:
    """Return the user from DATABASE_URL, else from WEBAPP_DB_USER or the project's entry of DATABASES.

    A secret may name another user, but this function reads no secret. On the route data_api only the secret names the
    user, so the result is empty.
    """
    if route is Route.DATA_API:
        return ""
    address = environment[DATABASE_URL]
    if address is not None:
        return address.user
    is_supported = engine_of_project(project) is not None
    if is_supported and not (environment.is_set(DB_USER) or environment.is_set(DB_HOST)):
        return str(project.get("USER") or "")
    return environment[DB_USER]


def read_web_login(environment: Environment, project: Mapping[str, Any] = _NOTHING, *, route: Route) -> Login:
    """Return the web role's login; raise ConfigurationError if the source of credentials needs an unset variable."""
    if route is Route.DATA_API:
        return data_api_web_login(environment)
    address = environment[DATABASE_URL]
    is_supported = engine_of_project(project) is not None
    if address is not None:
        password: str | None = address.password
    elif is_supported and not (environment.is_set(DB_PASSWORD) or environment.is_set(DB_HOST)):
        password = project.get("PASSWORD")
    else:
        password = environment[DB_PASSWORD]
    return web_login(environment, user=web_role(environment, project, route=route), password=Secret(password or ""))
