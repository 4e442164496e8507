"""How large the tables are."""

import psycopg

# Of partitioned tables, the parts. By the names that a query without a schema finds.
_SIZES = """
SELECT relname, CASE relkind
    WHEN 'p' THEN (SELECT sum(pg_relation_size(part.relid)) FROM pg_partition_tree(pg_class.oid) AS part)::bigint
    ELSE pg_relation_size(oid) END
FROM pg_class
WHERE relkind IN ('r', 'p') AND relnamespace <> 'pg_catalog'::regnamespace AND pg_table_is_visible(oid)
"""


def read_sizes(session: psycopg.Connection) -> dict[str, int]:
    """Bytes of the rows of each table, without its indexes."""
    return dict(session.execute(_SIZES).fetchall())
