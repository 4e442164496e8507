"""The socket options with which a process notices that its server is gone."""

from collections.abc import Mapping

from django_runtimes.config.environment import Environment
from django_runtimes.config.values.choices import Role
from django_runtimes.config.variables.database.database_login import DB_ROLE

# With these options the kernel notices a vanished peer within 3 s. Keepalive probes detect it while a query waits for
# its result. tcp_user_timeout, which starts at the first retransmission after half a second, detects it while a query
# is being sent. The kernel's defaults are hours for probes and a quarter of an hour for unacknowledged data.
_WEB: Mapping[str, int] = {
    "keepalives": 1,
    "keepalives_idle": 2,
    "keepalives_interval": 1,
    "keepalives_count": 2,
    "tcp_user_timeout": 2000,
}
# A migration may wait for minutes, and a short network interruption must not end it.
_OPERATIONS: Mapping[str, int] = {
    "keepalives": 1,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 6,
}


def tcp_options(environment: Environment) -> Mapping[str, int]:
    """Return the options for WEBAPP_DB_ROLE, by libpq's names; times are in seconds, tcp_user_timeout in ms."""
    return _OPERATIONS if environment[DB_ROLE] is Role.OPERATIONS else _WEB
