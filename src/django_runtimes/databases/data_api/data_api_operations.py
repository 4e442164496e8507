"""Django's operations for PostgreSQL within the limits of the service."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.backends.postgresql.operations import DatabaseOperations

from django_runtimes.databases.data_api.results.loaded_columns import CAST_ALIAS
from django_runtimes.databases.data_api.statements.batch_size import most_rows
from django_runtimes.databases.data_api.statements.bound_statement import BoundStatement
from django_runtimes.databases.data_api.statements.literals import new_transformer

# The beginnings of column types that the service returns; the others are returned as text.
_RETURNABLE = (
    "bigint",
    "boolean",
    "bytea",
    "char",
    "cidr",
    "date",
    "double precision",
    "inet",
    "integer",
    "json",
    "jsonb",
    "numeric",
    "real",
    "serial",
    "bigserial",
    "smallint",
    "smallserial",
    "text",
    "time",
    "time without time zone",
    "timestamp",
    "timestamp with time zone",
    "timestamp without time zone",
    "uuid",
    "varchar",
)


class DataApiOperations(DatabaseOperations):
    """Batches by size, and RETURNING with casts."""

    compiler_module = "django_runtimes.databases.data_api.data_api_compiler"

    def bulk_batch_size(self, fields: Sequence[Any], objs: Sequence[Any]) -> int:
        """Return how many objects fit into one statement."""
        return most_rows(fields, objs, as_arrays=self._are_arrays(fields))

    def compose_sql(self, sql: str, params: Any) -> str:
        """Return the statement with its values."""
        self.connection.ensure_connection()
        return BoundStatement(sql, params, new_transformer(self.connection.connection.adapters)).query.decode()

    def return_insert_columns(self, fields: Iterable[Any]) -> tuple[str, tuple[Any, ...]]:
        """Return the clause RETURNING; before Django 6."""
        return self.returning_columns(fields)

    def returning_columns(self, fields: Iterable[Any]) -> tuple[str, tuple[Any, ...]]:
        """Return the clause RETURNING, in which columns are cast to text whose type the service cannot return."""
        if not fields:
            return "", ()
        return f"RETURNING {', '.join(map(self._returned, fields))}", ()

    def _are_arrays(self, fields: Sequence[Any]) -> bool:
        """Return whether the values of each field are one array.

        Django inserts columns as arrays. A deletion looks up the values of one field, given by its name or itself, and
        the compiler makes one array of them. For an UPDATE Django asks with the primary key twice.
        """
        return len(set(fields)) == len(fields) and all(
            isinstance(field, str)
            or (
                not hasattr(field, "get_placeholder")
                and (field.target_field if field.is_relation else field).get_internal_type()
                in self.connection.data_types
            )
            for field in fields
        )

    def _returned(self, field: Any) -> str:
        column = f"{self.quote_name(field.model._meta.db_table)}.{self.quote_name(field.column)}"
        db_type = field.db_parameters(self.connection)["type"]
        name = (db_type or "").partition("(")[0].strip()
        if name in _RETURNABLE or db_type is None:
            return column
        return f"{column}::text AS {self.quote_name(CAST_ALIAS + db_type)}"
