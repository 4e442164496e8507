"""Finds variables that are set but have no effect because of another variable."""

from typing import Any

from django_runtimes.config.environment import Environment
from django_runtimes.config.values.choices import Role, Source
from django_runtimes.config.values.connection_strategy import Persistent, Pool, Route
from django_runtimes.config.values.profile import Profile
from django_runtimes.config.variables.database.database_address import (
    DATABASE_URL,
    DB_CLUSTER_ARN,
    DB_ENGINE,
    DB_HOST,
    DB_NAME,
    DB_PORT,
    DB_PROXY_PORT,
    DB_PROXY_ROOT_CERTIFICATES,
    DB_ROOT_CERTIFICATES,
    DB_SSLMODE,
)
from django_runtimes.config.variables.database.database_connections import (
    DB_ALWAYS_RESET,
    DB_MAX_AGE_S,
    DB_POOL_EMPTY_S,
    DB_POOL_MAX_SIZE,
    DB_POOL_TIMEOUT_S,
    DB_RESUME_TIMEOUT_S,
)
from django_runtimes.config.variables.database.database_login import (
    DB_CREDENTIALS,
    DB_PASSWORD,
    DB_ROLE,
    DB_SECRET_ARN,
    DB_SECRET_TTL_S,
    DB_USER,
)
from django_runtimes.config.variables.variable import Variable

_ADDRESS_VARIABLES = (DB_ENGINE, DB_HOST, DB_PORT, DB_NAME, DB_USER, DB_PASSWORD)
_POOL_VARIABLES = (DB_POOL_MAX_SIZE, DB_POOL_TIMEOUT_S, DB_POOL_EMPTY_S)

# The service connects to the database.
_CONNECTION_VARIABLES = (
    DB_PORT,
    DB_PROXY_PORT,
    DB_SSLMODE,
    DB_ROOT_CERTIFICATES,
    DB_PROXY_ROOT_CERTIFICATES,
    DB_SECRET_TTL_S,
    DB_ALWAYS_RESET,
)


def ignored_variables(environment: Environment, profile: Profile) -> list[tuple[str, str]]:
    """Return each ignored variable with the reason; none under the operations role, whose connections are fixed."""
    if environment[DB_ROLE] is Role.OPERATIONS:
        return []
    strategy = f"the strategy is {profile.connections.name}"
    source = environment[DB_CREDENTIALS]
    reasons: dict[Variable[Any], str] = {}
    if environment.is_set(DATABASE_URL):
        reasons |= dict.fromkeys(_ADDRESS_VARIABLES, "DATABASE_URL is used")
    elif not environment.is_set(DB_HOST):
        reasons[DB_ENGINE] = "WEBAPP_DB_HOST is not set, so the settings name the database"
    if not isinstance(profile.connections, Pool):
        reasons |= dict.fromkeys(_POOL_VARIABLES, strategy)
    if not isinstance(profile.connections, Persistent):
        reasons[DB_MAX_AGE_S] = strategy
    if profile.route is Route.DATA_API:
        reasons |= dict.fromkeys(_CONNECTION_VARIABLES, f"the route is {profile.route}")
    else:
        reasons |= dict.fromkeys((DB_CLUSTER_ARN, DB_RESUME_TIMEOUT_S), f"the route is {profile.route}")
        if source is not Source.SECRETSMANAGER:
            reasons[DB_SECRET_ARN] = f"WEBAPP_DB_CREDENTIALS is {source}"
    address = environment[DATABASE_URL]
    options = [] if address is None else [(f"{name} in DATABASE_URL", strategy) for name in address.ignored]
    return [
        *((variable.name, reason) for variable, reason in reasons.items() if environment.is_set(variable)),
        *options,
    ]
