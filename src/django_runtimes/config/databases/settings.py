"""Where PostgreSQL is, as Django's DATABASES wants it."""

from dataclasses import replace
from typing import Any

from django_runtimes.config.choices import Role
from django_runtimes.config.databases.connections import Pool, Route
from django_runtimes.config.databases.credentials import IamToken, choose_login
from django_runtimes.config.databases.tls import (
    destination,
    encrypts,
    needs_encryption,
    tls_options,
    with_libpq_variables,
)
from django_runtimes.config.databases.url import Address
from django_runtimes.config.environment import Environment
from django_runtimes.config.errors import ConfigurationError
from django_runtimes.config.profile import Profile
from django_runtimes.config.secret import Secret
from django_runtimes.config.variables.database_address import (
    DATABASE_URL,
    DB_HOST,
    DB_NAME,
    DB_PORT,
    DB_PROXY_HOST,
    DB_PROXY_PORT,
    PGHOSTADDR,
)
from django_runtimes.config.variables.database_connections import DB_ALWAYS_RESET, DB_CONNECT_TIMEOUT_S
from django_runtimes.config.variables.database_login import DB_PASSWORD, DB_ROLE, DB_USER

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


def database_settings(environment: Environment, profile: Profile) -> dict[str, Any]:
    """The `default` entry of DATABASES for the profile's strategy and route.

    Beside Django's keys: ALWAYS_RESET (whether statements of the ORM count as leaving session state), CREDENTIALS
    (where the login comes from, None for USER and PASSWORD), MAX_REST_S (after how long unused a connection is not
    used again, None for any time) and ROUTE. Raises ConfigurationError when the route's address or the login is not
    known, or the connection could be read on the way.
    """
    address = _address_on_route(environment, profile.route)
    login = choose_login(environment, user=address.user, password=address.password)
    tls = tls_options(
        environment, host=address.host, route=profile.route, options=address.options, default=profile.sslmode
    )
    reached = replace(address, options=with_libpq_variables(address.options, environment))
    _require_encryption(reached, tls["sslmode"], profile, token=isinstance(login.credentials, IamToken))
    strategy = profile.connections.as_django()
    if isinstance(profile.connections, Pool):
        # Those that the handlers let in may wait for a connection; for psycopg's pool 0 means no limit.
        strategy["OPTIONS"]["pool"]["max_waiting"] = max(profile.threads, profile.max_waiting)
    options = {
        "connect_timeout": environment[DB_CONNECT_TIMEOUT_S],
        **(_PATIENT_TCP_OPTIONS if environment[DB_ROLE] is Role.OPERATIONS else _TCP_OPTIONS),
        **address.options,
        **tls,
        **strategy["OPTIONS"],
    }
    if profile.route is Route.PROXY:
        # A prepared statement stays with the server connection, which the next transaction may not get again.
        options["prepare_threshold"] = None
    return {
        "ENGINE": "django_runtimes.databases.postgis" if address.is_spatial else "django_runtimes.databases.postgresql",
        "HOST": address.host,
        "PORT": address.port,
        "NAME": address.name,
        "USER": login.user,
        "PASSWORD": login.password,
        "CREDENTIALS": login.credentials,
        "MAX_REST_S": _MAX_REST_IF_FROZEN_S if profile.freezes else None,
        "ROUTE": profile.route,
        "ALWAYS_RESET": environment[DB_ALWAYS_RESET],
        **strategy,
        "OPTIONS": options,
        # A transaction-mode proxy hands each transaction another server connection, where the cursor is not.
        "DISABLE_SERVER_SIDE_CURSORS": profile.route is Route.PROXY,
    }


def _address_on_route(environment: Environment, route: Route) -> Address:
    address = environment[DATABASE_URL] or _address_of_variables(environment)
    if route is Route.DIRECT:
        return address
    proxy_host = environment[DB_PROXY_HOST]
    if proxy_host is None:
        raise ConfigurationError(
            "WEBAPP_DB_PROXY_HOST is not set and the route is proxy; set it, or WEBAPP_DB_ROUTE=direct"
        )
    if environment.is_set(PGHOSTADDR):
        raise ConfigurationError("PGHOSTADDR is set, where libpq would go instead of WEBAPP_DB_PROXY_HOST; unset it")
    if "options" in address.options:
        raise ConfigurationError(
            "DATABASE_URL has the option 'options', which RDS Proxy refuses; remove it and write its settings to "
            "the role with ALTER ROLE ... SET, or set WEBAPP_DB_ROUTE=direct"
        )
    # A numeric address beside the server's name would win over the proxy's name.
    options = {name: value for name, value in address.options.items() if name != "hostaddr"}
    return replace(address, host=proxy_host, port=environment[DB_PROXY_PORT], options=options)


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


def _address_of_variables(environment: Environment) -> Address:
    host = environment[DB_HOST]
    if host is None:
        raise ConfigurationError("no database is configured; set DATABASE_URL, or WEBAPP_DB_HOST and its group")
    return Address(
        host=host,
        port=environment[DB_PORT],
        name=environment[DB_NAME],
        user=environment[DB_USER],
        password=environment[DB_PASSWORD] or Secret(),
    )
