"""Observes every statement that a driver sends over Django's connections, and the rows that come back."""

import inspect
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from asgiref.sync import SyncToAsync
from django.db import connections
from django.db.backends.postgresql.base import CursorMixin
from psycopg import BaseConnection
from psycopg._cursor_base import BaseCursor
from psycopg._queries import PostgresClientQuery, PostgresQuery
from psycopg._server_cursor_base import ServerCursorMixin
from psycopg.client_cursor import ClientCursorMixin
from psycopg.pq.abc import PGresult
from psycopg.sql import Composable

from django_runtimes.databases.data_api.statements.size_limits import LONG_VALUE_BYTES, ROW_MAX_BYTES
from django_runtimes.pinning.data_api.returned_rows import ReturnedRows, returned_rows
from django_runtimes.pinning.data_api.untyped_json import has_untyped_json
from django_runtimes.pinning.data_api.value_sizes import returned_bytes
from django_runtimes.pinning.mysql.mysql_recorder import recording_mysql
from django_runtimes.pinning.origin import awaiting, calls
from django_runtimes.pinning.replaced import replaced
from django_runtimes.pinning.rules import Statement

Observer = Callable[[Statement], None]
RowsObserver = Callable[[ReturnedRows], None]


@contextmanager
def recording(observe: Observer, observe_rows: RowsObserver | None = None) -> Iterator[None]:
    """Call `observe` with each statement, in the thread that sends it, just before it is sent.

    Call `observe_rows` with each result that has rows, likewise.

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
            is_of_django = _is_of_django(connection)
            if is_of_django:
                text = _as_text(connection, command)
                statement = Statement(
                    text, len(text.encode()), of_driver=True, in_transaction=_is_in_transaction(connection)
                )
                observe(statement)
            result = yield from original(connection, command, *options, **named)
            if is_of_django and observe_rows is not None and result is not None and result.ntuples:
                observe_rows(returned_rows(statement, result, connection.adapters.types))
            return result

        return execute

    def set_results(original: Callable[..., None]) -> Callable[..., None]:
        def keep(cursor: Any, results: list[PGresult]) -> None:
            if observe_rows is not None and cursor._query is not None and _is_of_django(cursor.connection):
                statement = _statement_of(cursor, cursor._query, named=False)
                for result in results:
                    if result.ntuples:
                        observe_rows(returned_rows(statement, result, cursor.adapters.types))
            original(cursor, results)

        return keep

    with ExitStack() as stack:
        for owner, name, wrap in (
            (BaseCursor, "_execute_send", execute_send),
            (ClientCursorMixin, "_execute_send", execute_send),
            (BaseCursor, "_send_query_prepared", send_query_prepared),
            (BaseCursor, "_set_results", set_results),
            (BaseConnection, "_exec_command", exec_command),
            (SyncToAsync, "__call__", _remember_who_awaits),
        ):
            stack.enter_context(replaced(owner, name, wrap))
        stack.enter_context(recording_mysql(observe))
        yield


def _observe_query(observe: Observer, cursor: Any, query: PostgresQuery, *, named: bool) -> None:
    if _is_of_django(cursor.connection):
        observe(_statement_of(cursor, query, named=named))


def _statement_of(cursor: Any, query: PostgresQuery, *, named: bool) -> Statement:
    sizes = tuple(len(value) for value in query.params or () if value is not None)
    # The text of a client-side query includes its values.
    bound = 0 if isinstance(query, PostgresClientQuery) else sum(sizes)
    return Statement(
        query.query.decode(errors="replace"),
        len(query.query) + bound,
        named=named,
        value_sizes_bytes=sizes,
        of_driver=isinstance(cursor, ServerCursorMixin),
        in_transaction=_is_in_transaction(cursor.connection),
        longest_value_bytes=_longest(query),
        has_untyped_json=isinstance(query, PostgresClientQuery)
        and max(sizes, default=0) > min(LONG_VALUE_BYTES)
        and has_untyped_json(query.template, query.params or (), min(LONG_VALUE_BYTES)),
    )


def _longest(query: PostgresQuery) -> int:
    """Return the bytes of the longest value in a result, if it is merged into the text as more than 64 KB."""
    if not isinstance(query, PostgresClientQuery):
        return 0
    long = [bytes(value) for value in query.params or () if value is not None and len(value) > ROW_MAX_BYTES]
    return max(map(returned_bytes, long), default=0)


def _is_in_transaction(connection: Any) -> bool:
    """Return whether a transaction of the application is open, as opposed to one that a test case wraps around it."""
    for wrapper in connections.all(initialized_only=True):
        if wrapper.connection is connection:
            blocks = wrapper.atomic_blocks
            if blocks:
                return any(not getattr(block, "_from_testcase", False) for block in blocks)
            return not wrapper.autocommit
    return False


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
