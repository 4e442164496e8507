"""Adds columns, and NOT NULL, to tables with rows: each part is a statement of its own."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db.utils import NotSupportedError

from django_runtimes.databases.dsql.schema.types import EditorBase, ModelField
from django_runtimes.databases.dsql.transactions.conflicts import repeated

if TYPE_CHECKING:
    from django.db.models import Model

# A transaction may change 3,000 rows.
_BATCH = 1000
_NOT_NULL = "_not_null"
_HAS_CONSTRAINT = "SELECT 1 FROM pg_constraint WHERE conname = %s AND conrelid = %s::regclass"


class AddedFieldsMixin(EditorBase):
    """ADD COLUMN takes a name and a type only. SET NOT NULL does not exist, and a constraint has its effect.

    Existing rows get the default in batches, each in a transaction of its own.
    """

    def add_field(self, model: "type[Model]", field: ModelField) -> None:
        """Add a column, fill it, and then add its constraints and indexes."""
        if field.many_to_many and field.remote_field.through._meta.auto_created:
            self.create_model(field.remote_field.through)
            return
        parameters = field.db_parameters(connection=self.connection)
        if parameters["type"] is None:
            return
        if field.primary_key or field.generated or field.db_type_suffix(self.connection):
            raise NotSupportedError(
                f"Aurora DSQL cannot add {model._meta.db_table}.{field.column} to an existing table, since it is a "
                "key, an identity or a generated column; create a table that has it, and copy the rows"
            )
        self.execute(
            self.sql_create_column
            % {
                "table": self.quote_name(model._meta.db_table),
                "column": self.quote_name(field.column),
                "definition": parameters["type"],
            },
            None,
        )
        if field.has_db_default():
            self._alter_column(model, *self._alter_column_database_default_sql(model, None, field))
        self._fill(model, field)
        if not field.null:
            self._add_not_null(model, field)
        if parameters["check"]:
            name = self._create_index_name(model._meta.db_table, [field.column], suffix="_check")
            self.execute(self._create_check_sql(model, name, parameters["check"]), None)
        if field.unique:
            self.deferred_sql.append(self._create_unique_sql(model, [field]))
        if field.remote_field and field.db_constraint:
            self.deferred_sql.append(self._create_fk_sql(model, field, "_fk_%(to_table)s_%(to_column)s"))
        if field.db_comment:
            self.execute(*self._alter_column_comment_sql(model, field, parameters["type"], field.db_comment))
        self.deferred_sql.extend(self._field_indexes_sql(model, field))

    def _alter_field(
        self,
        model: "type[Model]",
        old_field: ModelField,
        new_field: ModelField,
        *args: Any,
        **options: Any,
    ) -> None:
        if old_field.null and not new_field.null:
            # Django would fill all rows in one transaction.
            self._fill(model, new_field, column=old_field.column)
        super()._alter_field(model, old_field, new_field, *args, **options)

    def _alter_column_null_sql(
        self, model: "type[Model]", old_field: ModelField, new_field: ModelField
    ) -> tuple[str, Sequence[Any]]:
        """Return the end of ALTER TABLE that lets the column be null, or the constraint that does not."""
        name = self._not_null_name(model, new_field)
        column = self.quote_name(new_field.column)
        if new_field.null:
            old_name = self._not_null_name(model, old_field)
            if not self.collect_sql and self._has_constraint(model, old_name):
                self.execute(self._delete_constraint_sql(self.sql_delete_check, model, old_name), None)
            return f"ALTER COLUMN {column} DROP NOT NULL", []
        template = self.sql_create_check.partition(" ADD ")[2]
        change = template % {
            "table": self.quote_name(model._meta.db_table),
            "name": self.quote_name(name),
            "check": f"{column} IS NOT NULL",
        }
        return f"ADD {change}", []

    def _constraint_names(self, model: "type[Model]", *args: Any, **kinds: Any) -> list[str]:
        # Django drops the constraints of a column when one of them changes, and does not know of these.
        return [name for name in super()._constraint_names(model, *args, **kinds) if not name.endswith(_NOT_NULL)]

    def _add_not_null(self, model: "type[Model]", field: ModelField) -> None:
        check = f"{self.quote_name(field.column)} IS NOT NULL"
        self.execute(self._create_check_sql(model, self._not_null_name(model, field), check), None)

    def _not_null_name(self, model: "type[Model]", field: ModelField) -> str:
        return self._create_index_name(model._meta.db_table, [field.column], suffix=_NOT_NULL)

    def _has_constraint(self, model: "type[Model]", name: str) -> bool:
        def run() -> bool:
            with self.connection.cursor() as cursor:
                cursor.execute(_HAS_CONSTRAINT, [name, self.quote_name(model._meta.db_table)])
                return cursor.fetchone() is not None

        return repeated(run, using=self.connection.alias)

    def _alter_column(self, model: "type[Model]", changes: str, parameters: Sequence[Any]) -> None:
        table = self.quote_name(model._meta.db_table)
        self.execute(self.sql_alter_column % {"table": table, "changes": changes}, parameters)

    def _fill(self, model: "type[Model]", field: ModelField, column: str | None = None) -> None:
        """Set the default in the rows whose column is null; a default of the database that yields NULL sets nothing."""
        parameters: Sequence[Any]
        condition = ""
        if field.has_db_default():
            default, parameters = self.db_default_sql(field)
            # Rows that got NULL would be found again, for ever.
            condition = f" AND ({default}) IS NOT NULL"
            parameters = [*parameters, *parameters]
        else:
            value = self.effective_default(field)
            if value is None:
                return
            default, parameters = self._column_default_sql(field), [value]
        quoted = self.quote_name(column or field.column)
        table = self.quote_name(model._meta.db_table)
        key_fields: list[ModelField] = list(model._meta.pk_fields)
        keys = ", ".join(self.quote_name(key.column) for key in key_fields)
        statement = (
            f"UPDATE {table} SET {quoted} = {default} "  # noqa: S608  (quoted identifiers)
            f"WHERE ({keys}) IN (SELECT {keys} FROM {table} WHERE {quoted} IS NULL{condition} LIMIT {_BATCH})"
        )
        if self.collect_sql:
            self.execute(statement, parameters)
            return
        while self._changed_rows(statement, parameters):
            pass

    def _changed_rows(self, statement: str, parameters: Sequence[Any]) -> int:
        """Change the rows in a transaction of the statement's own, which is repeated after a conflict."""

        def run() -> int:
            with self.connection.cursor() as cursor:
                cursor.execute(statement, parameters)
                return int(cursor.rowcount)

        return repeated(run, using=self.connection.alias)
