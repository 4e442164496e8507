"""Observes every statement that PyMySQL sends over Django's connections to MySQL and MariaDB."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from importlib.util import find_spec
from typing import Any

from django_runtimes.config.values.data_paths import Engine
from django_runtimes.pinning.replaced import replaced
from django_runtimes.pinning.rules import Statement


def recording_mysql(observe: Callable[[Statement], None]) -> AbstractContextManager[None]:
    """Call `observe` with each statement, in the thread that sends it, just before it is sent.

    The text includes the values, since the driver merges them into it. A test's own connections are not observed.
    """
    if find_spec("pymysql") is None:
        return nullcontext()
    from django_runtimes.databases.mysql.mysql_connection import MysqlConnection

    def query(original: Callable[..., Any]) -> Callable[..., Any]:
        def send(connection: MysqlConnection, sql: str | bytes, *options: Any, **named: Any) -> Any:
            encoded = sql.encode(errors="surrogateescape") if isinstance(sql, str) else bytes(sql)
            observe(Statement(encoded.decode(errors="replace"), len(encoded), engine=Engine.MYSQL))
            return original(connection, sql, *options, **named)

        return send

    return replaced(MysqlConnection, "query", query)
