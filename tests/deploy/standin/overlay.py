"""Provides a real database for the stand-in's processes; its host and logins replace the ones in the stacks."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from django_runtimes.compare.services.database_creation import create_database, drop_database

# A database server on a busy machine may stand still for longer than the limits of production allow.
PATIENCE = {
    "WEBAPP_DB_CONNECT_TIMEOUT_S": "60",
    "WEBAPP_DB_LOCK_TIMEOUT_S": "60",
    "WEBAPP_DB_STATEMENT_TIMEOUT_S": "60",
    "WEBAPP_DB_IDLE_IN_TRANSACTION_TIMEOUT_S": "60",
}


@contextmanager
def database_overlay(server: Any) -> Iterator[dict[str, str | None]]:
    """Yield the variables that point the stand-in's processes at an empty database on the server.

    The roles match the templates' roles but log in with passwords: IAM tokens need an RDS server.
    """
    name = f"standin_{secrets.token_hex(6)}"
    password = secrets.token_hex(16)
    create_database(server, name)
    role = sql.Identifier(f"operations_{name}")
    with psycopg.connect(server.administration_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN SUPERUSER PASSWORD {}").format(role, sql.Literal(password)))
    web = urlsplit(server.url(name))
    try:
        yield {
            "WEBAPP_DB_HOST": web.hostname,
            "WEBAPP_DB_PORT": str(web.port),
            "WEBAPP_DB_PROXY_HOST": web.hostname,
            "WEBAPP_DB_PROXY_PORT": str(web.port),
            "WEBAPP_DB_NAME": name,
            "WEBAPP_DB_USER": web.username,
            "WEBAPP_DB_PASSWORD": web.password,
            "WEBAPP_DB_CREDENTIALS": "password",
            "WEBAPP_DB_SECRET_ARN": None,
            "WEBAPP_DB_OPERATIONS_USER": f"operations_{name}",
            "WEBAPP_DB_OPERATIONS_PASSWORD": password,
            "WEBAPP_DB_OPERATIONS_SECRET_ARN": None,
            **PATIENCE,
            # Without a bucket, uploads stay on disk: no test here needs them in S3.
            "WEBAPP_MEDIA_BUCKET": None,
        }
    finally:
        drop_database(server, name)
        with psycopg.connect(server.administration_url, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP ROLE {}").format(role))
