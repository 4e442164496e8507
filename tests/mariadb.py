"""Connects to MariaDB as a test itself, without Django."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

import pymysql

from django_runtimes.compare.services.mariadb import MariadbServer


@contextmanager
def session(url: str) -> Iterator[pymysql.Connection]:
    """Yield a session with autocommit, which ends with the block."""
    parts = urlsplit(url)
    with pymysql.connect(
        host=parts.hostname,
        port=parts.port,
        user=parts.username,
        password=parts.password,
        database=unquote(parts.path.lstrip("/")),
        autocommit=True,
    ) as connection:
        yield connection


def execute(url: str, query: str, parameters: object = None) -> list[tuple[Any, ...]]:
    """Return the rows of a statement on a new connection."""
    with session(url) as connection, connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return list(cursor.fetchall())


@contextmanager
def own_database(server: MariadbServer) -> Iterator[str]:
    """Create a database for the block, and yield its name."""
    name = f"webapp_{secrets.token_hex(4)}"
    execute(server.administration_url, f"CREATE DATABASE {name}")
    yield name
    execute(server.administration_url, f"DROP DATABASE {name}")
