"""Examines whether the server has enough connections for all processes."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.values.connection_strategy import Connections, PerRequest, Route, connections_of
from django_runtimes.config.values.runtime import Runtime
from django_runtimes.config.variables.database.connection_budget import REQUESTS_MAX_PER_S
from django_runtimes.config.variables.database.database_connections import DB_STRATEGY
from django_runtimes.config.variables.server_variables import WORKERS
from django_runtimes.databases.budget import Comparison, Sum, connection_budget
from django_runtimes.databases.interface.database_engine import DatabaseEngine
from django_runtimes.databases.interface.engine_registry import engines
from django_runtimes.databases.interface.examined_server import ExaminedServer
from django_runtimes.doctor.examination import Examination
from django_runtimes.doctor.finding import Finding, Level, Row


def examine_budget(examination: Examination) -> list[Finding]:
    """Return a finding for each limit, with the sums of needed and of available connections."""
    if examination.missing_call is not None:
        text = "connections are not counted: without configure() neither the strategy nor its limits are in effect"
        return [Finding(Level.SKIPPED, text)]
    try:
        engine = examination.default_engine
        if engine is None:
            products = " or ".join(dict.fromkeys(each.product for each in engines()))
            text = f"the default database is not {products}, so its connections are not counted"
            return [Finding(Level.SKIPPED, text)]
        terms = engine.budget_terms
        if terms is None:
            counted = Finding(Level.OK, "no process holds a connection to the server, so there is nothing to count")
            return [counted, *_new_connections_elsewhere(examination)]
        reached = _reached(examination)
        comparisons = connection_budget(
            examination.environ,
            next((server.limits for _, server in reached if server.limits is not None), None),
            terms=terms,
            cpu_count=examination.cpu_count,
            connections=examination.connections,
        )
        return [
            *_guesses(examination),
            *_uncounted(examination, engine, terms.default_port),
            *_missing_proxy(examination, reached),
            *map(_compared, comparisons),
            *_new_connections(examination, engine, examination.connections or examination.usable_profile.connections),
            *_new_connections_elsewhere(examination),
        ]
    except ConfigurationError as error:
        return [Finding(Level.UNREADABLE, str(error))]


def _new_connections_elsewhere(examination: Examination) -> list[Finding]:
    """Compare the new connections of further databases, whose other connections are not counted."""
    return [
        replace(finding, text=f"DATABASES[{alias!r}]: {finding.text}")
        for alias, database in examination.databases.items()
        if alias != "default" and isinstance(engine := examination.engines.get(alias), DatabaseEngine)
        for finding in _new_connections(examination, engine, connections_of(database))
    ]


def _new_connections(examination: Examination, engine: DatabaseEngine, connections: Connections) -> list[Finding]:
    """Compare the connections that requests open in a second with those that the service accepts."""
    accepted = None if engine.budget_terms is None else engine.budget_terms.new_connections_per_s
    if accepted is None or not isinstance(connections, PerRequest):
        return []
    opened = examination.environment[REQUESTS_MAX_PER_S]
    limit = f"{engine.product} accepts {accepted} new connections a second"
    kept = f"{DB_STRATEGY.name}=persistent"
    if opened is None:
        return [
            Finding(
                Level.WRONG,
                f"each request opens a connection, and {limit}: not proven to be enough",
                f"set {kept}, or {REQUESTS_MAX_PER_S.name} to the requests per second at the highest load",
            )
        ]
    text = f"requests may open {opened} connections a second, and {limit}"
    return [Finding(Level.OK, text) if opened <= accepted else Finding(Level.WRONG, text, f"set {kept}")]


def _reached(examination: Examination) -> list[tuple[Route, ExaminedServer]]:
    """Return the servers that the web logins reached, each with its route."""
    try:
        servers = examination.servers
    except ConfigurationError:
        # Without an address, a variable may declare the limit.
        return []
    return [
        (login.route, server)
        for login, server in servers.items()
        if login.role == "web" and isinstance(server, ExaminedServer)
    ]


def _missing_proxy(examination: Examination, reached: list[tuple[Route, ExaminedServer]]) -> list[Finding]:
    if examination.usable_profile.route is not Route.PROXY or not any(
        route is Route.PROXY and server.connection is not None and server.connection.is_unproxied
        for route, server in reached
    ):
        return []
    return [
        Finding(
            Level.WRONG,
            "the proxy: the server itself answers, so a budget for the proxy proves nothing",
            "point WEBAPP_DB_PROXY_HOST at the proxy, or set WEBAPP_DB_ROUTE=direct",
        )
    ]


def _guesses(examination: Examination) -> list[Finding]:
    runtimes = {Runtime.AWS_LAMBDA, Runtime.LOCAL}
    if examination.detection.runtime in runtimes or examination.environment.is_set(WORKERS):
        return []
    return [
        Finding(
            Level.WARNING,
            f"an instance is assumed to have as many workers as this process has CPUs, {examination.cpu_count}",
            "set WEBAPP_WORKERS, here and in the deployment",
        )
    ]


def _uncounted(examination: Examination, engine: DatabaseEngine, default_port: int) -> list[Finding]:
    """Warn about further entries of DATABASES with connections to the same server."""
    databases = examination.databases
    server = _place(databases.get("default", {}), default_port)
    return [
        Finding(
            Level.WARNING,
            f"DATABASES[{alias!r}] goes to the same server, and its connections are not counted",
            "raise WEBAPP_DB_RESERVED_CONNECTIONS by the number that all processes may open there",
        )
        for alias, database in databases.items()
        if alias != "default" and examination.engines.get(alias) is engine and _place(database, default_port) == server
    ]


def _place(database: Mapping[str, Any], default_port: int) -> tuple[str, str]:
    return str(database.get("HOST") or ""), str(database.get("PORT") or default_port)


def _compared(comparison: Comparison) -> Finding:
    rows = (*_rows(comparison.needed), *_rows(comparison.available))
    # Several terms may need the same figure.
    unknown: dict[str, str] = {}
    for term in comparison.unknown:
        unknown.setdefault(term.remedy, term.name)
    if unknown:
        return Finding(
            Level.WRONG,
            f"{comparison.place}: not proven to have enough connections; unknown: {', '.join(unknown.values())}",
            "; ".join(unknown),
            rows,
        )
    text = (
        f"{comparison.place}: {comparison.needed.value} connections may be needed at once, "
        f"{comparison.available.value} are available"
    )
    if comparison.holds:
        return Finding(Level.OK, text, rows=rows)
    return Finding(Level.WRONG, text, comparison.remedy, rows)


def _rows(terms: Sum) -> tuple[Row, ...]:
    return (
        *(Row(term.name, term.value, term.source, term.sign) for term in terms.terms),
        Row(terms.name, terms.value, sign="="),
    )
