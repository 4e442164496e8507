"""Leaves a parent's connections and pools to the parent, in a process that was forked."""

import os
import threading
from typing import Any
from weakref import WeakSet

from django_runtimes.databases.postgresql.connections.connecting import leave_to_parent

# By alias; a pool outlives the wrappers of the threads that used it.
pools: dict[str, Any] = {}
_changing = [threading.Lock()]
_wrappers: WeakSet[Any] = WeakSet()


def pools_changing() -> threading.Lock:
    """The lock to hold while a pool takes another's place."""
    return _changing[0]


def leave_at_fork(wrapper: Any) -> None:
    """Forget the wrapper's connection in every child process."""
    _wrappers.add(wrapper)


def _forget_inherited() -> None:
    """In a child process: the parent's connections are the parent's alone."""
    # The parent's may have been held by a thread that is not in this process.
    _changing[0] = threading.Lock()
    while pools:
        _, pool = pools.popitem()
        pool.abandon()
    for wrapper in list(_wrappers):
        # Past the property, which may reset the session.
        connection = vars(wrapper)["connection"]
        if connection is None:
            continue
        leave_to_parent(connection)
        wrapper.connection = None
        if wrapper.in_atomic_block:
            # Its queries would silently run outside the transaction that the parent goes on with.
            wrapper.closed_in_transaction = True
            wrapper.needs_rollback = True


os.register_at_fork(after_in_child=_forget_inherited)
