"""Waits until another session waits for this one."""

import time
from concurrent.futures import Future

from django.db import connection

# Whether another session waits for this one. On MariaDB only an administrator sees who blocks whom; there the longest
# statement of the other session tells.
BLOCKED = {
    "postgresql": (
        "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid)))"
    ),
    "mysql": (
        "SELECT EXISTS (SELECT 1 FROM information_schema.processlist WHERE id <> CONNECTION_ID() AND command = 'Query' "
        "AND info LIKE 'INSERT INTO%' AND time_ms > 200)"
    ),
}


def wait_until_blocked_by_this_connection(other: Future) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not other.done():
        with connection.cursor() as cursor:
            cursor.execute(BLOCKED[connection.vendor])
            if cursor.fetchone() == (True,):
                return
        time.sleep(0.01)
    raise AssertionError("the other request did not wait for this transaction")
