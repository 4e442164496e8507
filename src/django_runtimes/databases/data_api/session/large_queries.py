"""Remembers the queries whose large results have ended a transaction."""

from collections import OrderedDict
from threading import Lock

from django_runtimes.databases.data_api.results.cast_columns import QueryTemplate

_MOST_REMEMBERED = 512


class LargeQueries:
    """Queries that are read in pages at once, for all threads."""

    def __init__(self) -> None:
        self._templates: OrderedDict[QueryTemplate, None] = OrderedDict()
        self._lock = Lock()

    def __contains__(self, template: QueryTemplate | None) -> bool:
        return template in self._templates

    def add(self, template: QueryTemplate | None) -> None:
        """Remember a query."""
        if template is not None:
            with self._lock:
                self._templates[template] = None
                if len(self._templates) > _MOST_REMEMBERED:
                    self._templates.popitem(last=False)


LARGE_QUERIES = LargeQueries()
