"""The metrics that the application reports, as docs/metrics.md lists them."""

from typing import NamedTuple

NAMESPACE = "DjangoRuntimes"
# Both have few values, since each combination of values is a metric that CloudWatch bills.
DIMENSIONS = ("runtime", "stage")


class Metric(NamedTuple):
    """A metric: its name and unit in CloudWatch, its meaning, and the lines that have it."""

    name: str
    unit: str
    meaning: str
    lines: str


REQUESTS = Metric("Requests", "Count", "requests that were answered or refused", "every request's, but no websocket's")
LATENCY = Metric(
    "Latency",
    "Milliseconds",
    "time until the response begins; on Lambda, which sends it at once, until it is complete",
    "every request's that was answered",
)
CLIENT_ERRORS = Metric("ClientErrors", "Count", "responses 4xx", "these requests'")
SERVER_ERRORS = Metric(
    "ServerErrors", "Count", "responses 5xx, 503 and 504 included, and streams that fail", "these requests'"
)
COLD_STARTS = Metric("ColdStarts", "Count", "first requests of a process", "these requests'")
THROTTLED = Metric("Throttled", "Count", "requests that a rate limit refused", "these requests'")
POOL_WAIT = Metric(
    "PoolWait",
    "Milliseconds",
    "time that the request waited for connections of a pool",
    "every request's that took a connection from a pool",
)
POOL_TIMEOUTS = Metric("PoolTimeouts", "Count", "waits for a connection that ended without one", "these requests'")
POOL_SIZE = Metric(
    "PoolSize", "Count", "connections that the pools of one process hold", "one a second of each process with a pool"
)
CONNECTIONS_OPENED = Metric(
    "ConnectionsOpened", "Count", "connections to databases opened since the process's last value", "one a second"
)

METRICS = (
    REQUESTS,
    LATENCY,
    CLIENT_ERRORS,
    SERVER_ERRORS,
    COLD_STARTS,
    THROTTLED,
    POOL_WAIT,
    POOL_TIMEOUTS,
    POOL_SIZE,
    CONNECTIONS_OPENED,
)
