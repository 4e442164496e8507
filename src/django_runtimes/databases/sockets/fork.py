"""Drops inherited connections and pools in a forked process, without affecting the parent's sessions."""

import os
import threading
from typing import Any
from weakref import WeakSet

from django_runtimes.snapshot_hooks import HOOKS

# Pools by alias; they are kept here because they outlive the wrappers of the threads that used them.
pools: dict[str, Any] = {}
_changing = [threading.Lock()]
_wrappers: WeakSet[Any] = WeakSet()


def pools_changing() -> threading.Lock:
    """Return the lock to hold while replacing a pool."""
    return _changing[0]


def leave_at_fork(wrapper: Any) -> None:
    """Drop the wrapper's connection in every child process."""
    _wrappers.add(wrapper)


def _forget_inherited() -> None:
    """In a child process, drop the parent's connections and pools."""
    # The inherited lock may be held by a thread that does not exist in this process.
    _changing[0] = threading.Lock()
    while pools:
        _, pool = pools.popitem()
        pool.abandon()
    for wrapper in list(_wrappers):
        # Reading the property could reset the session.
        connection = vars(wrapper)["connection"]
        if connection is None:
            continue
        wrapper.leave_to_parent(connection)
        wrapper.connection = None
        if wrapper.in_atomic_block:
            # Otherwise the child's queries would silently run outside the transaction, which the parent continues.
            wrapper.closed_in_transaction = True
            wrapper.needs_rollback = True


def _close_pools() -> None:
    """Close all pools before a snapshot; the next connection opens another one."""
    with pools_changing():
        closing = [pools.popitem()[1] for _ in list(pools)]
    for pool in closing:
        pool.close()


os.register_at_fork(after_in_child=_forget_inherited)
HOOKS.release_before_snapshot(_close_pools)
