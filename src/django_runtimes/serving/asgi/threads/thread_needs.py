"""Determines from the database engines whether a connection must stay on its thread."""

from django.db import DEFAULT_DB_ALIAS, connections

# The engine of settings without a database.
_NO_ENGINE = "django.db.backends.dummy"


def can_share_threads() -> bool:
    """Return whether every database's engine has `needs_thread`, which Django's own engines lack."""
    return all(
        connections.settings[alias]["ENGINE"] == _NO_ENGINE or hasattr(connections[alias], "needs_thread")
        for alias in connections
        if alias == DEFAULT_DB_ALIAS or connections.settings[alias]["ENGINE"]
    )


def needs_thread() -> bool:
    """Return whether a connection must stay on this thread; close the others, even persistent ones."""
    is_needed = False
    for connection in connections.all(initialized_only=True):
        if connection.in_atomic_block:
            # The thread is needed even if the connection is lost: the next lease would find the wrapper inside a
            # transaction.
            is_needed = True
        elif connection.connection is not None:
            if getattr(connection, "needs_thread", True):
                is_needed = True
            else:
                connection.close()
    return is_needed


def forget_sessions() -> None:
    """Declare that the state in this thread's sessions, left by earlier statements, is no longer needed."""
    for connection in connections.all(initialized_only=True):
        if hasattr(connection, "forget_session"):
            connection.forget_session()
