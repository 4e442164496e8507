"""Reads the web role and its login, whatever the role of the process."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from django_runtimes.config.databases.credentials import Login, web_login
from django_runtimes.config.databases.engines import is_postgresql
from django_runtimes.config.environment import Environment
from django_runtimes.config.secret import Secret
from django_runtimes.config.variables.database.database_address import DATABASE_URL, DB_HOST
from django_runtimes.config.variables.database.database_login import DB_PASSWORD, DB_USER

_NOTHING: Mapping[str, Any] = MappingProxyType({})


def web_role(environment: Environment, project: Mapping[str, Any] = _NOTHING) -> str:
    """Return the user from DATABASE_URL, else from WEBAPP_DB_USER or the project's entry of DATABASES.

    A secret may name another user, but this function reads no secret.
    """
    address = environment[DATABASE_URL]
    if address is not None:
        return address.user
    if is_postgresql(project) and not (environment.is_set(DB_USER) or environment.is_set(DB_HOST)):
        return str(project.get("USER") or "")
    return environment[DB_USER]


def read_web_login(environment: Environment, project: Mapping[str, Any] = _NOTHING) -> Login:
    """Return the web role's login; raise ConfigurationError if the source of credentials needs an unset variable."""
    address = environment[DATABASE_URL]
    if address is not None:
        password: str | None = address.password
    elif is_postgresql(project) and not (environment.is_set(DB_PASSWORD) or environment.is_set(DB_HOST)):
        password = project.get("PASSWORD")
    else:
        password = environment[DB_PASSWORD]
    return web_login(environment, user=web_role(environment, project), password=Secret(password or ""))
