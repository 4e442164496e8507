"""Wrappers of MySQL's engine on a real MariaDB, with the entries of DATABASES that the variables give."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from time import monotonic, sleep
from typing import Any

import pymysql
import pytest
from django.db.utils import ConnectionHandler

from tests.integration.databases.mysql.mysql_entries import mysql_entry_of


@pytest.fixture(scope="session")
def administrator(mariadb_server) -> Iterator[Callable[[str], None]]:
    """Return a function that runs a statement as the server's administrator."""
    entry = mysql_entry_of(mariadb_server.administration_url)
    connection = pymysql.connect(
        host=entry["HOST"],
        port=entry["PORT"],
        user=entry["USER"],
        password=entry["PASSWORD"],
        autocommit=True,
        ssl_disabled=True,
    )

    def run(statement: str) -> Any:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall()

    yield run
    connection.close()


@pytest.fixture(scope="session")
def shop(mariadb_server, administrator) -> str:
    """Return the URL of an empty database."""
    administrator("CREATE DATABASE engine_shop")
    administrator("CREATE TABLE engine_shop.orders (id int PRIMARY KEY, name text) ENGINE=InnoDB")
    return mariadb_server.url("engine_shop")


@pytest.fixture
def open_wrapper(shop, django_db_blocker) -> Iterator[Callable[..., Any]]:
    """Return new wrappers; `entry` updates their entry of DATABASES."""
    with django_db_blocker.unblock(), ExitStack() as opened:

        def open_one(**entry: object) -> Any:
            handler = ConnectionHandler({"default": mysql_entry_of(shop) | entry})
            wrapper = handler.create_connection("default")
            opened.callback(wrapper.close)
            return wrapper

        yield open_one


@pytest.fixture
def until_found(administrator) -> Callable[[str], None]:
    """Return a function that waits until a condition holds for a row of the server's process list."""

    def wait(condition: str) -> None:
        deadline_s = monotonic() + 120
        found = f"SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE {condition}"
        while administrator(found) == ((0,),):
            assert monotonic() < deadline_s
            sleep(0.02)

    return wait


@pytest.fixture
def tcp_silence() -> Iterator[int]:
    """Return a port where connections are accepted and nothing is sent."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]
