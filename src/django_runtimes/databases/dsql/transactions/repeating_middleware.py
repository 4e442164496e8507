"""A middleware, off by default, that repeats idempotent requests after a conflict."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.core.handlers.base import BaseHandler
from django.http import HttpRequest, HttpResponseBase

from django_runtimes.databases.dsql.transactions.conflicts import repeated

# The methods that HTTP lets a client repeat.
_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})


class RepeatConflicts:
    """Calls the view of an idempotent request again if its transaction conflicted with another one.

    Add it as the last entry of MIDDLEWARE, in a project whose views do nothing for these methods that may not be done
    twice. Other requests, asynchronous views and the work of middleware are not repeated.
    """

    async_capable = False
    sync_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self._get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> HttpResponseBase | None:
        """Return the view's response, or None to let Django call the view."""
        if request.method not in _IDEMPOTENT or iscoroutinefunction(view):
            return None
        # The transaction of ATOMIC_REQUESTS is repeated with the view.
        atomic_view = BaseHandler().make_view_atomic(view)
        response: HttpResponseBase = repeated(lambda: atomic_view(request, *args, **kwargs))
        return response
