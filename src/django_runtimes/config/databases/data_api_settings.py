"""Builds the `default` entry of DATABASES for the route data_api."""

from collections.abc import Mapping
from typing import Any

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.databases.credentials import data_api_secret
from django_runtimes.config.databases.engines import SPATIAL_ENGINE, engine_for, is_own_engine, is_postgresql
from django_runtimes.config.environment import Environment
from django_runtimes.config.mistakes import Mistakes
from django_runtimes.config.values.choices import Source
from django_runtimes.config.values.connection_strategy import PerRequest, Route
from django_runtimes.config.variables.database.database_address import (
    DATABASE_URL,
    DB_CLUSTER_ARN,
    DB_HOST,
    DB_NAME,
    DB_PROXY_HOST,
)
from django_runtimes.config.variables.database.database_login import (
    DB_CREDENTIALS,
    DB_OPERATIONS_PASSWORD,
    DB_OPERATIONS_USER,
    DB_PASSWORD,
    DB_USER,
)

DATA_API_ENGINE = "django_runtimes.databases.data_api"
# Variables that mean another database or another login than the one that the service would use.
_CONTRADICTING = {
    DATABASE_URL: "WEBAPP_DB_CLUSTER_ARN and WEBAPP_DB_NAME give the database",
    DB_HOST: "WEBAPP_DB_CLUSTER_ARN gives the server",
    DB_PROXY_HOST: "the Data API needs no proxy",
    DB_USER: "the secret gives the login",
    DB_PASSWORD: "the secret gives the login",
    DB_OPERATIONS_USER: "WEBAPP_DB_OPERATIONS_SECRET_ARN gives the login",
    DB_OPERATIONS_PASSWORD: "WEBAPP_DB_OPERATIONS_SECRET_ARN gives the login",
}
# Options of Django's engine that change what a session does, and would silently not apply.
_SESSION_OPTIONS = {
    "assume_role": "store the role's login in the secret",
    "isolation_level": "set default_transaction_isolation on the role with ALTER ROLE ... SET",
    "options": "give the role its settings with ALTER ROLE ... SET",
}


def data_api_settings(environment: Environment, project: Mapping[str, Any]) -> dict[str, Any]:
    """Return the entry for the cluster of WEBAPP_DB_CLUSTER_ARN; `project` is the project's own entry.

    OPTIONS has `cluster_arn` and `secret_arn`. The service reads the secret and logs in, so that the entry has no
    address and no login.

    Raise ConfigurationError for a missing ARN, and for variables, options and engines that the service cannot honour.
    """
    mistakes = Mistakes()
    for variable, reason in _CONTRADICTING.items():
        if environment.is_set(variable):
            mistakes.add(
                ConfigurationError(f"{variable.name} is set, but the route is data_api, and {reason}; unset it")
            )
    if environment[DB_CREDENTIALS] is Source.IAM:
        mistakes.add(
            ConfigurationError(
                "WEBAPP_DB_CREDENTIALS is iam, but the route is data_api, and the service logs in with a secret; unset "
                "WEBAPP_DB_CREDENTIALS, and set WEBAPP_DB_SECRET_ARN"
            )
        )
    with mistakes.collected():
        _require_django_engine(project)
    for name, remedy in _SESSION_OPTIONS.items():
        if is_postgresql(project) and (project.get("OPTIONS") or {}).get(name):
            mistakes.add(
                ConfigurationError(
                    f"OPTIONS has {name!r}, which the route data_api cannot honour; remove it from DATABASES, and "
                    f"{remedy}"
                )
            )
    options: dict[str, Any] = {}
    with mistakes.collected():
        options["cluster_arn"] = _cluster_arn(environment)
    with mistakes.collected():
        options["secret_arn"] = data_api_secret(environment)
    mistakes.raise_together()
    return {
        **project,
        "ENGINE": DATA_API_ENGINE,
        "NAME": _name(environment, project),
        "USER": "",
        "PASSWORD": "",
        "HOST": "",
        "PORT": "",
        "CREDENTIALS": None,
        "MAX_REST_S": None,
        "ROUTE": Route.DATA_API,
        "ALWAYS_RESET": False,
        **PerRequest().as_django(),
        "OPTIONS": options,
        "DISABLE_SERVER_SIDE_CURSORS": bool(project.get("DISABLE_SERVER_SIDE_CURSORS", False)),
    }


def _name(environment: Environment, project: Mapping[str, Any]) -> str:
    if is_postgresql(project) and project.get("NAME") and not environment.is_set(DB_NAME):
        return str(project["NAME"])
    return environment[DB_NAME]


def _cluster_arn(environment: Environment) -> str:
    arn = environment[DB_CLUSTER_ARN]
    if arn is None:
        raise ConfigurationError(
            "WEBAPP_DB_CLUSTER_ARN is not set, but the route is data_api; set it to the ARN of an Aurora cluster, or "
            "set WEBAPP_DB_ROUTE=direct"
        )
    return arn


def _require_django_engine(project: Mapping[str, Any]) -> None:
    engine = engine_for(project, is_spatial=False)
    if str(project.get("ENGINE")) == SPATIAL_ENGINE or engine.endswith(".postgis"):
        raise ConfigurationError(
            "the Data API returns no geometric types, which GeoDjango needs; set WEBAPP_DB_ROUTE=direct or proxy"
        )
    if not is_own_engine(engine):
        raise ConfigurationError(
            f"the engine {engine!r} cannot use the route data_api; remove ENGINE from DATABASES, or set "
            "WEBAPP_DB_ROUTE=direct or proxy"
        )
