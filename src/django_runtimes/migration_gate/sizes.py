"""Reads the sizes of tables."""

import psycopg

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
