"""Asks database engines whether a connection has to stay with its thread."""

from django.db import DEFAULT_DB_ALIAS, connections

# Of settings without a database.
_NO_ENGINE = "django.db.backends.dummy"


def can_share_threads() -> bool:
    """Whether every database's engine says when it needs its thread; Django's own do not."""
    return all(
        connections.settings[alias]["ENGINE"] == _NO_ENGINE or hasattr(connections[alias], "needs_thread")
        for alias in connections
        if alias == DEFAULT_DB_ALIAS or connections.settings[alias]["ENGINE"]
    )


def needs_thread() -> bool:
    """Whether a connection has to stay with this thread; those that need not are closed, persistent ones too."""
    is_needed = False
    for connection in connections.all(initialized_only=True):
        if connection.in_atomic_block:
            # Its connection may be gone: the next lease would find a transaction that is none.
            is_needed = True
        elif connection.connection is not None:
            if getattr(connection, "needs_thread", True):
                is_needed = True
            else:
                connection.close()
    return is_needed


def forget_sessions() -> None:
    """What statements have left in the sessions of this thread is not needed any more."""
    for connection in connections.all(initialized_only=True):
        if hasattr(connection, "forget_session"):
            connection.forget_session()
