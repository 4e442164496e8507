"""Reads the types of columns from the catalogue, since the service describes columns less exactly than libpq."""

from typing import Any

from django.db.backends.postgresql.introspection import DatabaseIntrospection

_TYPES = """
    SELECT a.attname, a.atttypid, a.atttypmod, t.typlen
    FROM pg_attribute a
    JOIN pg_type t ON a.atttypid = t.oid
    JOIN pg_class c ON a.attrelid = c.oid
    WHERE c.relkind IN ('f', 'm', 'p', 'r', 'v') AND c.relname = %s AND a.attnum > 0 AND NOT a.attisdropped
        AND pg_catalog.pg_table_is_visible(c.oid)
"""


class DataApiIntrospection(DatabaseIntrospection):
    """Django's introspection with exact types, lengths and precisions."""

    def get_table_description(self, cursor: Any, table_name: str) -> list[Any]:
        """Return the columns of a table."""
        found = super().get_table_description(cursor, table_name)
        cursor.execute(_TYPES, [table_name])
        types = {name: (oid, modifier, length) for name, oid, modifier, length in cursor.fetchall()}
        registry = cursor.connection.adapters.types
        columns = []
        for column in found:
            oid, modifier, length = types[column.name]
            info = registry.get(oid)
            size = info.get_display_size(modifier) if info else None
            internal_size = length if length >= 0 else None
            columns.append(
                column._replace(
                    type_code=oid,
                    display_size=internal_size if size is None else size,
                    internal_size=internal_size,
                    precision=info.get_precision(modifier) if info else None,
                    scale=info.get_scale(modifier) if info else None,
                )
            )
        return columns
