"""Observes every statement that psycopg sends over Django's connections."""

import inspect
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from asgiref.sync import SyncToAsync
from django.db.backends.postgresql.base import CursorMixin
from psycopg import BaseConnection
from psycopg._cursor_base import BaseCursor
from psycopg._queries import PostgresClientQuery, PostgresQuery
from psycopg.client_cursor import ClientCursorMixin
from psycopg.sql import Composable

from django_runtimes.pinning.origin import awaiting, calls
from django_runtimes.pinning.rules import Statement

Observer = Callable[[Statement], None]


@contextmanager
def recording(observe: Observer) -> Iterator[None]:
    """Call `observe` with each statement, in the thread that sends it, just before it is sent.

    This patches psycopg, since Django's `execute_wrapper` misses statements that psycopg sends by itself (DECLARE for
    a named cursor) or that configure a connection. A test's own psycopg connections are not observed.
    """

    def execute_send(original: Callable[..., None]) -> Callable[..., None]:
        def send(cursor: Any, query: PostgresQuery, **options: Any) -> None:
            _observe_query(observe, cursor, query, named=False)
            original(cursor, query, **options)

        return send

    def send_query_prepared(original: Callable[..., None]) -> Callable[..., None]:
        def send(cursor: Any, name: bytes, query: PostgresQuery, **options: Any) -> None:
            _observe_query(observe, cursor, query, named=True)
            original(cursor, name, query, **options)

        return send

    def exec_command(original: Callable[..., Any]) -> Callable[..., Any]:
        def execute(connection: Any, command: Any, *options: Any, **named: Any) -> Generator[Any, Any, Any]:
            if _is_of_django(connection):
                text = _as_text(connection, command)
                observe(Statement(text, len(text.encode())))
            return (yield from original(connection, command, *options, **named))

        return execute

    with ExitStack() as stack:
        for owner, name, wrap in (
            (BaseCursor, "_execute_send", execute_send),
            (ClientCursorMixin, "_execute_send", execute_send),
            (BaseCursor, "_send_query_prepared", send_query_prepared),
            (BaseConnection, "_exec_command", exec_command),
            (SyncToAsync, "__call__", _remember_who_awaits),
        ):
            stack.enter_context(_replaced(owner, name, wrap))
        yield


def _observe_query(observe: Observer, cursor: Any, query: PostgresQuery, *, named: bool) -> None:
    if _is_of_django(cursor.connection):
        # The text of a client-side query includes its values.
        values = () if isinstance(query, PostgresClientQuery) else query.params or ()
        bound = sum(len(value) for value in values if value is not None)
        observe(Statement(query.query.decode(errors="replace"), len(query.query) + bound, named=named))


def _is_of_django(connection: Any) -> bool:
    factory = connection.cursor_factory
    return inspect.isclass(factory) and issubclass(factory, CursorMixin)


def _as_text(connection: Any, command: Any) -> str:
    if isinstance(command, Composable):
        return command.as_string(connection)
    return command.decode() if isinstance(command, bytes) else str(command)


def _remember_who_awaits(original: Callable[..., Any]) -> Callable[..., Any]:
    async def call(function: Any, *arguments: Any, **named: Any) -> Any:
        token = awaiting.set(calls(sys._getframe(1)))
        try:
            return await original(function, *arguments, **named)
        finally:
            awaiting.reset(token)

    return call


@contextmanager
def _replaced(owner: type, name: str, wrap: Callable[[Any], Any]) -> Iterator[None]:
    original = getattr(owner, name)
    setattr(owner, name, wrap(original))
    try:
        yield
    finally:
        setattr(owner, name, original)
