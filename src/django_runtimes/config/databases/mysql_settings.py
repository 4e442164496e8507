"""Builds entries of Django's DATABASES for MySQL and MariaDB."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.database_url.address import Address
from django_runtimes.config.database_url.mysql_destination import mysql_destination, named_destination, option_file
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
from django_runtimes.config.variables.database.database_address import DB_PORT, DB_SSLMODE
from django_runtimes.config.variables.database.database_connections import (
    DB_ALWAYS_RESET,
    DB_CONNECT_TIMEOUT_S,
    DB_IDLE_IN_TRANSACTION_TIMEOUT_S,
    DB_STATEMENT_TIMEOUT_S,
)
from django_runtimes.config.variables.database.database_login import DB_ROLE

# Project options that would override the address or the login from variables.
_ADDRESS_OPTIONS = frozenset(
    {
        *("host", "port", "unix_socket", "database", "db", "user", "password", "passwd"),
        *("read_default_file", "read_default_group"),
    }
)
# Project options that would lead past the proxy to which variables move the connection.
_HOST_OPTIONS = frozenset({"host", "port", "unix_socket"})


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
    is_elsewhere = is_moved or address.host != str(project.get("HOST") or "")
    own = _project_options(project, _left_out(profile.route, is_moved=is_moved, is_elsewhere=is_elsewhere))
    chosen = {**_not_overridden(environment, profile.route, own), **address.options}
    if chosen.get("sslkey") and not chosen.get("sslcert"):
        raise ConfigurationError("sslkey is set without sslcert, the client's certificate; set both, or neither")
    place = mysql_destination(address.host, chosen)
    is_left_to_file = _leaves_port_to_file(environment, project, profile.route, chosen)
    _require_signed_address(address, login, chosen, is_left_to_file=is_left_to_file)
    # The project's root asks for verification even where another one applies, as on the route proxy. It is for another
    # server than the one on this machine to which variables move the connection, as `webapp compare` does.
    asked = own if needs_encryption(place) or not is_elsewhere else {}
    default = _default_mode(profile, place, has_root=bool({**asked, **address.options}.get("sslrootcert")))
    options = {
        "connect_timeout": environment[DB_CONNECT_TIMEOUT_S],
        **tcp_options(environment),
        **_limits(environment, profile.route),
        **chosen,
        **_tls(environment, profile, chosen, default),
    }
    require_encryption(
        options["sslmode"],
        profile.sslmode,
        place=place,
        crosses_network=needs_encryption(place),
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
    options = project.get("OPTIONS") or {}
    # The proxy may be named in OPTIONS.
    reached = replace(address, host=mysql_destination(address.host, options), port=options.get("port") or address.port)
    profile = profile._replace(route=Route.PROXY if is_proxied(environment, reached) else Route.DIRECT)
    return mysql_entry(environment, profile, project, address, Login(address.user, address.password), is_moved=False)


def port_of_option_file(
    environment: Environment, project: Mapping[str, Any], entry: Mapping[str, Any]
) -> dict[str, Any]:
    """Return an empty PORT if only an option file may name the port of `default`, which a default port would override.

    `entry` is what `mysql_entry` has returned.
    """
    is_left = _leaves_port_to_file(environment, project, entry["ROUTE"], entry["OPTIONS"])
    return {"PORT": ""} if is_left else {}


def _leaves_port_to_file(
    environment: Environment, project: Mapping[str, Any], route: Route, options: Mapping[str, Any]
) -> bool:
    is_given = bool(project.get("PORT")) or environment.is_set(DB_PORT) or route is Route.PROXY
    return bool(option_file(options)) and not is_given


def _left_out(route: Route, *, is_moved: bool, is_elsewhere: bool) -> frozenset[str]:
    if is_moved:
        return _ADDRESS_OPTIONS
    return _HOST_OPTIONS if route is Route.PROXY and is_elsewhere else frozenset()


def _project_options(project: Mapping[str, Any], left_out: frozenset[str]) -> dict[str, Any]:
    if engine_of_project(project) is not Engine.MYSQL:
        return {}
    given = {name: value for name, value in (project.get("OPTIONS") or {}).items() if name not in left_out}
    return renamed_options(given, "OPTIONS")


def _require_signed_address(
    address: Address, login: Login, options: Mapping[str, Any], *, is_left_to_file: bool
) -> None:
    """Raise ConfigurationError if a token of IAM, which is valid for HOST and PORT, would be sent elsewhere."""
    place, port = mysql_destination(address.host, options), options.get("port") or address.port
    is_signed = (place, port) == (address.host, address.port) and not is_left_to_file
    if not isinstance(login.credentials, IamToken) or is_signed:
        return
    is_in_file = is_left_to_file or not named_destination(address.host, options)
    elsewhere = f"the address in {option_file(options)}" if is_in_file else f"{place}:{port}, by OPTIONS"
    raise ConfigurationError(
        "WEBAPP_DB_CREDENTIALS=iam makes tokens for HOST and PORT of DATABASES, but the connection goes to "
        f"{elsewhere}; write that address as HOST and PORT"
    )


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


def _default_mode(profile: Profile, place: str, *, has_root: bool) -> SslMode:
    """Return the mode if neither the address nor a variable has one; a root that the project names is a request."""
    if needs_encryption(place):
        return SslMode.VERIFY_FULL if has_root else profile.sslmode
    # MySQL's own client checks no name then, and certificates rarely have a loopback address.
    return SslMode.VERIFY_CA if has_root and not place.startswith("/") else SslMode.PREFER


def _tls(environment: Environment, profile: Profile, chosen: Mapping[str, Any], default: SslMode) -> dict[str, Any]:
    """Return sslmode and, where the server is verified, sslrootcert."""
    if "ssl" in chosen:
        # The project has made its own ssl.SSLContext.
        return {"sslmode": str(SslMode.REQUIRE)}
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
