"""Variables of the connections to PostgreSQL: their strategy, pool and timeouts."""

from django_runtimes.config.values.connection_strategy import Strategy
from django_runtimes.config.variables.kinds import Choice, Flag, Integer

# The largest value of PostgreSQL's max_connections.
_MAX_CONNECTIONS = 262_143
# PostgreSQL stores its timeouts as milliseconds in 32 bits.
_MAX_TIMEOUT_S = 2_147_483

DB_STRATEGY = Choice(
    "WEBAPP_DB_STRATEGY",
    "How long connections are kept: per_request closes them with the request, persistent keeps one for each thread, "
    "and pool shares them between threads.",
    Strategy,
    noun="connection strategy",
    profile_field="strategy",
)
DB_ALWAYS_RESET = Flag(
    "WEBAPP_DB_ALWAYS_RESET",
    "Whether the session is reset after each request that used a connection, whatever statements it ran.",
    default=False,
)
DB_POOL_MAX_SIZE = Integer(
    "WEBAPP_DB_POOL_MAX_SIZE",
    "Maximum number of connections in one process's pool.",
    minimum=1,
    maximum=_MAX_CONNECTIONS,
    default_note="8; 1 on Lambda",
)
DB_POOL_TIMEOUT_S = Integer(
    "WEBAPP_DB_POOL_TIMEOUT_S",
    "Longest wait for a connection from the pool, in seconds.",
    minimum=1,
    maximum=86_400,
    default_note="5",
)
DB_POOL_EMPTY_S = Integer(
    "WEBAPP_DB_POOL_EMPTY_S",
    "Time in seconds after which `/healthz` fails if every connection of the pool is in use and none is returned; "
    "the platform then replaces the process.",
    default=60,
    minimum=1,
)
DB_MAX_AGE_S = Integer(
    "WEBAPP_DB_MAX_AGE_S",
    "How long a persistent connection is kept, in seconds.",
    minimum=1,
    default_note="600",
)
DB_CONNECT_TIMEOUT_S = Integer(
    "WEBAPP_DB_CONNECT_TIMEOUT_S",
    "Longest wait for a new connection, in seconds, once the host name is resolved.",
    default=5,
    minimum=1,
    maximum=86_400,
)
DB_RESUME_TIMEOUT_S = Integer(
    "WEBAPP_DB_RESUME_TIMEOUT_S",
    "How long a request waits for a paused Aurora cluster to start, on the data_api route, in seconds; then it gets a "
    "503.",
    default=20,
    maximum=900,
)
DB_LOCK_TIMEOUT_S = Integer(
    "WEBAPP_DB_LOCK_TIMEOUT_S",
    "Longest wait of one statement of `webapp migrate` for other sessions' locks, in seconds; 0 disables the limit.",
    default=5,
    maximum=_MAX_TIMEOUT_S,
)
DB_STATEMENT_TIMEOUT_S = Integer(
    "WEBAPP_DB_STATEMENT_TIMEOUT_S",
    "Longest statement of the web role, in seconds; a request with a longer one gets a 504. PostgreSQL enforces the "
    "limit: `webapp set_role_timeouts` sets it on the role.",
    default=8,
    minimum=1,
    maximum=_MAX_TIMEOUT_S,
)
DB_IDLE_IN_TRANSACTION_TIMEOUT_S = Integer(
    "WEBAPP_DB_IDLE_IN_TRANSACTION_TIMEOUT_S",
    "How long a transaction of the web role may be idle, in seconds, before PostgreSQL closes its connection; "
    "`webapp set_role_timeouts` sets it on the role.",
    default=5,
    minimum=1,
    maximum=_MAX_TIMEOUT_S,
)
