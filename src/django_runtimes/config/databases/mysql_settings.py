"""Builds entries of Django's DATABASES for MySQL and MariaDB."""

from collections.abc import Mapping
from typing import Any

from django_runtimes.config.database_url.address import Address
from django_runtimes.config.database_url.mysql_options import renamed_options
from django_runtimes.config.databases.address_choice import is_proxied
from django_runtimes.config.databases.credentials import IamToken, Login
from django_runtimes.config.databases.engines import MYSQL_ENGINE, engine_of_project
from django_runtimes.config.databases.frozen import longest_rest_s
from django_runtimes.config.databases.strategy_of_engine import connections_on
from django_runtimes.config.databases.tcp_options import tcp_options
from django_runtimes.config.databases.tls import (
    PACKAGED_ROOTS,
    ROOT_VARIABLES,
    needs_encryption,
    require_encryption,
    verifies,
)
from django_runtimes.config.environment import Environment
from django_runtimes.config.values.choices import Role, SslMode
from django_runtimes.config.values.connection_strategy import Route
from django_runtimes.config.values.data_paths import Engine
from django_runtimes.config.values.profile import Profile
from django_runtimes.config.variables.database.database_address import DB_SSLMODE
from django_runtimes.config.variables.database.database_connections import (
    DB_ALWAYS_RESET,
    DB_CONNECT_TIMEOUT_S,
    DB_IDLE_IN_TRANSACTION_TIMEOUT_S,
    DB_STATEMENT_TIMEOUT_S,
)
from django_runtimes.config.variables.database.database_login import DB_ROLE

# Project options that would override the address or the login from variables.
_ADDRESS_OPTIONS = frozenset(
    {"host", "port", "database", "db", "user", "password", "passwd", "unix_socket", "read_default_file"}
)


def mysql_entry(
    environment: Environment,
    profile: Profile,
    project: Mapping[str, Any],
    address: Address,
    login: Login,
    *,
    is_moved: bool,
) -> dict[str, Any]:
    """Return all keys except address and login; `is_moved` says whether variables replace the project's address.

    In addition to the driver's options, OPTIONS has `sslmode`, `sslrootcert`, libpq's names of socket options and, on
    the direct route, `statement_timeout` and `idle_transaction_timeout` in seconds.
    """
    given = _not_overridden(environment, profile.route, _project_options(project, is_moved=is_moved))
    chosen = {**given, **address.options}
    options = {
        "connect_timeout": environment[DB_CONNECT_TIMEOUT_S],
        **tcp_options(environment),
        **_limits(environment, profile.route),
        **chosen,
        **_tls(environment, profile, address.host, chosen),
    }
    require_encryption(
        options["sslmode"],
        profile.sslmode,
        place=address.host,
        crosses_network=needs_encryption(address.host),
        token=isinstance(login.credentials, IamToken),
    )
    strategy = connections_on(environment, profile, Engine.MYSQL).as_django()
    return {
        **project,
        "ENGINE": MYSQL_ENGINE,
        "CREDENTIALS": login.credentials,
        "MAX_REST_S": longest_rest_s(profile),
        "ROUTE": profile.route,
        "ALWAYS_RESET": environment[DB_ALWAYS_RESET],
        **strategy,
        "OPTIONS": {**options, **strategy["OPTIONS"]},
        # MySQL's engine has no server-side cursors, but a check of the proxy route reads the key.
        "DISABLE_SERVER_SIDE_CURSORS": profile.route is Route.PROXY
        or bool(project.get("DISABLE_SERVER_SIDE_CURSORS", False)),
    }


def further_mysql_entry(
    environment: Environment, profile: Profile, project: Mapping[str, Any], address: Address
) -> dict[str, Any]:
    """Return the entry of another database of MySQL, whose address and login stay the project's."""
    profile = profile._replace(route=Route.PROXY if is_proxied(environment, address) else Route.DIRECT)
    return mysql_entry(environment, profile, project, address, Login(address.user, address.password), is_moved=False)


def _project_options(project: Mapping[str, Any], *, is_moved: bool) -> dict[str, Any]:
    if engine_of_project(project) is not Engine.MYSQL:
        return {}
    left_out = _ADDRESS_OPTIONS if is_moved else frozenset()
    given = {name: value for name, value in (project.get("OPTIONS") or {}).items() if name not in left_out}
    return renamed_options(given, "OPTIONS")


def _not_overridden(environment: Environment, route: Route, given: dict[str, Any]) -> dict[str, Any]:
    """Return the project's options without those that a variable overrides."""
    overridden = {
        "connect_timeout": environment.is_set(DB_CONNECT_TIMEOUT_S),
        "statement_timeout": environment.is_set(DB_STATEMENT_TIMEOUT_S),
        "idle_transaction_timeout": environment.is_set(DB_IDLE_IN_TRANSACTION_TIMEOUT_S),
        "sslmode": environment.is_set(DB_SSLMODE),
        # The certificates of a proxy and of its server have different roots.
        "sslrootcert": environment.is_set(ROOT_VARIABLES[route]) or route is Route.PROXY,
    }
    return {name: value for name, value in given.items() if not overridden.get(name, False)}


def _tls(environment: Environment, profile: Profile, host: str, chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Return sslmode and, where the server is verified, sslrootcert."""
    if "ssl" in chosen:
        # The project has made its own ssl.SSLContext.
        return {"sslmode": str(SslMode.REQUIRE)}
    default = profile.sslmode if needs_encryption(host) else SslMode.PREFER
    mode = chosen.get("sslmode") or environment[DB_SSLMODE] or default
    if not verifies(mode):
        return {"sslmode": str(mode)}
    root = environment[ROOT_VARIABLES[profile.route]] or str(PACKAGED_ROOTS[profile.route])
    return {"sslmode": str(mode), "sslrootcert": str(chosen.get("sslrootcert") or root)}


def _limits(environment: Environment, route: Route) -> dict[str, int]:
    """Return the limits of the web role's sessions; a proxy would pin clients that set them."""
    if route is Route.PROXY or environment[DB_ROLE] is Role.OPERATIONS:
        return {}
    return {
        "statement_timeout": environment[DB_STATEMENT_TIMEOUT_S],
        "idle_transaction_timeout": environment[DB_IDLE_IN_TRANSACTION_TIMEOUT_S],
    }
