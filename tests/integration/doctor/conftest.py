"""Gives each test of the doctor its own database, with a web role whose settings it can change."""

import secrets
from collections.abc import Callable
from contextlib import ExitStack

import psycopg
import pytest
from psycopg import sql

from django_runtimes.compare.services.database_creation import create_database, drop_database


@pytest.fixture
def database(database_server):
    """The name of an empty database."""
    name = f"webapp_doctor_{secrets.token_hex(4)}"
    with ExitStack() as stack:
        create_database(database_server, name)
        stack.callback(drop_database, database_server, name)
        yield name


@pytest.fixture
def alter(database_server, database) -> Callable[..., None]:
    """Changes settings of the web role in that database only."""

    def change(**settings: str) -> None:
        with psycopg.connect(database_server.administration_url, autocommit=True) as connection:
            for name, value in settings.items():
                connection.execute(
                    sql.SQL("ALTER ROLE {} IN DATABASE {} SET {} = {}").format(
                        sql.Identifier(database_server.role),
                        sql.Identifier(database),
                        sql.Identifier(name),
                        sql.Literal(value),
                    )
                )

    return change
