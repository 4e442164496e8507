"""Where PostgreSQL is, as Django's DATABASES wants it."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from django_runtimes.config.choices import Role
from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.databases.address_choice import (
    address_is_given,
    address_of,
    address_on_route,
    host_and_port,
    is_proxied,
)
from django_runtimes.config.databases.connection_strategy import Pool, Route
from django_runtimes.config.databases.credentials import IamToken, Login, choose_login
from django_runtimes.config.databases.engines import engine_for, is_postgresql
from django_runtimes.config.databases.tls import (
    ROOT_VARIABLES,
    destination,
    encrypts,
    needs_encryption,
    tls_options,
    with_libpq_variables,
)
from django_runtimes.config.databases.url import Address
from django_runtimes.config.environment import Environment
from django_runtimes.config.runtimes.profile import Profile
from django_runtimes.config.variables.database_address import DB_SSLMODE
from django_runtimes.config.variables.database_connections import (
    DB_ALWAYS_RESET,
    DB_CONNECT_TIMEOUT_S,
    DB_POOL_MAX_SIZE,
    DB_POOL_TIMEOUT_S,
)
from django_runtimes.config.variables.database_login import DB_ROLE

# A peer that has vanished is noticed within 3 s: by probes when an answer is waited for, by the unacknowledged
# time when a question was sent, which counts from the first retransmission, half a second in. The kernel's own
# limits are hours and a quarter of an hour.
_TCP_OPTIONS = {
    "keepalives": 1,
    "keepalives_idle": 2,
    "keepalives_interval": 1,
    "keepalives_count": 2,
    "tcp_user_timeout": 2000,
}

# A migration may wait for minutes: a short interruption of the network must not end it.
_PATIENT_TCP_OPTIONS = {"keepalives": 1, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 6}

# While a process is frozen nothing tells it that its connection ended. Asking one whose packets are dropped costs
# the 2.5 s of such a question, a new one costs milliseconds.
_MAX_REST_IF_FROZEN_S = 5.0


# Options of a project's that would lead past the address that variables give, or log in there as somebody else.
_OPTIONS_OF_ADDRESS = frozenset(
    {"host", "hostaddr", "port", "dbname", "user", "password", "passfile", "service", "servicefile"}
)
_NOTHING: Mapping[str, Any] = MappingProxyType({})


def database_settings(
    environment: Environment, profile: Profile, project: Mapping[str, Any] = _NOTHING
) -> dict[str, Any]:
    """The `default` entry of DATABASES for the profile's strategy and route.

    `project` is the project's own entry: its address where variables give none, its options where neither
    DATABASE_URL nor a variable says otherwise, and its other keys as they are. Beside Django's keys: ALWAYS_RESET
    (whether statements of the ORM count as leaving session state), CREDENTIALS (where the login comes from, None for
    USER and PASSWORD), MAX_REST_S (after how long unused a connection is not used again, None for any time) and ROUTE.
    Raises ConfigurationError when the route's address or the login is not known, or the connection could be read on
    the way.
    """
    address = address_on_route(environment, profile.route, project)
    login = choose_login(environment, user=address.user, password=address.password)
    entry = _entry(environment, profile, project, address, login, is_moved=address_is_given(environment))
    return (
        entry | {"NAME": address.name, "USER": login.user, "PASSWORD": login.password} | host_and_port(address, project)
    )


def further_database_settings(environment: Environment, profile: Profile, project: Mapping[str, Any]) -> dict[str, Any]:
    """Another PostgreSQL database of a project: its address and login, and engine, strategy, TLS and timeouts of ours.

    It goes by the proxy route where its address is an RDS Proxy's or that of WEBAPP_DB_PROXY_HOST, else directly.
    """
    address = address_of(project)
    profile = profile._replace(route=Route.PROXY if is_proxied(environment, address) else Route.DIRECT)
    return _entry(environment, profile, project, address, Login(address.user, address.password), is_moved=False)


def _entry(
    environment: Environment,
    profile: Profile,
    project: Mapping[str, Any],
    address: Address,
    login: Login,
    *,
    is_moved: bool,
) -> dict[str, Any]:
    """All but the address and the login; `is_moved` is whether another address took the place of the project's."""
    given = _given_options(project, is_moved=is_moved)
    if profile.route is Route.PROXY and "options" in given:
        raise ConfigurationError(
            f"OPTIONS has 'options', which RDS Proxy at {address.host!r} refuses; remove it from DATABASES and write "
            "its settings to the role with ALTER ROLE ... SET, or set WEBAPP_DB_ROUTE=direct"
        )
    said = _options_said(environment, profile.route, given) | address.options
    tls = tls_options(environment, host=address.host, route=profile.route, options=said, default=profile.sslmode)
    reached = replace(address, options=with_libpq_variables(said, environment))
    _require_encryption(reached, tls["sslmode"], profile, token=isinstance(login.credentials, IamToken))
    strategy = profile.connections.as_django()
    if isinstance(profile.connections, Pool):
        # Those that the handlers let in may wait for a connection; for psycopg's pool 0 means no limit.
        strategy["OPTIONS"]["pool"]["max_waiting"] = max(profile.threads, profile.max_waiting)
        strategy["OPTIONS"]["pool"] |= _pool_of_project(environment, profile, project)
    options = {
        "connect_timeout": environment[DB_CONNECT_TIMEOUT_S],
        **(_PATIENT_TCP_OPTIONS if environment[DB_ROLE] is Role.OPERATIONS else _TCP_OPTIONS),
        **said,
        **tls,
        **strategy["OPTIONS"],
    }
    if profile.route is Route.PROXY:
        # A prepared statement stays with the server connection, which the next transaction may not get again.
        options["prepare_threshold"] = None
    return {
        **project,
        "ENGINE": engine_for(project, is_spatial=address.is_spatial),
        "CREDENTIALS": login.credentials,
        "MAX_REST_S": _MAX_REST_IF_FROZEN_S if profile.freezes else None,
        "ROUTE": profile.route,
        "ALWAYS_RESET": environment[DB_ALWAYS_RESET],
        **strategy,
        "OPTIONS": options,
        # A transaction-mode proxy hands each transaction another server connection, where the cursor is not.
        "DISABLE_SERVER_SIDE_CURSORS": profile.route is Route.PROXY
        or bool(project.get("DISABLE_SERVER_SIDE_CURSORS", False)),
    }


def _given_options(project: Mapping[str, Any], *, is_moved: bool) -> dict[str, Any]:
    """Those of a project that fit the database which is reached: another engine's do not."""
    if not is_postgresql(project):
        return {}
    left_out = {"pool", *(_OPTIONS_OF_ADDRESS if is_moved else ())}
    return {name: value for name, value in (project.get("OPTIONS") or {}).items() if name not in left_out}


def _options_said(environment: Environment, route: Route, given: dict[str, Any]) -> dict[str, Any]:
    """The project's options, without those that a variable says otherwise."""
    root = ROOT_VARIABLES[route]
    said_by_variables = {
        "connect_timeout": environment.is_set(DB_CONNECT_TIMEOUT_S),
        "sslmode": environment.is_set(DB_SSLMODE),
        # A proxy's certificate comes from other authorities than its server's.
        "sslrootcert": environment.is_set(root) or route is Route.PROXY,
    }
    return {name: value for name, value in given.items() if not said_by_variables.get(name, False)}


def _pool_of_project(environment: Environment, profile: Profile, project: Mapping[str, Any]) -> dict[str, Any]:
    pool = (project.get("OPTIONS") or {}).get("pool")
    # What is frozen between requests serves one at a time, whatever a project wants for its servers.
    if not isinstance(pool, Mapping) or not is_postgresql(project) or profile.freezes:
        return {}
    if environment.is_set(DB_POOL_MAX_SIZE):
        pool = {name: value for name, value in pool.items() if name not in {"min_size", "max_size"}}
    if environment.is_set(DB_POOL_TIMEOUT_S):
        pool = {name: value for name, value in pool.items() if name != "timeout"}
    return dict(pool)


def _require_encryption(address: Address, sslmode: str, profile: Profile, *, token: bool) -> None:
    if encrypts(sslmode):
        return
    if token:
        raise ConfigurationError(
            f"sslmode={sslmode!r} may send the token of WEBAPP_DB_CREDENTIALS=iam in plain text; "
            "set WEBAPP_DB_SSLMODE=verify-full"
        )
    # A machine of one's own may do so, until `webapp check` objects.
    if encrypts(profile.sslmode) and needs_encryption(address.host, address.options):
        raise ConfigurationError(
            f"sslmode={sslmode!r} may send passwords and rows to {destination(address.host, address.options)} "
            "in plain text; "
            "set WEBAPP_DB_SSLMODE=verify-full, or the option sslmode of DATABASE_URL"
        )
