"""The profile of each runtime: the choices that it implies."""

from typing import NamedTuple

from django_runtimes.config.values.choices import LogFormat, SslMode
from django_runtimes.config.values.connection_strategy import Connections, PerRequest, Persistent, Pool, Route, Strategy
from django_runtimes.config.values.runtime import Runtime

# Asynchronous views mostly wait, so a process serves several of them for each thread.
ASYNC_REQUESTS_PER_THREAD = 8


class Profile(NamedTuple):
    """The choices that a runtime implies.

    `sslmode` applies to a database across a network; `freezes` says whether the process is frozen between requests, and
    `serves_one` whether it serves one request at a time.
    """

    connections: Connections
    threads: int
    async_requests: int
    max_waiting: int
    drain_s: int
    route: Route
    log_format: LogFormat
    https: bool
    bind_host: str
    sslmode: SslMode
    freezes: bool
    serves_one: bool

    @property
    def strategy(self) -> Strategy:
        """The name of the connection strategy."""
        return self.connections.name


_CONTAINER = Profile(
    connections=Pool(),
    threads=8,
    async_requests=8 * ASYNC_REQUESTS_PER_THREAD,
    # A few workers serve this many requests within a second, even if a burst reaches them unevenly. WEBAPP_MAX_WAIT_S
    # bounds longer waits.
    max_waiting=128,
    # Kubernetes and load balancers take some seconds to stop sending requests to a container that is shutting down.
    drain_s=5,
    route=Route.DIRECT,
    log_format=LogFormat.JSON,
    https=True,
    bind_host="0.0.0.0",  # noqa: S104  (a container is reached through its own network interface)
    sslmode=SslMode.VERIFY_FULL,
    freezes=False,
    serves_one=False,
)
_FUNCTION = _CONTAINER._replace(connections=PerRequest(), route=Route.PROXY, freezes=True, serves_one=True)

PROFILES = {
    Runtime.AWS_APP_RUNNER: _CONTAINER,
    Runtime.AWS_ECS: _CONTAINER,
    Runtime.AWS_LAMBDA: _FUNCTION,
    Runtime.KUBERNETES: _CONTAINER,
    Runtime.LOCAL: _CONTAINER._replace(
        drain_s=0,
        log_format=LogFormat.TEXT,
        https=False,
        bind_host="127.0.0.1",
        sslmode=SslMode.PREFER,
    ),
}

# Nothing freezes there, so a connection between requests is neither lost nor held for nobody.
MANAGED_INSTANCES = _FUNCTION._replace(connections=Persistent(), freezes=False)
