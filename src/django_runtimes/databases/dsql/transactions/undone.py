"""A transaction that changes nothing, since it is rolled back."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper


@contextmanager
def undone_transaction(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Run the block in a transaction that is rolled back; the service refuses SET TRANSACTION READ ONLY."""
    with transaction.atomic(using=connection.alias):
        yield
        transaction.set_rollback(True, using=connection.alias)
