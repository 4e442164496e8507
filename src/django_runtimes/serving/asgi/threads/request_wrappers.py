"""The wrappers of one request's database connections, which go with it from thread to thread."""

from _thread import get_ident
from collections.abc import Callable
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from django_runtimes.serving.asgi.threads.abandoned import close_what_is_left, exchange_opened
from django_runtimes.serving.asgi.threads.threads import LongLivedThreads

Wrappers = dict[str, BaseDatabaseWrapper]


class RequestWrappers:
    """Django's wrappers, with all that middleware and engines keep on them, such as a tenant.

    Between two threads they have no connection. A thread that has had them serves no other request with them.
    """

    def __init__(self, *, are_put: bool = False) -> None:
        """With `are_put` those that this request's thread has are the request's."""
        self.are_put = are_put
        self._resting: Wrappers = {}
        # The thread's own, while these are in their place.
        self._set_aside: Wrappers = {}
        self._opened_aside: Wrappers = {}

    def put(self) -> None:
        """Put them in the place of this thread's own, unless they are there."""
        if self.are_put:
            return
        # Two persistent connections of one thread would be more than the budget counts.
        self.close()
        self.are_put = True
        self._set_aside = _taken(_present())
        self._opened_aside = exchange_opened({})
        for alias, wrapper in self._resting.items():
            _move_here(wrapper)
            connections[alias] = wrapper
        self._resting = {}

    def close(self) -> None:
        """Close the connections of this thread's wrappers, apart from those that a test case or other threads use."""
        for wrapper in _movable().values():
            wrapper.close()

    def take(self, threads: LongLivedThreads) -> None:
        """Take them, closed, from this one of the threads, whose own come back into their place."""
        if not self.are_put:
            return
        self.are_put = False
        # What is left behind was this thread's before.
        self._resting = _taken(_movable())
        exchange_opened(self._opened_aside)
        for alias, wrapper in self._set_aside.items():
            connections[alias] = wrapper
        self._set_aside, self._opened_aside = {}, {}
        threads.forget(self._resting.values())

    def run(self, call: Callable[[], Any], threads: LongLivedThreads) -> None:
        """Make the request's last call, on one of the threads, with them."""
        self.put()
        try:
            call()
        finally:
            try:
                close_what_is_left()
                self.close()
            finally:
                self.take(threads)


def wrappers_of_request(threads: LongLivedThreads) -> RequestWrappers:
    """The wrappers that this one of the threads has for the request that leaves it."""
    wrappers = RequestWrappers(are_put=True)
    wrappers.close()
    wrappers.take(threads)
    return wrappers


def _present() -> Wrappers:
    return {wrapper.alias: wrapper for wrapper in connections.all(initialized_only=True)}


def _movable() -> Wrappers:
    return {
        alias: wrapper
        for alias, wrapper in _present().items()
        # A test case's, and one that some code has given to all threads.
        if not (wrapper.in_atomic_block or wrapper.allow_thread_sharing)
    }


def _taken(wrappers: Wrappers) -> Wrappers:
    for alias in wrappers:
        del connections[alias]
    return wrappers


def _move_here(wrapper: Any) -> None:
    # Django's check that no other thread uses it.
    wrapper._thread_ident = get_ident()
