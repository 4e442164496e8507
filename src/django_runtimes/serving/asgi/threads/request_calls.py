"""Runs the thread-sensitive calls of requests outside this library's handlers, with one lease for each request."""

import asyncio
from concurrent.futures import Executor, Future
from typing import Any

from asgiref.sync import SyncToAsync, ThreadSensitiveContext

from django_runtimes.serving.asgi.threads.lease import Lease
from django_runtimes.serving.asgi.threads.leases import ThreadLeases
from django_runtimes.serving.current_request import Request, current_request

_Owner = Request | asyncio.Task[Any]


class RequestCalls(Executor):
    """One executor for all requests, which creates a request's lease at its first call.

    A task that outlives its request, such as a Socket.IO background task, gets a lease at its next call and keeps it
    until the task ends.
    """

    def __init__(self, leases: ThreadLeases, *, shares: bool) -> None:
        self._leases = leases
        self._shares = shares
        self._held: dict[_Owner, Lease] = {}
        # This context is never entered: leaving it would end the calls of all requests and of tasks that outlive them.
        self.context = ThreadSensitiveContext(executor=self)
        SyncToAsync.context_to_thread_executor[self.context] = self

    def submit(self, call: Any, /, *args: Any, **kwargs: Any) -> "Future[Any]":
        """Run `call` on the lease of the current request, or of the task that has outlived its request."""
        return self._lease().submit(call, *args, **kwargs)

    def end(self, owner: _Owner) -> "Future[None] | None":
        """Close the connections that the calls left open; the future, if any, is done when the thread is free."""
        lease = self._held.pop(owner, None)
        return None if lease is None else lease.end(is_cut_off=True)

    def _lease(self) -> Lease:
        request = current_request.get()
        if request is None or request.is_over:
            # There is a task, because only a task can await a call.
            task: Any = asyncio.current_task()
            lease = self._held.get(task)
            if lease is None:
                lease = self._held[task] = Lease(self._leases, shares=True, wrappers=None)
                task.add_done_callback(self.end)
            return lease
        lease = self._held.get(request)
        if lease is None:
            # A call on another event loop may create the request's lease at the same time.
            lease = self._held.setdefault(request, Lease(self._leases, shares=self._shares, wrappers=None))
            request.at_end(self.end)
            if request.is_over:
                self.end(request)
        return lease
