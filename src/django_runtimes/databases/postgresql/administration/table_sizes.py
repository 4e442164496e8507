"""Reads the sizes of tables, in a transaction that can change nothing."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

# The size of a partitioned table includes its partitions. Only tables on the search_path are read.
_SIZES = """
SELECT relname, CASE relkind
    WHEN 'p' THEN (SELECT sum(pg_relation_size(part.relid)) FROM pg_partition_tree(pg_class.oid) AS part)::bigint
    ELSE pg_relation_size(oid) END
FROM pg_class
WHERE relkind IN ('r', 'p') AND relnamespace <> 'pg_catalog'::regnamespace AND pg_table_is_visible(oid)
"""


def read_sizes(session: psycopg.Connection) -> dict[str, int]:
    """Return the size of each table's rows in bytes, without indexes."""
    return dict(session.execute(_SIZES).fetchall())


@contextmanager
def read_only_transaction(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Run the block in a transaction that can change nothing."""
    with transaction.atomic(using=connection.alias):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
        yield
