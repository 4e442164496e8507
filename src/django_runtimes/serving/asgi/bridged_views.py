"""Remembers asynchronous views that were met inside the synchronous chain."""

from typing import Any

from django.conf import settings
from django.urls import get_urlconf
from django.utils.translation import get_language

from django_runtimes.serving.asgi.hint import hint_in

# Each costs one look at what is remembered of a path.
_MOST_WAYS = 16


class BridgedViews:
    """Asynchronous views that the hint took for synchronous ones, and the URLconfs and languages that led there.

    Each costs its request a thread and a way to the event loop and back; the next request for it is known by them.
    """

    def __init__(self) -> None:
        # How many calls were bridged so far.
        self.count = 0
        self._views: set[int] = set()
        self._ways: tuple[tuple[Any, str | None], ...] = ()

    def note(self, view: Any) -> None:
        """A view that is called now, on the request's thread."""
        self.count += 1
        self._views.add(id(view))
        way = (get_urlconf() or settings.ROOT_URLCONF, get_language())
        if way not in self._ways:
            self._ways = (*self._ways, way)[-_MOST_WAYS:]

    def are_found_by(self, scope: dict[str, Any]) -> bool:
        """Whether the scope's path may lead to one of them."""
        return bool(self._ways) and any(hint_in(scope, *way).view in self._views for way in self._ways)
