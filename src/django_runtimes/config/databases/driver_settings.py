"""Builds entries of Django's DATABASES for Oracle and SQL Server."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.database_url.address import Address
from django_runtimes.config.database_url.driver_option_rules import checked_options
from django_runtimes.config.databases.address_choice import host_and_port, is_proxied
from django_runtimes.config.databases.credentials import IamToken, Login
from django_runtimes.config.databases.engines import (
    DJANGOS_ORACLE_ENGINE,
    MSSQL_ENGINE,
    ORACLE_ENGINE,
    engine_of_project,
)
from django_runtimes.config.databases.frozen import longest_rest_s
from django_runtimes.config.databases.strategy_of_engine import connections_on
from django_runtimes.config.databases.tcp_options import tcp_options
from django_runtimes.config.databases.tls import (
    PACKAGED_ROOTS,
    ROOT_VARIABLES,
    encrypts,
    needs_encryption,
    require_encryption,
    verifies,
)
from django_runtimes.config.environment import Environment
from django_runtimes.config.values.choices import Role, SslMode
from django_runtimes.config.values.connection_strategy import Connections, PerRequest, Route
from django_runtimes.config.values.data_paths import Engine
from django_runtimes.config.values.profile import Profile
from django_runtimes.config.variables.database.database_address import DB_SSLMODE
from django_runtimes.config.variables.database.database_connections import (
    DB_ALWAYS_RESET,
    DB_CONNECT_TIMEOUT_S,
    DB_STATEMENT_TIMEOUT_S,
)
from django_runtimes.config.variables.database.database_login import DB_ROLE
from django_runtimes.config.variables.variable import Variable


@dataclass(frozen=True)
class _DriverKind:
    """What differs between the two engines.

    `address_options` are options of a project that would override the address, the login or the encryption, and
    `replaced_options` choose a driver, which the engine brings. A driver with `reads_roots` accepts a file of root
    certificates; the other one has the system's.
    """

    engine: str
    product: str
    modes: tuple[SslMode, ...]
    address_options: frozenset[str]
    reads_roots: bool
    replaced_options: frozenset[str] = frozenset()
    tcp_options: tuple[str, ...] = ()


_KINDS = {
    Engine.ORACLE: _DriverKind(
        ORACLE_ENGINE,
        "Oracle",
        (SslMode.DISABLE, SslMode.REQUIRE, SslMode.VERIFY_CA, SslMode.VERIFY_FULL),
        frozenset(
            {
                *("user", "password", "access_token", "host", "port", "service_name", "sid", "dsn", "params", "handle"),
                *("protocol", "use_eztls", "wallet_location", "wallet_password"),
                *("ssl_context", "ssl_version", "ssl_server_dn_match"),
            }
        ),
        reads_roots=True,
    ),
    # Microsoft's driver compares the host's name whenever it verifies a certificate.
    Engine.MSSQL: _DriverKind(
        MSSQL_ENGINE,
        "SQL Server",
        (SslMode.DISABLE, SslMode.REQUIRE, SslMode.VERIFY_FULL),
        frozenset({"dsn"}),
        reads_roots=False,
        replaced_options=frozenset({"driver", "host_is_server", "python_driver"}),
        tcp_options=("keepalives_idle", "keepalives_interval"),
    ),
}
# With HOST and PORT, NAME is a listener's SID for Django's own engine, and a service for the library's.
_SID = {"name_is_sid": True}
# Keywords of a connection string that the entry or the engine sets.
_OWN_KEYWORDS = frozenset(
    {
        *("encrypt", "trustservercertificate", "server", "address", "addr", "network address", "database"),
        *("uid", "pwd", "driver", "dsn", "filedsn", "mars_connection"),
        # Other logins, other servers, other ways to verify them, and a file that would get the password.
        *("authentication", "trusted_connection", "integrated security", "serverspn"),
        *("failover_partner", "failoverpartnerspn", "attachdbfilename", "network", "net"),
        *("servercertificate", "hostnameincertificate", "savefile"),
    }
)


def driver_entry(
    environment: Environment,
    profile: Profile,
    project: Mapping[str, Any],
    address: Address,
    login: Login,
    *,
    is_moved: bool,
) -> dict[str, Any]:
    """Return all keys except address and login; `is_moved` says whether variables replace the project's address.

    In addition to the driver's options, OPTIONS has `sslmode`, `connect_timeout` and, under the web role,
    `statement_timeout`, both in seconds; for Oracle also `sslrootcert`.

    Raise ConfigurationError for features that these engines lack: tokens, resets of sessions, some modes of TLS.
    """
    kind = _KINDS[address.engine]
    connections = connections_on(environment, profile, address.engine)
    _refuse_missing_features(environment, kind, login, connections)
    if not address.host:
        raise ConfigurationError(
            f"DATABASES names no HOST for {kind.product}; set HOST, PORT and NAME, or DATABASE_URL"
        )
    if not (login.user or login.credentials):
        # The drivers would log in as the process's own user, with Kerberos.
        raise ConfigurationError(
            f"the login of {kind.product} has no user; set USER and PASSWORD in DATABASES, write user:password@ before "
            "the host in DATABASE_URL, or set WEBAPP_DB_CREDENTIALS=secretsmanager"
        )
    chosen = {**_project_options(environment, kind, project, address, is_moved=is_moved), **address.options}
    options = {
        "connect_timeout": environment[DB_CONNECT_TIMEOUT_S],
        **_limits(environment),
        **{name: value for name, value in tcp_options(environment).items() if name in kind.tcp_options},
        **(_SID if _names_sid(project, is_moved=is_moved) else {}),
        **chosen,
        **_tls(environment, profile, kind, address.host, chosen),
    }
    require_encryption(
        options["sslmode"],
        profile.sslmode,
        place=address.host,
        crosses_network=needs_encryption(address.host),
        token=False,
    )
    strategy = connections.as_django()
    return {
        **project,
        "ENGINE": kind.engine,
        "CREDENTIALS": login.credentials,
        "MAX_REST_S": longest_rest_s(profile),
        "ROUTE": profile.route,
        "ALWAYS_RESET": False,
        **strategy,
        "OPTIONS": {**options, **strategy["OPTIONS"]},
        # Neither engine has server-side cursors of Django's, but a check of the proxy route reads the key.
        "DISABLE_SERVER_SIDE_CURSORS": profile.route is Route.PROXY
        or bool(project.get("DISABLE_SERVER_SIDE_CURSORS", False)),
    }


def further_driver_entry(
    environment: Environment, profile: Profile, project: Mapping[str, Any], address: Address
) -> dict[str, Any]:
    """Return the entry of another database, whose address and login stay the project's."""
    route = Route.PROXY if address.engine is Engine.MSSQL and is_proxied(environment, address) else Route.DIRECT
    login = Login(address.user, address.password)
    own = environment.without(*_for_other_drivers(environment, _KINDS[address.engine]))
    entry = driver_entry(own, profile._replace(route=route), project, address, login, is_moved=False)
    return entry | host_and_port(address, project)


def _for_other_drivers(environment: Environment, kind: _DriverKind) -> tuple[Variable[Any], ...]:
    """Return the variables of TLS that `default` may need and this driver cannot apply."""
    roots = () if kind.reads_roots else tuple(ROOT_VARIABLES.values())
    mode = environment[DB_SSLMODE]
    return roots if mode is None or mode in kind.modes else (*roots, DB_SSLMODE)


def _names_sid(project: Mapping[str, Any], *, is_moved: bool) -> bool:
    return not is_moved and project.get("ENGINE") == DJANGOS_ORACLE_ENGINE


def _refuse_missing_features(
    environment: Environment, kind: _DriverKind, login: Login, connections: Connections
) -> None:
    if isinstance(login.credentials, IamToken):
        raise ConfigurationError(
            f"WEBAPP_DB_CREDENTIALS is iam, but RDS has no tokens for {kind.product}; set it to secretsmanager"
        )
    if environment[DB_ALWAYS_RESET] and not isinstance(connections, PerRequest):
        raise ConfigurationError(
            f"WEBAPP_DB_ALWAYS_RESET is set, but no session of {kind.product} is reset; set "
            "WEBAPP_DB_STRATEGY=per_request, which gives each request a new session, or unset it"
        )


def _project_options(
    environment: Environment, kind: _DriverKind, project: Mapping[str, Any], address: Address, *, is_moved: bool
) -> dict[str, Any]:
    """Return the project's options without those that a variable overrides; none if its entry is another engine's."""
    if engine_of_project(project) is not address.engine:
        return {}
    left_out = kind.replaced_options | (kind.address_options if is_moved else frozenset())
    given = {name: value for name, value in (project.get("OPTIONS") or {}).items() if name not in left_out}
    if contradicting := sorted(given.keys() & kind.address_options):
        raise ConfigurationError(
            f"OPTIONS has {contradicting[0]!r}, which would override the address, the login or the encryption; remove "
            "it, and set HOST, PORT, NAME, USER, PASSWORD or WEBAPP_DB_SSLMODE (`webapp docs oracle-sql-server`)"
        )
    if "pool" in given:
        raise ConfigurationError(
            f"OPTIONS has 'pool', which the engine {kind.engine!r} does not have; remove it "
            "(`webapp docs oracle-sql-server`)"
        )
    given = checked_options(given, address.engine, kind.product)
    _refuse_keywords(str(given.get("extra_params") or ""))
    overridden = {
        "connect_timeout": environment.is_set(DB_CONNECT_TIMEOUT_S),
        "statement_timeout": environment.is_set(DB_STATEMENT_TIMEOUT_S),
        "sslmode": environment.is_set(DB_SSLMODE),
        "sslrootcert": environment.is_set(ROOT_VARIABLES[Route.DIRECT]),
    }
    return {name: value for name, value in given.items() if not overridden.get(name, False)}


def _refuse_keywords(connection_string: str) -> None:
    """Raise ConfigurationError for keywords that would contradict the entry; the value may be a password."""
    names = (part.partition("=")[0].strip() for part in connection_string.split(";"))
    if refused := next((name for name in names if name.lower() in _OWN_KEYWORDS), None):
        raise ConfigurationError(
            f"OPTIONS['extra_params'] has {refused}; remove it, and use the entry's own keys or WEBAPP_DB_SSLMODE"
        )


def _limits(environment: Environment) -> dict[str, int]:
    """Return the limits of the web role's statements, which the drivers keep without the server."""
    if environment[DB_ROLE] is Role.OPERATIONS:
        return {}
    return {"statement_timeout": environment[DB_STATEMENT_TIMEOUT_S]}


def _tls(
    environment: Environment, profile: Profile, kind: _DriverKind, host: str, chosen: Mapping[str, Any]
) -> dict[str, str]:
    """Return sslmode and, where the server is verified against a file, sslrootcert."""
    default = profile.sslmode if needs_encryption(host) and encrypts(profile.sslmode) else SslMode.DISABLE
    mode = chosen.get("sslmode") or environment[DB_SSLMODE] or default
    if mode not in kind.modes:
        raise ConfigurationError(
            f"sslmode={str(mode)!r} does not exist for {kind.product}; choose one of: {', '.join(kind.modes)}"
        )
    if not verifies(mode):
        return {"sslmode": str(mode)}
    variable = ROOT_VARIABLES[profile.route]
    if not kind.reads_roots:
        if environment.is_set(variable):
            raise ConfigurationError(
                f"{variable.name} is set, but the driver of {kind.product} reads root certificates from the system's "
                "store only; add the file to the store (`webapp docs oracle-sql-server`), and unset the variable"
            )
        return {"sslmode": str(mode)}
    root = environment[variable] or str(PACKAGED_ROOTS[profile.route])
    return {"sslmode": str(mode), "sslrootcert": str(chosen.get("sslrootcert") or root)}
