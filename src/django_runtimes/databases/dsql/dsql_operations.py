"""Django's operations for PostgreSQL within the rules of Aurora DSQL."""

from collections.abc import Sequence
from typing import Any

from django.db.backends.base.operations import BaseDatabaseOperations
from django.db.backends.postgresql.operations import DatabaseOperations

from django_runtimes.databases.postgresql.database_operations import DatabaseOperationsMixin

_ADDRESS_FIELDS = ("GenericIPAddressField", "IPAddressField")


class DsqlOperations(DatabaseOperationsMixin, DatabaseOperations):
    """One statement at a time, DELETE for TRUNCATE, and IP addresses as text."""

    cast_char_field_without_max_length = "text"

    def prepare_sql_script(self, sql: str) -> list[str]:
        """Return the statements of a script: the service accepts one change of the schema in each transaction."""
        return BaseDatabaseOperations.prepare_sql_script(self, sql)

    def sql_flush(
        self, style: Any, tables: Sequence[str], *, reset_sequences: bool = False, allow_cascade: bool = False
    ) -> list[str]:
        """Return statements that delete all rows; a change of the schema would be needed to restart identity columns.

        Foreign keys are checked at the end of the transaction.
        """
        return [f"{style.SQL_KEYWORD('DELETE FROM')} {style.SQL_FIELD(self.quote_name(table))};" for table in tables]

    def adapt_ipaddressfield_value(self, value: str | None) -> str | None:
        """Return the address as text."""
        return value or None

    def lookup_cast(self, lookup_type: str, internal_type: str | None = None) -> str:
        """Return PostgreSQL's cast; an address is text already."""
        return super().lookup_cast(lookup_type, None if internal_type in _ADDRESS_FIELDS else internal_type)
