"""A middleware, off by default, that repeats idempotent requests after a conflict."""

import time
from collections.abc import Callable

from asgiref.sync import iscoroutinefunction
from django.db import connections
from django.db.utils import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from django_runtimes.databases.dsql.transactions.conflicts import is_conflict, pauses_s
from django_runtimes.databases.dsql.transactions.request_body import RequestBody

# The methods that HTTP lets a client repeat.
_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
# Where a request has its body, as long as another attempt may follow.
_BODY = "_django_runtimes_body"


class _Conflict(HttpResponse):
    """Ends an attempt without asking other middleware about its error; it is never sent."""


class RepeatConflicts:
    """Calls the view of an idempotent request again if its transaction conflicted with another one.

    Add it as the last entry of MIDDLEWARE, in a project whose views do nothing for these methods that may not be done
    twice. Django calls the view in each attempt, with its ATOMIC_REQUESTS and with `process_view` and
    `process_template_response` of other middleware, whose `process_exception` gets every error that ends the request.

    Not repeated are other methods, asynchronous views, requests in an `atomic` block of other middleware, and those
    whose body cannot be read again.
    """

    async_capable = False
    sync_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method not in _IDEMPOTENT:
            return self._get_response(request)
        setattr(request, _BODY, RequestBody(request))
        for pause_s in pauses_s():
            response = self._get_response(request)
            if not isinstance(response, _Conflict):
                return response
            time.sleep(pause_s)
        delattr(request, _BODY)
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        """Return the response that `__call__` waits for, or None to let Django handle the error."""
        body: RequestBody | None = getattr(request, _BODY, None)
        # A project's own error, which a conflict has caused, is for other middleware.
        if body is None or not isinstance(exception, OperationalError) or not is_conflict(exception):
            return None
        if _is_asynchronous(request) or _is_in_transaction():
            return None
        return _Conflict() if body.rewind() else None


def _is_asynchronous(request: HttpRequest) -> bool:
    match = request.resolver_match
    return match is not None and iscoroutinefunction(match.func)


def _is_in_transaction() -> bool:
    return any(connection.in_atomic_block for connection in connections.all(initialized_only=True))
