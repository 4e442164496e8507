"""Chooses the database's engine from variables and the project's settings, without parsing a URL."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from django_runtimes.config.databases.engines import engine_of_project
from django_runtimes.config.environment import Environment
from django_runtimes.config.values.data_paths import DEFAULT_PORTS, SCHEMES, Engine
from django_runtimes.config.variables.database.database_address import (
    DATABASE_URL,
    DB_ENGINE,
    DB_HOST,
    DB_PORT,
    DB_PROXY_PORT,
)

_NOTHING: Mapping[str, Any] = MappingProxyType({})


def chosen_engine(environment: Environment, project: Mapping[str, Any] = _NOTHING) -> Engine:
    """Return the engine of DATABASE_URL, else of WEBAPP_DB_HOST, else of the project's entry of DATABASES.

    A URL with an unknown scheme counts as PostgreSQL's: its error is raised where the URL is parsed. Raise
    ConfigurationError for an engine that does not exist.
    """
    if environment.is_set(DATABASE_URL):
        scheme = environment.text_of(DATABASE_URL).partition("://")[0]
        return SCHEMES.get(scheme, Engine.POSTGRESQL)
    own = None if environment.is_set(DB_HOST) else engine_of_project(project)
    return own or environment[DB_ENGINE]


def server_port(environment: Environment, engine: Engine) -> int:
    """Return WEBAPP_DB_PORT, or the engine's default port."""
    return environment[DB_PORT] or DEFAULT_PORTS[engine]


def proxy_port(environment: Environment, engine: Engine) -> int:
    """Return WEBAPP_DB_PROXY_PORT, or the engine's default port."""
    return environment[DB_PROXY_PORT] or DEFAULT_PORTS[engine]
