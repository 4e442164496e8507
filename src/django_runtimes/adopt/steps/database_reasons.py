"""Explains why a key or an option in DATABASES differs, for `webapp check --explain`."""

from collections.abc import Mapping
from typing import Any

from django_runtimes.adopt.process_variables import ProcessVariables
from django_runtimes.config.databases.address_choice import address_of
from django_runtimes.config.databases.database_settings import mode_of_same_server
from django_runtimes.config.databases.engines import uses_libpq
from django_runtimes.config.databases.tls import ROOT_VARIABLES
from django_runtimes.config.values.choices import Role
from django_runtimes.config.values.connection_strategy import Route, connections_of
from django_runtimes.config.variables.database.database_address import (
    DATABASE_URL,
    DB_CLUSTER_ARN,
    DB_HOST,
    DB_NAME,
    DB_PORT,
    DB_PROXY_HOST,
    DB_ROUTE,
)
from django_runtimes.config.variables.database.database_connections import DB_ALWAYS_RESET, DB_STRATEGY
from django_runtimes.config.variables.database.database_login import (
    DB_CREDENTIALS,
    DB_OPERATIONS_SECRET_ARN,
    DB_PASSWORD,
    DB_ROLE,
    DB_SECRET_ARN,
    DB_USER,
)
from django_runtimes.config.variables.variable import Variable

OF_STRATEGY = ("CONN_MAX_AGE", "CONN_HEALTH_CHECKS", "pool")
_PLACE, _LOGIN = ("HOST", "PORT"), ("USER", "PASSWORD")
_VARIABLES: Mapping[str, Variable[Any]] = {
    "HOST": DB_HOST,
    "PORT": DB_PORT,
    "NAME": DB_NAME,
    "USER": DB_USER,
    "PASSWORD": DB_PASSWORD,
}
_OF_ROUTE = ("ROUTE", "DISABLE_SERVER_SIDE_CURSORS", "prepare_threshold")
_OF_TLS = ("sslmode", "sslrootcert")
_OF_ENCRYPTION = (*_OF_TLS, "sslnegotiation", "channel_binding", "gssencmode", "sslcertmode")
_ENCRYPTED = "a connection across a network is encrypted, and its server is verified"
_OF_TIMEOUTS = (
    "connect_timeout",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_count",
    "tcp_user_timeout",
)
_OF_LIMITS = ("statement_timeout", "idle_transaction_timeout")
_OF_DRIVER = ("driver", "host_is_server", "python_driver")
# The names of other packages for options of the library's engines.
_NEW_NAMES = {
    "connection_timeout": "connect_timeout",
    "query_timeout": "statement_timeout",
    "ssl_mode": "sslmode",
    "ssl_ca": "sslrootcert",
    "ssl_cert": "sslcert",
    "ssl_key": "sslkey",
}


class DatabaseReasons:
    """The reasons for the changes to one decided entry."""

    def __init__(self, alias: str, entry: Mapping[str, Any], variables: ProcessVariables) -> None:
        self._variables = variables
        self._options: Mapping[str, Any] = entry.get("OPTIONS") or {}
        self._is_operation = variables[DB_ROLE] is Role.OPERATIONS
        connections = connections_of(entry)
        is_own = connections.name is not variables.profile.connections.name
        source = "the default of its engine" if is_own else self._source(DB_STRATEGY)
        strategy = f"the strategy is {connections.name} ({source})"
        route = f"the route is {entry.get('ROUTE')} ({self._source(DB_ROUTE) if alias == 'default' else 'its host'})"
        credentials = f"it names the source of the login ({self._source(DB_CREDENTIALS)})"
        if alias != "default":
            # Aurora DSQL is the only further database whose login the variables do not leave to the settings.
            credentials = "the service accepts tokens of IAM only"
        is_proxied = entry.get("ROUTE") is Route.PROXY
        self._by_url = _sslmode_by_url(alias, entry, variables)
        self._other_root = self._source_of_root(Route.PROXY if is_proxied else Route.DIRECT)
        self._reasons = {
            **dict.fromkeys(OF_STRATEGY, strategy),
            **dict.fromkeys(_OF_ROUTE, route),
            **dict.fromkeys(_OF_TLS, self._by_url or _ENCRYPTED),
            **dict.fromkeys(_OF_TIMEOUTS, "a lost server or network is noticed within seconds"),
            **dict.fromkeys(_OF_LIMITS, "the server stores no limits with a user, so each connection has them"),
            **dict.fromkeys(_OF_DRIVER, "the engine brings Microsoft's driver"),
            "name_is_sid": "NAME is a SID for Django's engine, and a service for the library's",
            "PORT": "the settings name none: the engine's default",
            **dict.fromkeys(_LOGIN, credentials),
            **self._reasons_of_address(alias),
            **(dict.fromkeys(_PLACE, f"{DB_PROXY_HOST.name}: {route}") if is_proxied else {}),
            **(dict.fromkeys(_LOGIN, f"{DB_ROLE.name}=operations") if self._is_operation else {}),
            "ENGINE": "the library's engine resets sessions and follows the strategy and the route",
            "CREDENTIALS": credentials,
            "MAX_REST_S": "it limits how long a connection may rest, since the process is frozen between requests",
            "ALWAYS_RESET": f"{DB_ALWAYS_RESET.name} is set",
        }
        if entry.get("ROUTE") is Route.DATA_API:
            self._reasons |= {
                **dict.fromkeys((*_PLACE, *_LOGIN), f"the service connects to the database: {route}"),
                "ENGINE": f"the library's engine calls the service: {route}",
                "cluster_arn": f"{DB_CLUSTER_ARN.name} is set",
                "secret_arn": f"{self._secret_variable().name} is set",
            }

    def added(self, key: str) -> str:
        """Return why a key or an option was added or changed."""
        return self._reasons.get(key, f"{DATABASE_URL.name} sets it")

    def removed(self, key: str, before: object) -> str:
        """Return why an option with the value `before` was removed."""
        name = _NEW_NAMES.get(key.replace("-", "_"), "")
        if name in self._options and self._options[name] == before:
            return f"the library's engines call it {name}"
        if self._by_url and key in _OF_ENCRYPTION:
            return self._by_url
        if self._other_root and key == "sslrootcert":
            return self._other_root
        if key in OF_STRATEGY or key in _OF_DRIVER:
            return self._reasons[key]
        return "it belongs to another address or another engine"

    def _reasons_of_address(self, alias: str) -> dict[str, str]:
        """Return the reason for each part of the address that a variable sets."""
        is_set = self._variables.is_set
        if alias == "default" and is_set(DATABASE_URL):
            return dict.fromkeys(_VARIABLES, f"{DATABASE_URL.name} is set")
        whole = dict.fromkeys(_VARIABLES, f"{DB_HOST.name} is set") if is_set(DB_HOST) else {}
        return whole | {key: f"{variable.name} is set" for key, variable in _VARIABLES.items() if is_set(variable)}

    def _source_of_root(self, route: Route) -> str:
        """Return why the project's root certificates are not used, or an empty string."""
        variable = ROOT_VARIABLES[route]
        if self._variables.is_set(variable):
            return f"{variable.name} is set"
        return "the certificate of a proxy has another root than the server's" if route is Route.PROXY else ""

    def _secret_variable(self) -> Variable[str | None]:
        if self._is_operation and self._variables.is_set(DB_OPERATIONS_SECRET_ARN):
            return DB_OPERATIONS_SECRET_ARN
        return DB_SECRET_ARN

    def _source(self, variable: Variable[Any]) -> str:
        if self._is_operation:
            return f"{DB_ROLE.name}=operations"
        is_set = self._variables.is_set(variable)
        return f"{variable.name} is set" if is_set else f"the profile of {self._variables.runtime}"


def _sslmode_by_url(alias: str, entry: Mapping[str, Any], variables: ProcessVariables) -> str:
    """Return the reason for an sslmode that comes from DATABASE_URL, or an empty string if it comes from elsewhere."""
    url = variables.environment[DATABASE_URL]
    options = {} if url is None else url.options
    if alias != "default" and uses_libpq(entry):
        options = mode_of_same_server(variables.environment, address_of(entry), entry)
    mode = options.get("sslmode")
    if mode is None or mode != (entry.get("OPTIONS") or {}).get("sslmode"):
        return ""
    return f"{DATABASE_URL.name} has sslmode={mode}"
