"""Connections of Django to a database of its own on MariaDB."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import ConnectionHandler

from tests.integration.databases.mysql.mysql_entries import mysql_entry_of
from tests.mariadb import execute, own_database

Connect = Callable[[str], BaseDatabaseWrapper]


@pytest.fixture
def database(mariadb_server) -> Iterator[str]:
    """A new database with the table `entry`, dropped after the test."""
    with own_database(mariadb_server) as name:
        execute(mariadb_server.url(name), "CREATE TABLE entry (id int PRIMARY KEY)")
        execute(mariadb_server.url(name), "INSERT INTO entry VALUES (1)")
        yield name


@pytest.fixture
def connect(mariadb_server, database, django_db_blocker) -> Iterator[Connect]:
    """Returns Django's connection as a role, which is closed after the test."""
    with django_db_blocker.unblock(), ExitStack() as stack:

        def connect(role: str) -> BaseDatabaseWrapper:
            entry = mysql_entry_of(mariadb_server.url(database, role=role))
            return stack.enter_context(closing(ConnectionHandler({"default": entry})["default"]))

        yield connect
