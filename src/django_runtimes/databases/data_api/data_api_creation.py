"""Creates and drops test databases, to which the service keeps sessions."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db.backends.postgresql.creation import DatabaseCreation

_DROP = re.compile(r"\s*DROP DATABASE\b", re.IGNORECASE)
_COPY = re.compile(r'\s*CREATE DATABASE\b.*\bTEMPLATE\s+"((?:[^"]|"")+)"', re.IGNORECASE | re.DOTALL)
_END_SESSIONS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"


class DataApiCreation(DatabaseCreation):
    """Django's creation of test databases, which ends the service's sessions first."""

    @contextmanager
    def _nodb_cursor(self) -> Iterator[Any]:
        with self.connection._nodb_cursor() as cursor:
            yield _SessionEndingCursor(cursor)


class _SessionEndingCursor:
    """A cursor that drops and copies databases although the service keeps sessions to them."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)

    def execute(self, sql: str, params: Any = None) -> Any:
        """Execute a statement."""
        if _DROP.match(sql):
            sql = f"{sql} WITH (FORCE)"
        elif copied := _COPY.match(sql):
            self._cursor.execute(_END_SESSIONS, [copied[1].replace('""', '"')])
        return self._cursor.execute(sql, params)
