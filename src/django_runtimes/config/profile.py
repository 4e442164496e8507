"""The choices that each runtime implies."""

from dataclasses import dataclass, replace
from enum import StrEnum

from django_runtimes.config.databases.connections import Connections, PerRequest, Persistent, Pool, Route, Strategy
from django_runtimes.config.databases.credentials import Role, database_role
from django_runtimes.config.databases.tls import SslMode
from django_runtimes.config.environment import Environment
from django_runtimes.config.runtime import Runtime

# Asynchronous views mostly wait.
_ASYNC_REQUESTS_PER_THREAD = 8


class LogFormat(StrEnum):
    """The shape of the log lines."""

    JSON = "json"
    TEXT = "text"


@dataclass(frozen=True)
class Profile:
    """What a runtime implies: connections, threads, logs, the address to listen on, and HTTPS in front or not.

    `sslmode` is for a database across a network; `freezes` says that the process stands still between requests.
    """

    connections: Connections
    threads: int
    async_requests: int
    max_waiting: int
    route: Route
    log_format: LogFormat
    https: bool
    bind_host: str
    sslmode: SslMode
    freezes: bool


_CONTAINER = Profile(
    connections=Pool(),
    threads=8,
    async_requests=8 * _ASYNC_REQUESTS_PER_THREAD,
    # A crowd that a few workers share unevenly is served within a second; the longest wait bounds the rest.
    max_waiting=128,
    route=Route.DIRECT,
    log_format=LogFormat.JSON,
    https=True,
    bind_host="0.0.0.0",  # noqa: S104  (a container is reached through its own network interface)
    sslmode=SslMode.VERIFY_FULL,
    freezes=False,
)

PROFILES = {
    Runtime.AWS_APP_RUNNER: _CONTAINER,
    Runtime.AWS_ECS: _CONTAINER,
    Runtime.AWS_LAMBDA: replace(_CONTAINER, connections=PerRequest(), route=Route.PROXY, freezes=True),
    Runtime.KUBERNETES: _CONTAINER,
    Runtime.LOCAL: replace(
        _CONTAINER, log_format=LogFormat.TEXT, https=False, bind_host="127.0.0.1", sslmode=SslMode.PREFER
    ),
}


def choose_profile(runtime: Runtime, environment: Environment) -> Profile:
    """The runtime's profile, with the single values that variables override; operations have a fixed way."""
    profile = PROFILES[runtime]
    connections = _choose_connections(runtime, profile, environment)
    # A thread without a connection would wait for one, a connection without a thread would idle.
    default_threads = connections.max_size if isinstance(connections, Pool) else profile.threads
    threads = environment.integer("WEBAPP_THREADS", minimum=1) or default_threads
    max_waiting = environment.integer("WEBAPP_MAX_WAITING")
    https = environment.flag("WEBAPP_HTTPS")
    route = environment.choice("WEBAPP_DB_ROUTE", Route, "route") or profile.route
    if database_role(environment) is Role.OPERATIONS:
        # Session locks and long statements need a server connection of their own.
        connections, route = PerRequest(), Route.DIRECT
    return replace(
        profile,
        connections=connections,
        threads=threads,
        async_requests=(
            environment.integer("WEBAPP_ASYNC_REQUESTS", minimum=1) or threads * _ASYNC_REQUESTS_PER_THREAD
        ),
        max_waiting=profile.max_waiting if max_waiting is None else max_waiting,
        route=route,
        log_format=environment.choice("WEBAPP_LOG_FORMAT", LogFormat, "log format") or profile.log_format,
        https=profile.https if https is None else https,
        bind_host=environment.text("WEBAPP_BIND_HOST") or profile.bind_host,
    )


def _choose_connections(runtime: Runtime, profile: Profile, environment: Environment) -> Connections:
    chosen = environment.choice("WEBAPP_DB_STRATEGY", Strategy, "connection strategy")
    match chosen or profile.connections.name:
        case Strategy.PER_REQUEST:
            return PerRequest()
        case Strategy.PERSISTENT:
            max_age_s = environment.integer("WEBAPP_DB_MAX_AGE_S", minimum=1)
            return Persistent() if max_age_s is None else Persistent(max_age_s)
        case Strategy.POOL:
            # An execution environment serves one request at a time, so a second connection would only idle.
            default = Pool(max_size=1) if runtime is Runtime.AWS_LAMBDA else Pool()
            return replace(
                default,
                max_size=environment.integer("WEBAPP_DB_POOL_MAX_SIZE", minimum=1) or default.max_size,
                timeout_s=environment.integer("WEBAPP_DB_POOL_TIMEOUT_S", minimum=1) or default.timeout_s,
            )
