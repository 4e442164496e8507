"""Reads on MySQL without the possibility to change anything."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper


@contextmanager
def read_only_session(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Run the block in a transaction that can change nothing; the server must know before the transaction begins."""
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION TRANSACTION READ ONLY")
    try:
        with transaction.atomic(using=connection.alias):
            yield
    finally:
        connection.close()
