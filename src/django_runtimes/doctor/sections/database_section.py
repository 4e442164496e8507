"""Examines whether the server accepts each login on each route and has the settings the application needs."""

from collections.abc import Iterator
from dataclasses import replace

from django.core.exceptions import ImproperlyConfigured

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.databases.tls import needs_encryption
from django_runtimes.config.values.choices import SslMode
from django_runtimes.config.values.connection_strategy import Route
from django_runtimes.config.values.runtime import Runtime
from django_runtimes.databases.interface.engine_registry import engines
from django_runtimes.databases.interface.examined_server import ExaminedServer, ServerConnection, ServerError
from django_runtimes.doctor.examination import Examination, ExaminedLogin
from django_runtimes.doctor.finding import Finding, Level

_VERIFIED = (SslMode.VERIFY_FULL, SslMode.VERIFY_CA)


def examine_database(examination: Examination) -> list[Finding]:
    """Return the findings of every configured login."""
    if examination.offline:
        return [Finding(Level.SKIPPED, "no server was queried, because of --offline")]
    if examination.missing_call is not None:
        return [
            Finding(Level.SKIPPED, "no server was queried: without configure() the database variables have no effect")
        ]
    try:
        servers = examination.servers
        local = examination.detection.runtime is Runtime.LOCAL
    except ConfigurationError as error:
        return [Finding(Level.UNREADABLE, str(error))]
    return [
        *_of_other_engines(examination),
        *(
            finding if finding.level is Level.UNREADABLE else replace(finding, text=f"{login.label}: {finding.text}")
            for login, server in servers.items()
            for finding in _of_login(login, server, local=local)
        ),
    ]


def _of_other_engines(examination: Examination) -> Iterator[Finding]:
    *others, last = dict.fromkeys(engine.product for engine in engines())
    products = f"{', '.join(others)} and {last}"
    for alias, engine in examination.engines.items():
        subject = f"DATABASES[{alias!r}] has the engine {examination.databases[alias].get('ENGINE')!r}"
        if isinstance(engine, ImproperlyConfigured):
            yield Finding(Level.WRONG, f"{subject}, which cannot be loaded: {' '.join(str(engine).split())}")
        elif engine is None:
            yield Finding(Level.SKIPPED, f"{subject}; only {products} are examined")


def _of_login(login: ExaminedLogin, server: ExaminedServer | ServerError, *, local: bool) -> Iterator[Finding]:
    if isinstance(server, ServerError):
        if server.is_unreadable:
            yield Finding(Level.UNREADABLE, server.text)
            return
        yield Finding(Level.WRONG if login.needed else Level.WARNING, server.text, server.remedy)
        return
    yield Finding(Level.OK, f"{server.version} at {server.place} as {server.user}")
    if server.connection is not None:
        yield from _of_connection(server.connection, login)
    if server.time_zone != server.wanted_time_zone and server.time_zone_remedy:
        yield Finding(
            Level.WARNING,
            f"the session's time zone is {server.time_zone}, so the database's own functions, such as NOW(), differ "
            "from the times that Django writes",
            server.time_zone_remedy,
        )
    elif server.time_zone != server.wanted_time_zone:
        yield Finding(
            Level.WARNING,
            f"the session's time zone is {server.time_zone}, so Django sets {server.wanted_time_zone} on each "
            "connection, which pins it on RDS Proxy",
            f"unset PGTZ, or set it to {server.wanted_time_zone}",
        )
    if login.role == "web":
        yield from _web_role(server, login, local=local)
        yield from (Finding(Level.WARNING, *shortcoming) for shortcoming in server.shortcomings)
        # The remarks are about the route, so that another login has the same ones.
        yield from (Finding(Level.OK, remark) for remark in server.remarks)


def _of_connection(connection: ServerConnection, login: ExaminedLogin) -> Iterator[Finding]:
    yield _encryption(connection)
    if connection.is_proxied and login.route is Route.DIRECT:
        yield Finding(
            Level.WRONG,
            "a proxy answers, which makes the lock of `webapp migrate` unreliable",
            "point DATABASE_URL or WEBAPP_DB_HOST at the server, and WEBAPP_DB_PROXY_HOST at the proxy"
            if login.alias == "default"
            else "point HOST and PORT at the server itself",
        )
    if connection.is_unproxied and login.route is Route.PROXY:
        yield Finding(
            Level.WRONG if login.needed else Level.WARNING,
            "the server itself answers instead of a proxy, so nothing limits the connections",
            "point WEBAPP_DB_PROXY_HOST at the proxy, or set WEBAPP_DB_ROUTE=direct",
        )


def _encryption(connection: ServerConnection) -> Finding:
    if not connection.encrypted:
        if needs_encryption(connection.host, {"hostaddr": connection.address}):
            return Finding(Level.WRONG, "not encrypted", "set WEBAPP_DB_SSLMODE=verify-full")
        return Finding(Level.OK, "not encrypted, but the connection stays on this machine")
    if connection.sslmode not in _VERIFIED:
        return Finding(
            Level.WARNING,
            f"encrypted, but sslmode={connection.sslmode} accepts any server",
            "set WEBAPP_DB_SSLMODE=verify-full",
        )
    return Finding(Level.OK, f"encrypted, sslmode={connection.sslmode}")


def _web_role(server: ExaminedServer, login: ExaminedLogin, *, local: bool) -> Iterator[Finding]:
    if server.is_administrator:
        yield Finding(
            Level.WARNING,
            f"{server.user} administers the server, so an injected statement may do anything",
            "let the application log in as a role without these rights",
        )
    if server.missing_timeouts:
        yield Finding(
            # On a developer's machine, long transactions block no other users.
            Level.WARNING if local else Level.WRONG,
            f"the role {server.user} has no {' and no '.join(server.missing_timeouts)}",
            server.timeouts_remedy or "run `webapp set_role_timeouts`"
            if server.timeouts_remedy or login.alias == "default"
            else f"run there: ALTER ROLE {server.user} SET {server.missing_timeouts[0]} = '8s'",
        )
    else:
        yield Finding(Level.OK, server.timeouts_effect)
