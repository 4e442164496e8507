"""Variables of the connections to PostgreSQL: how they are kept, and how long they, and what they carry, may take."""

from django_runtimes.config.databases.connection_strategy import Strategy
from django_runtimes.config.variables.kinds import Choice, Flag, Integer

# What PostgreSQL's max_connections takes.
_MOST_CONNECTIONS = 262_143
# PostgreSQL counts its timeouts in milliseconds, with 32 bits.
_LONGEST_TIMEOUT_S = 2_147_483

DB_STRATEGY = Choice(
    "WEBAPP_DB_STRATEGY",
    "How connections are kept.",
    Strategy,
    noun="connection strategy",
    profile_field="strategy",
)
DB_ALWAYS_RESET = Flag(
    "WEBAPP_DB_ALWAYS_RESET",
    "Clear the session after each request that used a connection, whatever its statements were.",
    default=False,
)
DB_POOL_MAX_SIZE = Integer(
    "WEBAPP_DB_POOL_MAX_SIZE",
    "Most connections one process's pool opens.",
    minimum=1,
    maximum=_MOST_CONNECTIONS,
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
    "After so many seconds with every connection of the pool in use and none given back, `/healthz` fails, so "
    "that the platform replaces the process.",
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
    "Longest wait for a new connection, in seconds, once its host's address is known.",
    default=5,
    minimum=1,
    maximum=86_400,
)
DB_LOCK_TIMEOUT_S = Integer(
    "WEBAPP_DB_LOCK_TIMEOUT_S",
    "Longest wait of one statement of `webapp migrate` for other sessions' locks, in seconds; 0 is without end.",
    default=5,
    maximum=_LONGEST_TIMEOUT_S,
)
DB_STATEMENT_TIMEOUT_S = Integer(
    "WEBAPP_DB_STATEMENT_TIMEOUT_S",
    "Longest statement of the web role, in seconds; then the answer is 504. Kept by PostgreSQL: "
    "`webapp set_role_timeouts` writes it there.",
    default=8,
    minimum=1,
    maximum=_LONGEST_TIMEOUT_S,
)
DB_IDLE_IN_TRANSACTION_TIMEOUT_S = Integer(
    "WEBAPP_DB_IDLE_IN_TRANSACTION_TIMEOUT_S",
    "How long a transaction of the web role may stand still, in seconds, before PostgreSQL ends its connection; "
    "written in the same way.",
    default=5,
    minimum=1,
    maximum=_LONGEST_TIMEOUT_S,
)
