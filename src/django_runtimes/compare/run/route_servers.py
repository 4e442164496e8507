"""Starts the servers between targets and PostgreSQL: the stand-ins for RDS Proxy and the Data API."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar, cast

from django_runtimes.compare.analysis.wait_counts import WaitCounts
from django_runtimes.compare.codebase.environ import data_api_environ, proxied_url, target_environ
from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.engines.compared_engine import DatabaseServer
from django_runtimes.compare.services.data_api.call_counts import CallCounts
from django_runtimes.compare.services.data_api.data_api_process import DataApiStandIn
from django_runtimes.compare.services.pgbouncer import PgBouncer
from django_runtimes.compare.services.postgres import PostgresServer
from django_runtimes.compare.targets.name import TargetName
from django_runtimes.config.values.connection_strategy import Route
from django_runtimes.config.variables.database.database_address import DATABASE_URL

_Server = TypeVar("_Server")


@dataclass(frozen=True)
class RouteServers:
    """The server of each route that a target uses; `failures` has the reasons why one did not start."""

    proxy: PgBouncer | None = None
    data_api: DataApiStandIn | None = None
    failures: Mapping[Route, str] = field(default_factory=dict)

    def environ(self, name: TargetName, application_environ: dict[str, str], database: str) -> dict[str, str]:
        """Return the application's variables with the target's runtime, strategy, route and address."""
        environ = target_environ(name, application_environ, self.proxy)
        if name.route is Route.PROXY and self.proxy is not None:
            environ[DATABASE_URL.name] = proxied_url(environ[DATABASE_URL.name], self.proxy)
        if name.route is Route.DATA_API and self.data_api is not None:
            return data_api_environ(environ, self.data_api.environ(database))
        return environ

    def wait_reader(self, name: TargetName, database: str) -> Callable[[], WaitCounts] | None:
        """Return what reads the waits for a connection of the proxy; None on other routes."""
        return partial(self.proxy.waits, database) if name.route is Route.PROXY and self.proxy is not None else None

    def call_reader(self, name: TargetName, database: str) -> Callable[[], CallCounts] | None:
        """Return what reads the calls of the Data API; None on other routes."""
        if name.route is not Route.DATA_API or self.data_api is None:
            return None
        return partial(self.data_api.calls, database)


def start_route_servers(stack: ExitStack, targets: Sequence[TargetName], server: DatabaseServer) -> RouteServers:
    """Start the servers that the targets need; the stack ends them."""
    routes = {name.route for name in targets}
    failures: dict[Route, str] = {}

    def start(route: Route, made: Callable[[PostgresServer], AbstractContextManager[_Server]]) -> _Server | None:
        if route not in routes:
            return None
        try:
            # Only targets on PostgreSQL have a route with a stand-in.
            return stack.enter_context(made(cast(PostgresServer, server)))
        except CompareError as error:
            failures[route] = str(error)
            return None

    return RouteServers(start(Route.PROXY, PgBouncer), start(Route.DATA_API, DataApiStandIn), failures)
