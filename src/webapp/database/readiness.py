"""Whether the database answers, and how to let go of it."""

from django.db import connections


def check_database() -> None:
    """One round trip on a connection of this thread, given back afterwards; raises what Django raises."""
    connection = connections["default"]
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    finally:
        connection.close()


def close_database() -> None:
    """Close this thread's connections and the process's pools, so that the server sees them end at once."""
    for connection in connections.all(initialized_only=True):
        connection.close()
        if hasattr(connection, "close_pool"):
            connection.close_pool()
