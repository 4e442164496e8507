"""Remembers the asynchronous views that ran inside the synchronous chain."""

from typing import Any

from django.conf import settings
from django.urls import get_urlconf
from django.utils.translation import get_language

from django_runtimes.serving.asgi.hint import hint_in

# The number is small, because every request looks up each pair in a cache.
_MAX_PAIRS = 16


class BridgedViews:
    """Asynchronous views that the hint missed, and the pairs of URLconf and language that resolve to them.

    A request for such a view takes a thread and a round trip to the event loop. The pairs identify later requests for
    the view before they take a thread.
    """

    def __init__(self) -> None:
        # The number of bridged calls so far.
        self.count = 0
        self._views: set[int] = set()
        self._pairs: tuple[tuple[Any, str | None], ...] = ()

    def note(self, view: Any) -> None:
        """Remember a view that is about to be called on the request's thread."""
        self.count += 1
        self._views.add(id(view))
        pair = (get_urlconf() or settings.ROOT_URLCONF, get_language())
        if pair not in self._pairs:
            self._pairs = (*self._pairs, pair)[-_MAX_PAIRS:]

    def may_match(self, scope: dict[str, Any]) -> bool:
        """Return whether the scope's path may resolve to one of the views."""
        return bool(self._pairs) and any(hint_in(scope, *pair).view in self._views for pair in self._pairs)
