"""The wrappers of one request's database connections, which move with it from thread to thread."""

from _thread import get_ident
from collections.abc import Callable
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from django_runtimes.serving.asgi.threads.abandoned import close_leftovers, exchange_connected
from django_runtimes.serving.asgi.threads.threads import LongLivedThreads

Wrappers = dict[str, BaseDatabaseWrapper]


class RequestWrappers:
    """Django's connection wrappers, with the attributes that middleware and engines set on them, such as a tenant.

    They are disconnected while they move between two threads. Once they have left a thread, no other request on that
    thread can use them.
    """

    def __init__(self, *, are_installed: bool = False) -> None:
        """With `are_installed` the current wrappers of the request's thread belong to the request."""
        self.are_installed = are_installed
        self._stored: Wrappers = {}
        # The thread's own wrappers, while the request's are installed.
        self._set_aside: Wrappers = {}
        self._connected_aside: Wrappers = {}

    def install(self) -> None:
        """Replace this thread's own wrappers with these, unless they are installed already."""
        if self.are_installed:
            return
        # Close them first, because the connection budget counts one persistent connection for each thread.
        self.close()
        self.are_installed = True
        self._set_aside = _removed(_present())
        self._connected_aside = exchange_connected({})
        for alias, wrapper in self._stored.items():
            _move_here(wrapper)
            connections[alias] = wrapper
        self._stored = {}

    def close(self) -> None:
        """Close the connections of this thread's wrappers, except those that a test case or other threads use."""
        for wrapper in _movable().values():
            wrapper.close()

    def uninstall(self, threads: LongLivedThreads) -> None:
        """Remove the closed wrappers from this thread, one of `threads`, and restore its own."""
        if not self.are_installed:
            return
        self.are_installed = False
        # Wrappers that cannot move belonged to this thread before the request.
        self._stored = _removed(_movable())
        exchange_connected(self._connected_aside)
        for alias, wrapper in self._set_aside.items():
            connections[alias] = wrapper
        self._set_aside, self._connected_aside = {}, {}
        threads.forget(self._stored.values())

    def run(self, call: Callable[[], Any], threads: LongLivedThreads) -> None:
        """Run the request's last call with these wrappers, on one of `threads`."""
        self.install()
        try:
            call()
        finally:
            try:
                close_leftovers()
                self.close()
            finally:
                self.uninstall(threads)


def wrappers_of_request(threads: LongLivedThreads) -> RequestWrappers:
    """Detach and return the wrappers of the request that leaves this thread, which belongs to `threads`."""
    wrappers = RequestWrappers(are_installed=True)
    wrappers.close()
    wrappers.uninstall(threads)
    return wrappers


def _present() -> Wrappers:
    return {wrapper.alias: wrapper for wrapper in connections.all(initialized_only=True)}


def _movable() -> Wrappers:
    return {
        alias: wrapper
        for alias, wrapper in _present().items()
        # A test case's wrapper, or one that is shared between threads, cannot move.
        if not (wrapper.in_atomic_block or wrapper.allow_thread_sharing)
    }


def _removed(wrappers: Wrappers) -> Wrappers:
    for alias in wrappers:
        del connections[alias]
    return wrappers


def _move_here(wrapper: Any) -> None:
    # Django compares this with the current thread to reject use from another thread.
    wrapper._thread_ident = get_ident()
